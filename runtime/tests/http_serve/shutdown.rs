//! How a server ends.

use std::time::Duration;

use asyncio::http::web::Request;
use asyncio::{Event, with_cleanup};
use std::rc::Rc;

use crate::client::{Client, hello, serve};
use crate::support::{Log, turns};

const LONG: Duration = Duration::from_secs(600);

#[asyncio::test]
async fn a_request_in_flight_is_answered_and_an_idle_connection_closed_at_once() {
    let (begun, go_on) = (Rc::new(Event::new()), Rc::new(Event::new()));
    let (telling, waiting) = (begun.clone(), go_on.clone());
    let server = serve(async move |request: Request| {
        if request.path() == "/slow" {
            telling.set();
            waiting.wait().await;
        }
        "done"
    });
    let server = server.keep_alive_timeout(LONG).header_timeout(LONG).await.unwrap();
    let mut idle = Client::connect(&server).await;
    assert_eq!(idle.get("/").await.text(), "done");
    let mut silent = Client::connect(&server).await;
    let request = "GET /slow HTTP/1.1\r\nHost: here\r\n\r\n";
    let mut busy = Client::sending(&server, request).await;
    begun.wait().await;

    server.close();
    server.close_clients();
    assert!(idle.is_closed().await);
    assert!(silent.is_closed().await);
    assert!(asyncio::open_connection(&*busy_address(&busy)).await.is_err());
    go_on.set();
    let answer = busy.answer().await;
    assert_eq!((answer.text(), answer.header("connection")), ("done", Some("close")));
    assert!(busy.is_closed().await);
    server.wait_closed().await;
}

fn busy_address(client: &Client) -> Vec<std::net::SocketAddr> {
    vec![client.writer.peer_addr().unwrap()]
}

#[asyncio::test]
async fn a_handler_that_takes_too_long_is_cancelled_and_may_clean_up() {
    let log = Log::new();
    let (begun, handler_log) = (Rc::new(Event::new()), log.clone());
    let telling = begun.clone();
    let server = serve(async move |_: Request| {
        telling.set();
        with_cleanup(std::future::pending::<()>(), async {
            turns(2).await;
            handler_log.push("cleaned up");
        })
        .await;
    });
    let server = server.shutdown_timeout(Duration::from_millis(30)).await.unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
    begun.wait().await;
    server.close();
    server.close_clients();
    server.wait_closed().await;
    assert!(client.is_closed().await);
    assert_eq!(log.take(), "cleaned up");
}

#[asyncio::test]
async fn serving_that_is_cancelled_shuts_down_and_waits() {
    let (begun, go_on) = (Rc::new(Event::new()), Rc::new(Event::new()));
    let (telling, waiting) = (begun.clone(), go_on.clone());
    let server = serve(async move |_: Request| {
        telling.set();
        waiting.wait().await;
        "done"
    });
    let server = server.await.unwrap();
    let serving = asyncio::create_task({
        let server = server.clone();
        async move { server.serve_forever().await }
    });
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
    begun.wait().await;
    serving.cancel();
    turns(5).await;
    assert!(!serving.is_done() && !server.is_serving());
    go_on.set();
    assert_eq!(client.answer().await.text(), "done");
    assert!(serving.await.unwrap_err().is_cancelled());
}

#[asyncio::test]
async fn a_server_that_aborts_its_clients_answers_nobody() {
    let log = Log::new();
    let dropped = log.clone();
    let begun = Rc::new(Event::new());
    let telling = begun.clone();
    let server = serve(async move |_: Request| {
        let _guard = dropped.on_drop("dropped");
        telling.set();
        std::future::pending::<()>().await;
    });
    let server = server.await.unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
    begun.wait().await;
    server.close();
    server.abort_clients();
    server.wait_closed().await;
    assert_eq!(log.take(), "dropped");
    assert!(client.is_closed().await);
}

#[test]
fn a_run_that_ends_ends_its_server() {
    let log = Log::new();
    let dropped = log.clone();
    asyncio::run(async move {
        let begun = Rc::new(Event::new());
        let telling = begun.clone();
        let server = serve(async move |_: Request| {
            let _guard = dropped.on_drop("dropped");
            telling.set();
            std::future::pending::<()>().await;
        });
        let server = server.await.unwrap();
        let _client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
        begun.wait().await;
    });
    assert_eq!(log.take(), "dropped");
}

#[asyncio::test]
async fn a_socket_that_is_bound_is_served_too() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let server = asyncio::http::serve(socket, hello).await.unwrap();
    assert_eq!(server.local_addrs(), [address]);
    assert_eq!(Client::connect(&server).await.get("/").await.text(), "Hello");
}

#[cfg(unix)]
#[asyncio::test]
async fn a_unix_socket_is_served_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let server =
        asyncio::http::serve(socket, async |request: Request| format!("{:?}", request.remote()));
    let server = server.await.unwrap();
    let (reader, writer) = asyncio::open_unix_connection(&path).await.unwrap();
    let mut client = Client { reader, writer };
    assert_eq!(client.get("/").await.text(), "None");
    server.close();
    assert!(!path.exists());
}
