//! The cases that connect. Python's server thread is one here, too.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::rc::Rc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use asyncio::{
    Clock, Runner, Server, StreamReader, StreamWriter, create_task, current_task, gather,
    get_running_loop, open_connection, open_unix_connection, sleep, start_server,
    start_unix_server, yield_now,
};

const REQUEST: &str = "GET / HTTP/1.0\r\n\r\n";
const ANSWER: &str = "HTTP/1.0 200 OK\r\nContent-Length: 12\r\n\r\nTest message";

/// A connection, and its other end.
pub(super) async fn connected() -> (TcpStream, StreamReader, StreamWriter) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (reader, writer) = open_connection(listener.local_addr().unwrap()).await.unwrap();
    (listener.accept().unwrap().0, reader, writer)
}

/// Reads a request and answers it.
fn answer(mut stream: impl Read + Write) {
    let mut request = vec![0; REQUEST.len()];
    stream.read_exact(&mut request).unwrap();
    stream.write_all(ANSWER.as_bytes()).unwrap();
}

/// Python's `run_test_server`, for one connection.
struct TestServer {
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    fn start(serve: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = thread::spawn(move || serve(listener.accept().unwrap().0));
        Self { address, thread: Some(thread) }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let served = self.thread.take().unwrap().join();
        assert!(served.is_ok() || thread::panicking());
    }
}

/// Runs `test` against a server that answers one request; nothing may be reported.
fn with_test_server(test: impl AsyncFnOnce(SocketAddr)) {
    let server = TestServer::start(answer);
    with_no_report(async || test(server.address).await);
}

fn with_no_report(test: impl AsyncFnOnce()) {
    asyncio::run(async {
        let messages = messages();
        test().await;
        assert_eq!(*messages.borrow(), [""; 0]);
    });
}

/// What the loop's exception handler is told from now on.
fn messages() -> Rc<RefCell<Vec<String>>> {
    let messages = Rc::new(RefCell::new(Vec::new()));
    let told = messages.clone();
    get_running_loop().unwrap().set_exception_handler(move |context| {
        told.borrow_mut().push(context.to_string());
    });
    messages
}

async fn basetest_open_connection(opened: io::Result<(StreamReader, StreamWriter)>) {
    let (mut reader, writer) = opened.unwrap();
    writer.write(REQUEST);
    assert_eq!(reader.read_line().await.unwrap(), b"HTTP/1.0 200 OK\r\n");
    assert!(reader.read_to_end().await.unwrap().ends_with(b"\r\n\r\nTest message"));
    writer.close();
}

#[test]
fn test_open_connection() {
    with_test_server(async |address| {
        basetest_open_connection(open_connection(address).await).await;
    });
}

#[test]
fn test_open_unix_connection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let thread = thread::spawn(move || answer(listener.accept().unwrap().0));
    with_no_report(async || basetest_open_connection(open_unix_connection(&path).await).await);
    thread.join().unwrap();
}

#[test]
fn test_open_connection_error() {
    with_no_report(async || {
        let (mut peer, mut reader, writer) = connected().await;
        peer.write_all(b"lost").unwrap();
        writer.write("x");
        // What it never reads makes the peer's end a reset.
        drop(peer);
        reader.read_to_end().await.unwrap_err();
        reader.read(1).await.unwrap_err();
        writer.close();
        yield_now().await;
    });
}

/// Echoes one line.
async fn handle_client(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    let data = reader.read_line().await?;
    writer.write(data);
    writer.drain().await?;
    writer.close();
    writer.wait_closed().await
}

/// A callback in the place of an async function: it makes the task itself.
fn handle_client_callback(reader: StreamReader, writer: StreamWriter) {
    create_task(async { handle_client(reader, writer).await.unwrap() }).detach();
}

/// Sends a line and reads it back.
async fn client(opened: io::Result<(StreamReader, StreamWriter)>) -> Vec<u8> {
    let (mut reader, writer) = opened.unwrap();
    writer.write("hello world!\n");
    let back = reader.read_line().await.unwrap();
    writer.close();
    writer.wait_closed().await.unwrap();
    back
}

async fn stop(server: &Server) {
    server.close();
    server.wait_closed().await;
}

#[test]
fn test_start_server() {
    with_no_report(async || {
        let here = ("127.0.0.1", 0);
        let callback = async |reader, writer| handle_client_callback(reader, writer);
        for server in [start_server(handle_client, here), start_server(callback, here)] {
            let server = server.await.unwrap();
            let address = server.local_addrs()[0];
            assert_eq!(client(open_connection(address).await).await, b"hello world!\n");
            stop(&server).await;
        }
    });
}

#[test]
fn test_start_unix_server() {
    with_no_report(async || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.sock");
        let callback = async |reader, writer| handle_client_callback(reader, writer);
        let server = start_unix_server(handle_client, &path).await.unwrap();
        assert_eq!(client(open_unix_connection(&path).await).await, b"hello world!\n");
        stop(&server).await;
        let server = start_unix_server(callback, &path).await.unwrap();
        assert_eq!(client(open_unix_connection(&path).await).await, b"hello world!\n");
        stop(&server).await;
    });
}

#[test]
fn test_read_all_from_pipe_reader() {
    asyncio::run(async {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let reader = StreamReader::from_async_read(async_io::Async::new(ours).unwrap());
        let thread = thread::spawn(move || theirs.write_all(b"data").unwrap());
        assert_eq!(reader.with_limit(1).read_to_end().await.unwrap(), b"data");
        thread.join().unwrap();
    });
}

#[test]
fn test_multiple_drain() {
    let mut runner = Runner::builder().clock(Clock::Virtual).build();
    runner.run(async {
        let (mut peer, _reader, writer) = connected().await;
        writer.set_write_buffer_limits(1, 0);
        while writer.write_buffer_size() == 0 {
            writer.write(vec![0; 65536]);
        }
        let resume = thread::spawn(move || io::copy(&mut peer, &mut io::sink()).unwrap());
        let drained = Cell::new(0);
        let drain = async || {
            writer.drain().await.unwrap();
            drained.set(drained.get() + 1);
        };
        gather((0..10).map(|_| drain())).await;
        assert_eq!(drained.get(), 10);
        writer.close();
        writer.wait_closed().await.unwrap();
        resume.join().unwrap();
    });
}

#[test]
fn test_drain_raises() {
    let server = TestServer::start(drop);
    with_no_report(async || {
        let (_reader, writer) = open_connection(server.address).await.unwrap();
        let error = loop {
            writer.write("foo\n");
            if let Err(error) = writer.drain().await {
                break error;
            }
        };
        let kinds =
            [ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted, ErrorKind::BrokenPipe];
        assert!(kinds.contains(&error.kind()), "{error}");
    });
}

#[test]
fn test_wait_closed_on_close() {
    with_test_server(async |address| {
        let (mut reader, writer) = open_connection(address).await.unwrap();
        writer.write(REQUEST);
        assert_eq!(reader.read_line().await.unwrap(), b"HTTP/1.0 200 OK\r\n");
        assert!(reader.read_to_end().await.unwrap().ends_with(b"\r\n\r\nTest message"));
        assert!(!writer.is_closing());
        writer.close();
        assert!(writer.is_closing());
        writer.wait_closed().await.unwrap();
    });
}

#[test]
fn test_wait_closed_on_close_with_unread_data() {
    with_test_server(async |address| {
        let (mut reader, writer) = open_connection(address).await.unwrap();
        writer.write(REQUEST);
        assert_eq!(reader.read_line().await.unwrap(), b"HTTP/1.0 200 OK\r\n");
        writer.close();
        writer.wait_closed().await.unwrap();
    });
}

#[test]
fn test_async_writer_api() {
    with_test_server(async |address| {
        let (mut reader, writer) = open_connection(address).await.unwrap();
        writer.write(REQUEST);
        assert_eq!(reader.read_line().await.unwrap(), b"HTTP/1.0 200 OK\r\n");
        assert!(reader.read_to_end().await.unwrap().ends_with(b"\r\n\r\nTest message"));
        writer.close();
        writer.wait_closed().await.unwrap();
    });
}

#[test]
fn test_async_writer_api_exception_after_close() {
    with_test_server(async |address| {
        let (mut reader, writer) = open_connection(address).await.unwrap();
        writer.write(REQUEST);
        assert_eq!(reader.read_line().await.unwrap(), b"HTTP/1.0 200 OK\r\n");
        assert!(reader.read_to_end().await.unwrap().ends_with(b"\r\n\r\nTest message"));
        writer.close();
        writer.write("data");
        let error = writer.drain().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn test_eof_feed_when_closing_writer() {
    let server = TestServer::start(drop);
    with_no_report(async || {
        let (mut reader, writer) = open_connection(server.address).await.unwrap();
        writer.close();
        writer.wait_closed().await.unwrap();
        assert!(reader.is_at_eof());
        assert_eq!(reader.read_to_end().await.unwrap(), b"");
    });
}

/// `start` runs a client against a server whose handler is `handler`; what was reported.
fn basetest_unhandled_exceptions<R: asyncio::Handled>(
    handler: impl AsyncFn(StreamReader, StreamWriter) -> R + 'static,
) -> Vec<String> {
    asyncio::run(async {
        let messages = messages();
        let server = start_server(handler, ("127.0.0.1", 0)).await.unwrap();
        let (mut reader, writer) = open_connection(server.local_addrs()[0]).await.unwrap();
        writer.write("test msg");
        writer.drain().await.unwrap();
        // Until the handler has ended: a server that closes leaves connections alone that it has not accepted.
        drop(reader.read_to_end().await);
        writer.close();
        drop(writer.wait_closed().await);
        stop(&server).await;
        messages.take()
    })
}

#[test]
fn test_unhandled_exceptions() {
    let panics = basetest_unhandled_exceptions(async |_, _| -> () { panic!("test") });
    assert_eq!(panics.len(), 1);
    assert!(panics[0].starts_with("Unhandled exception in client_connected_cb: task 'Task-"));
    assert!(panics[0].ends_with("panicked: test"), "{}", panics[0]);
}

/// Python 3.13 calls it so; an error that is returned is an exception, too.
#[test]
fn test_unhandled_exception() {
    let fails = async |_, _| -> io::Result<()> { Err(io::Error::other("test")) };
    let errors = basetest_unhandled_exceptions(fails);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("Unhandled exception in client_connected_cb: "));
    assert!(errors[0].ends_with(": test"), "{}", errors[0]);
}

#[test]
fn test_unhandled_cancel() {
    let reports = basetest_unhandled_exceptions(async |_, writer: StreamWriter| {
        writer.close();
        current_task().unwrap().cancel();
        sleep(Duration::from_secs(60)).await;
    });
    assert_eq!(reports, [""; 0]);
}
