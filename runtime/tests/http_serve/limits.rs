//! How many connections at a time.

use std::cell::Cell;
use std::rc::Rc;

use asyncio::Event;
use asyncio::http::web::Request;

use crate::client::{Client, hello, serve};
use crate::support::turns;

#[asyncio::test]
async fn a_connection_beyond_the_limit_waits_until_another_is_over() {
    let (calls, go_on) = (Rc::new(Cell::new(0)), Rc::new(Event::new()));
    let (counted, waiting) = (calls.clone(), go_on.clone());
    let server = serve(async move |_: Request| {
        counted.set(counted.get() + 1);
        waiting.wait().await;
        "done"
    });
    let server = server.max_connections(2).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(Client::sending(&server, request).await);
    }
    while calls.get() < 2 {
        turns(1).await;
    }
    // Whoever else could come in would have by the end of a few exchanges with another server.
    let other = serve(hello).await.unwrap();
    let mut elsewhere = Client::connect(&other).await;
    for _ in 0..5 {
        assert_eq!(elsewhere.get("/").await.text(), "Hello");
    }
    assert_eq!(calls.get(), 2);
    go_on.set();
    for mut client in clients {
        assert_eq!(client.answer().await.text(), "done");
    }
    assert_eq!(calls.get(), 3);
}
