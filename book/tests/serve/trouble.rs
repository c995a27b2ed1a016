//! Clients that are slow, rude or many.

use std::time::Duration;

use asyncio_book::serve::Limits;

use super::client::{Client, server, while_served};

const FILES: [(&str, &str); 1] = [("index.html", "<body>Start</body>")];

/// Longer than a busy machine keeps a client from its next line.
const PATIENCE: Duration = Duration::from_millis(500);

fn limits(connections: usize, head: Duration) -> Limits {
    Limits { connections, head }
}

#[test]
fn a_client_in_the_middle_of_a_request_holds_up_nobody() {
    while_served(server(&FILES), |address| {
        let mut slow = Client::connect(address);
        slow.send("GET / HTTP/1.1\r\nHo");
        assert_eq!(Client::connect(address).get("/").status, 200);
        slow.send("st: 127.0.0.1\r\n\r\n");
        assert_eq!(slow.answer().status, 200);
    });
}

#[test]
fn a_head_that_takes_too_long_closes_the_connection() {
    let server = server(&FILES).with_limits(limits(9, PATIENCE));
    while_served(server, |address| {
        let mut slow = Client::connect(address);
        slow.send("GET / HTTP/1.1\r\nHo");
        assert!(slow.is_closed());
    });
}

#[test]
fn a_connection_that_asks_nothing_more_is_closed() {
    let server = server(&FILES).with_limits(limits(9, PATIENCE));
    while_served(server, |address| {
        let mut client = Client::connect(address);
        assert_eq!(client.get("/").status, 200);
        assert!(client.is_closed());
    });
}

#[test]
fn who_comes_after_the_last_free_connection_waits_for_one() {
    let server = server(&FILES).with_limits(limits(1, Duration::from_secs(60)));
    while_served(server, |address| {
        let mut first = Client::connect(address);
        assert_eq!(first.get("/").status, 200);
        let mut second = Client::connect(address);
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        // Turns enough for the second one's answer, were it accepted.
        for _ in 0..5 {
            assert_eq!(first.get("/").status, 200);
        }
        assert!(!second.has_answer());
        drop(first);
        assert_eq!(second.answer().status, 200);
    });
}

#[test]
fn what_is_not_http_is_refused_and_does_no_harm() {
    while_served(server(&FILES), |address| {
        let mut rude = Client::connect(address);
        rude.send("\u{1}\r\n\r\n");
        assert_eq!(rude.answer().status, 400);
        assert_eq!(Client::connect(address).get("/").status, 200);
    });
}

#[test]
fn a_connection_that_breaks_off_does_no_harm() {
    while_served(server(&FILES), |address| {
        for _ in 0..10 {
            let mut client = Client::connect(address);
            // Closed with an answer unread, the system sends a reset.
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.wait_for_answer();
            drop(client);
            drop(Client::connect(address).listen());
        }
        assert_eq!(Client::connect(address).get("/").status, 200);
    });
}
