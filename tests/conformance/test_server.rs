//! `test_server.py`, of Python 3.13.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;

use asyncio::{
    Event, Server, StreamReader, StreamWriter, TaskRef, create_task, open_connection, start_server,
    to_thread, yield_now,
};

use crate::net_support::*;
use crate::support::panic_of;

/// Python's `serve`: reads to the end, and closes.
async fn serve(mut reader: StreamReader, writer: StreamWriter) {
    drop(reader.read_to_end().await);
    writer.close();
    drop(writer.wait_closed().await);
}

/// A server, and what is set when it has accepted a connection.
async fn server_that_tells() -> (Server, Rc<Event>) {
    let accepted = Rc::new(Event::new());
    let tell = accepted.clone();
    let handler = async move |reader, writer| {
        tell.set();
        serve(reader, writer).await;
    };
    (start_server(handler, HERE).await.unwrap(), accepted)
}

const HELLO_MSG: [u8; 5 * 1024 + 1] = {
    let mut message = [b'1'; 5 * 1024 + 1];
    message[5 * 1024] = b'\n';
    message
};

/// Python's `serve` of `test_start_server_1`, which ends the main task.
async fn answer_and_cancel(
    mut reader: StreamReader,
    writer: StreamWriter,
    main_task: &RefCell<Option<TaskRef>>,
) {
    assert!(reader.read_line().await.unwrap() == HELLO_MSG);
    main_task.borrow().as_ref().unwrap().cancel();
    writer.write("1");
    writer.close();
    drop(writer.wait_closed().await);
}

/// The client of a thread.
fn converse(mut socket: impl Read + Write) {
    socket.write_all(&HELLO_MSG).unwrap();
    assert_eq!(receive(&mut socket, 1), b"1");
}

/// A server that is served by a task until that is cancelled. What it looks like then.
async fn serve_until_cancelled(
    server: Server,
    main_task: Rc<RefCell<Option<TaskRef>>>,
    client: impl FnOnce() + Send + 'static,
) {
    let same = server.clone();
    let started = Rc::new(Event::new());
    let tell = started.clone();
    let main = create_task(async move {
        assert!(!same.is_serving());
        same.start_serving().unwrap();
        assert!(same.is_serving());
        tell.set();
        same.serve_forever().await
    });
    main_task.replace(Some(TaskRef::clone(&main)));
    let client = async {
        started.wait().await;
        to_thread(client).await;
    };
    let (ended, ()) = asyncio::gather!(main, client).await;
    assert!(ended.unwrap_err().is_cancelled());
    assert!(server.local_addrs().is_empty());
    assert!(!server.is_serving());
}

fn serving_a_closed_one_panics(server: &Server) -> String {
    let server = server.clone();
    let event_loop = asyncio::new_event_loop();
    panic_of(move || event_loop.run_until_complete(server.serve_forever()))
}

#[test]
fn test_start_server_1() {
    let server = run(async |_| {
        let main_task = Rc::new(RefCell::new(None));
        let task = main_task.clone();
        let handler = async move |reader, writer| answer_and_cancel(reader, writer, &task).await;
        let server = start_server(handler, HERE).start_serving(false).await.unwrap();
        assert!(!server.is_serving());
        let address = server.local_addrs()[0];
        let client = move || converse(TcpStream::connect(address).unwrap());
        serve_until_cancelled(server.clone(), main_task, client).await;
        server
    });
    let text = serving_a_closed_one_panics(&server);
    assert!(text.contains("is closed"), "{text}");
}

#[test]
fn test_wait_closed_basic() {
    run(async |_| {
        let (server, accepted) = server_that_tells().await;
        let wait_closed = || {
            let server = server.clone();
            create_task(async move { server.wait_closed().await })
        };
        // No client, not closed: it waits.
        let task1 = wait_closed();
        yield_now().await;
        assert!(!task1.is_done());
        // A client, not closed: it waits.
        let (_reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        let task2 = wait_closed();
        accepted.wait().await;
        assert!(!task1.is_done() && !task2.is_done());
        server.close();
        yield_now().await;
        // A client, closed: it waits.
        let task3 = wait_closed();
        yield_now().await;
        assert!(!task1.is_done() && !task2.is_done() && !task3.is_done());
        writer.close();
        writer.wait_closed().await.unwrap();
        // No client, closed: it goes on.
        for task in [task1, task2, task3] {
            task.await.unwrap();
        }
        server.wait_closed().await;
    });
}

#[test]
fn test_wait_closed_race() {
    run(async |event_loop| {
        let server = start_server(serve, HERE).await.unwrap();
        let waiting = server.clone();
        let task = create_task(async move { waiting.wait_closed().await });
        yield_now().await;
        assert!(!task.is_done());
        let (_reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        let closing = server.clone();
        event_loop.call_soon(move || closing.close());
        event_loop.call_soon(move || writer.close());
        server.wait_closed().await;
        task.await.unwrap();
    });
}

#[test]
fn test_close_clients() {
    run(async |_| {
        let (server, accepted) = server_that_tells().await;
        let (_reader, _writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        accepted.wait().await;
        let waiting = server.clone();
        let task = create_task(async move { waiting.wait_closed().await });
        yield_now().await;
        assert!(!task.is_done());
        server.close();
        server.close_clients();
        task.await.unwrap();
    });
}

#[test]
fn test_abort_clients() {
    run(async |event_loop| {
        let future = event_loop.create_future();
        let connected = future.clone();
        let handler = async move |_reader, writer: StreamWriter| {
            let writer = Rc::new(writer);
            connected.set_result(writer.clone()).unwrap();
            drop(writer.wait_closed().await);
        };
        let server = start_server(handler, HERE).await.unwrap();
        let (_c_reader, _c_writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        let s_writer: Rc<StreamWriter> = future.await.unwrap();
        // The client reads nothing, so the kernel takes no more in the end.
        while s_writer.write_buffer_size() == 0 {
            s_writer.write(vec![b'a'; 64 * 1024]);
        }
        let waiting = server.clone();
        let task = create_task(async move { waiting.wait_closed().await });
        yield_now().await;
        assert!(!task.is_done());
        server.close();
        server.close_clients();
        yield_now().await;
        assert!(!task.is_done(), "what is buffered can't be sent");
        server.abort_clients();
        task.await.unwrap();
    });
}

#[cfg(unix)]
mod unix {
    use std::os::unix::net::{UnixListener, UnixStream};

    use asyncio::start_unix_server;

    use super::*;

    #[test]
    fn test_start_unix_server_1() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let server = run(async |_| {
            let main_task = Rc::new(RefCell::new(None));
            let task = main_task.clone();
            let handler =
                async move |reader, writer| answer_and_cancel(reader, writer, &task).await;
            let server = start_unix_server(handler, &path).start_serving(false).await.unwrap();
            let client = move || converse(UnixStream::connect(path).unwrap());
            serve_until_cancelled(server.clone(), main_task, client).await;
            server
        });
        let text = serving_a_closed_one_panics(&server);
        assert!(text.contains("is closed"), "{text}");
    }

    #[test]
    fn test_unix_server_addr_cleanup() {
        run(async |_| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("socket");
            let server = start_unix_server(serve, &path).await.unwrap();
            assert!(path.exists());
            server.close();
            assert!(!path.exists());
        });
    }

    #[test]
    fn test_unix_server_cleanup_gone() {
        run(async |_| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("socket");
            let server = start_unix_server(serve, &path).await.unwrap();
            std::fs::remove_file(&path).unwrap();
            server.close();
        });
    }

    #[test]
    fn test_unix_server_cleanup_replaced() {
        run(async |_| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("socket");
            let server = start_unix_server(serve, &path).await.unwrap();
            std::fs::remove_file(&path).unwrap();
            let _other = UnixListener::bind(&path).unwrap();
            server.close();
            assert!(path.exists());
        });
    }

    #[test]
    fn test_unix_server_cleanup_prevented() {
        run(async |_| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("socket");
            let serving = start_unix_server(serve, &path).cleanup_socket(false);
            serving.await.unwrap().close();
            assert!(path.exists());
        });
    }
}
