//! WebSockets over a wire in memory, on the virtual clock. Those over sockets are in
//! `tests/http_websocket.rs`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::task::Waker;

use super::*;
use crate::net::wire::Wire;
use crate::streams;
use crate::task::table;
use crate::{Clock, Runner, create_task, gather, yield_now};

const SECOND: Duration = Duration::from_secs(1);

/// One end of a pair of wires in memory.
struct Pipe {
    incoming: Rc<Way>,
    outgoing: Rc<Way>,
}

struct Way {
    bytes: RefCell<VecDeque<u8>>,
    is_ended: Cell<bool>,
    /// How many bytes may lie in it.
    room: Cell<usize>,
    reader: RefCell<Option<Waker>>,
    writer: RefCell<Option<Waker>>,
}

impl Way {
    fn new() -> Rc<Self> {
        Rc::new(Self {
            bytes: RefCell::default(),
            is_ended: Cell::new(false),
            room: Cell::new(usize::MAX),
            reader: RefCell::default(),
            writer: RefCell::default(),
        })
    }

    fn wake(&self) {
        let reader = self.reader.take();
        reader.into_iter().chain(self.writer.take()).for_each(Waker::wake);
    }

    fn end(&self) {
        self.is_ended.set(true);
        self.wake();
    }
}

fn pipe() -> (Rc<Pipe>, Rc<Pipe>) {
    let (there, back) = (Way::new(), Way::new());
    let near = Pipe { incoming: back.clone(), outgoing: there.clone() };
    (Rc::new(near), Rc::new(Pipe { incoming: there, outgoing: back }))
}

impl Wire for Pipe {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let way = &self.incoming;
        if way.bytes.borrow().is_empty() && !way.is_ended.get() {
            way.reader.replace(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        let length = io::Read::read(&mut *way.bytes.borrow_mut(), buffer);
        way.wake();
        Poll::Ready(length)
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let way = &self.outgoing;
        if way.is_ended.get() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = way.room.get().saturating_sub(way.bytes.borrow().len()).min(bytes.len());
        if room == 0 && !bytes.is_empty() {
            way.writer.replace(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        way.bytes.borrow_mut().extend(&bytes[..room]);
        way.wake();
        Poll::Ready(Ok(room))
    }

    fn poll_shutdown(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.end();
        Poll::Ready(Ok(()))
    }

    fn close(&self) {
        self.outgoing.end();
        self.incoming.end();
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let test = async { crate::timeout(1000 * SECOND, test).await.expect("it comes to an end") };
    Runner::builder().clock(Clock::Virtual).build().run(test)
}

fn limit(longest_message: usize) -> Settings {
    Settings { longest_message: Some(longest_message), ..Settings::default() }
}

async fn over(wire: Rc<Pipe>, role: Role, settings: Settings) -> WebSocket {
    let tasks = table::running().unwrap();
    let streams = streams::pair(&tasks, wire, 64 * 1024, std::panic::Location::caller());
    WebSocket::new(streams, role, settings, None).await
}

async fn client(wire: Rc<Pipe>, settings: Settings) -> WebSocket {
    over(wire, Role::Client, settings).await
}

async fn server(wire: Rc<Pipe>, settings: Settings) -> WebSocket {
    over(wire, Role::Server, settings).await
}

async fn pair() -> (WebSocket, WebSocket) {
    let (near, far) = pipe();
    (client(near, Settings::default()).await, server(far, Settings::default()).await)
}

async fn text_of(socket: &mut WebSocket) -> String {
    match socket.receive().await.unwrap() {
        Some(Message::Text(text)) => text,
        other => panic!("this is no text: {other:?}"),
    }
}

/// Writes bytes as a peer would who doesn't care for the protocol.
async fn write(wire: &Pipe, bytes: &[u8]) {
    let written = poll_fn(|cx| wire.poll_write(cx, bytes)).await.unwrap();
    assert_eq!(written, bytes.len());
}

/// What is there, up to the end or to a pause.
fn written_to(wire: &Pipe) -> Vec<u8> {
    wire.incoming.bytes.borrow_mut().drain(..).collect()
}

/// What a client makes of these bytes of the server's, and what it answers.
fn client_given(
    bytes: &[u8],
    settings: Settings,
) -> (Result<Option<Message>, WebSocketError>, Vec<u8>) {
    run(async {
        let (near, far) = pipe();
        let mut socket = client(near, settings).await;
        write(&far, bytes).await;
        let outcome = socket.receive().await;
        assert!(socket.is_closed() || outcome.is_ok());
        (outcome, written_to(&far))
    })
}

/// What a server makes of these bytes of the client's, and what it answers.
fn server_given(
    bytes: &[u8],
    settings: Settings,
) -> (Result<Option<Message>, WebSocketError>, Vec<u8>) {
    run(async {
        let (near, far) = pipe();
        let mut socket = server(near, settings).await;
        write(&far, bytes).await;
        let outcome = socket.receive().await;
        (outcome, written_to(&far))
    })
}

/// Asserts that a server takes these bytes for `kind` and tells the client `code`.
#[track_caller]
fn server_refuses(bytes: &[u8], settings: Settings, kind: WebSocketErrorKind, code: u16) -> String {
    let (outcome, answer) = server_given(bytes, settings);
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let [high, low] = code.to_be_bytes();
    assert_eq!(answer, [0x88, 2, high, low], "a close frame");
    error.to_string()
}

/// A frame of a client's, masked with zeros so that it reads as it is.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126).unwrap();
    [&[first, 0x80 | length, 0, 0, 0, 0][..], payload].concat()
}

#[test]
fn what_one_end_sends_the_other_receives() {
    run(async {
        let (mut client, mut server) = pair().await;
        client.send_text("grüße").await.unwrap();
        assert_eq!(text_of(&mut server).await, "grüße");
        server.send_binary(vec![0, 159]).await.unwrap();
        let received = client.receive().await.unwrap();
        assert_eq!(received, Some(Message::Binary(Bytes::from_static(&[0, 159]))));
    });
}

#[test]
fn a_message_in_fragments_is_put_together_around_a_ping() {
    let fragments = [masked(0x01, b"one "), masked(0x89, b"?"), masked(0x80, b"two")].concat();
    let (outcome, answer) = server_given(&fragments, Settings::default());
    assert_eq!(outcome.unwrap(), Some(Message::Text("one two".to_owned())));
    assert_eq!(answer, [0x8a, 1, b'?'], "a pong");
}

#[test]
fn both_ends_agree_on_the_end() {
    run(async {
        let (mut client, mut server) = pair().await;
        let answering = async {
            assert_eq!(server.receive().await.unwrap(), None);
            assert_eq!((server.close_code(), server.close_reason()), (Some(4001), "lunch"));
            assert!(server.is_closed());
            assert_eq!(server.receive().await.unwrap(), None, "and again");
        };
        let (closed, ()) = gather!(client.close(4001, "lunch"), answering).await;
        closed.unwrap();
        assert_eq!(client.close_code(), Some(4001));
        client.close(1000, "").await.expect("closing twice is fine");
    });
}

#[test]
fn after_a_close_nothing_can_be_sent() {
    run(async {
        let (client, mut server) = pair().await;
        client.sender().close(1000, "").await.unwrap();
        let error = client.send_text("late").await.unwrap_err();
        assert_eq!(error.kind(), WebSocketErrorKind::Closed);
        assert_eq!(error.to_string(), "the WebSocket is closed: what was to be sent has not been");
        assert_eq!(server.receive().await.unwrap(), None);
        let error = server.send_text("late").await.unwrap_err();
        assert_eq!(error.kind(), WebSocketErrorKind::Closed);
    });
}

#[test]
fn what_was_sent_before_the_close_still_comes() {
    run(async {
        let (mut client, mut server) = pair().await;
        client.sender().close(1000, "").await.unwrap();
        // On its way when the client's close was.
        server.send_text("last").await.unwrap();
        let answering = create_task(async move { server.receive().await });
        assert_eq!(text_of(&mut client).await, "last");
        assert_eq!(client.receive().await.unwrap(), None);
        assert_eq!(answering.await.unwrap().unwrap(), None);
    });
}

#[test]
fn a_peer_who_never_closes_in_return_is_left_after_ten_seconds() {
    run(async {
        let (near, far) = pipe();
        let mut socket = client(near, Settings::default()).await;
        let start = now();
        let error = socket.close(1000, "").await.unwrap_err();
        assert_eq!(error.kind(), WebSocketErrorKind::Silent);
        assert_eq!(error.to_string(), "the peer has not closed in return within 10s");
        assert_eq!(now() - start, TIME_TO_CLOSE);
        yield_now().await;
        assert!(far.incoming.is_ended.get(), "the connection is closed");
    });
}

#[test]
fn a_server_that_keeps_the_connection_after_its_close_is_left_too() {
    run(async {
        let (near, far) = pipe();
        let mut socket = client(near, Settings::default()).await;
        write(&far, &[0x88, 2, 0x03, 0xe8]).await;
        let start = now();
        assert_eq!(socket.receive().await.unwrap(), None);
        assert_eq!((socket.close_code(), now() - start), (Some(1000), TIME_TO_LISTEN));
    });
}

#[test]
fn a_dropped_websocket_says_that_it_goes_and_its_senders_see_it() {
    run(async {
        let (client, mut server) = pair().await;
        let sender = client.sender();
        drop(client);
        assert_eq!(server.receive().await.unwrap(), None);
        assert_eq!(server.close_code(), Some(1001));
        sender.send_text("late").await.unwrap_err();
    });
}

#[test]
fn a_sender_that_waits_for_room_is_told_when_the_websocket_is_dropped() {
    run(async {
        let (near, _far) = pipe();
        near.outgoing.room.set(10);
        let socket = client(near, Settings::default()).await;
        let sender = socket.sender();
        let sending = create_task(async move { sender.send_text("x".repeat(100)).await });
        yield_now().await;
        drop(socket);
        assert_eq!(sending.await.unwrap().unwrap_err().kind(), WebSocketErrorKind::Lost);
    });
}

#[test]
fn a_peer_that_is_gone_in_the_middle_is_lost() {
    let check = |bytes: &'static [u8]| {
        run(async {
            let (near, far) = pipe();
            let mut socket = client(near, Settings::default()).await;
            write(&far, bytes).await;
            far.close();
            let error = socket.receive().await.unwrap_err();
            assert_eq!(error.kind(), WebSocketErrorKind::Lost);
            assert_eq!(
                error.to_string(),
                "the peer has closed the connection without closing the WebSocket"
            );
            assert_eq!(socket.close_code(), Some(1006));
            assert_eq!(socket.receive().await.unwrap(), None, "an error comes once");
        });
    };
    check(&[]);
    // Half a header, half a payload, half a message.
    check(&[0x81]);
    check(&[0x81, 5, b'h', b'e']);
    check(&[0x01, 2, b'h', b'e']);
}

#[test]
fn nothing_is_lost_when_a_receive_is_dropped_in_the_middle_of_a_message() {
    run(async {
        let (near, far) = pipe();
        let mut socket = client(near, Settings::default()).await;
        write(&far, &[0x01, 2, b'h', b'e', 0x80, 3, b'l']).await;
        crate::timeout(SECOND, socket.receive()).await.unwrap_err();
        write(&far, b"lo").await;
        assert_eq!(text_of(&mut socket).await, "hello");
    });
}

#[test]
fn a_send_that_is_dropped_leaves_no_half_message() {
    run(async {
        let (near, far) = pipe();
        near.outgoing.room.set(10);
        let client = client(near.clone(), Settings::default()).await;
        let mut server = server(far, Settings::default()).await;
        crate::timeout(SECOND, client.send_text("x".repeat(100))).await.unwrap_err();
        near.outgoing.room.set(usize::MAX);
        near.outgoing.wake();
        client.send_text("next").await.unwrap();
        assert_eq!(text_of(&mut server).await, "x".repeat(100));
        assert_eq!(text_of(&mut server).await, "next");
    });
}

#[test]
fn messages_of_several_tasks_come_whole_and_in_order() {
    run(async {
        let (near, far) = pipe();
        near.outgoing.room.set(16);
        let (client, mut server) =
            (client(near, Settings::default()).await, server(far, Settings::default()).await);
        for letter in ["a", "b", "c"] {
            let sender = client.sender();
            create_task(async move { sender.send_text(letter.repeat(100)).await }).detach();
        }
        for letter in ["a", "b", "c"] {
            assert_eq!(text_of(&mut server).await, letter.repeat(100));
        }
    });
}

#[test]
fn a_message_over_the_limit_is_refused_before_it_has_come() {
    let said = server_refuses(
        &[0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4],
        limit(1000),
        WebSocketErrorKind::TooLarge,
        1009,
    );
    assert_eq!(said, "the peer sent a message of 1048576 bytes or more: the limit is 1000");
    // The length of which the first bit must not be set.
    let absurd = [0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4];
    server_refuses(&absurd, limit(1000), WebSocketErrorKind::TooLarge, 1009);
}

#[test]
fn fragments_count_together() {
    let fragments = [masked(0x02, &[0; 100]), masked(0x00, &[0; 100])].concat();
    server_refuses(&fragments, limit(150), WebSocketErrorKind::TooLarge, 1009);
}

#[test]
fn a_message_of_the_limits_size_is_taken() {
    let (outcome, _) = server_given(&masked(0x82, &[7; 100]), limit(100));
    assert_eq!(outcome.unwrap(), Some(Message::Binary(vec![7; 100].into())));
}

#[test]
fn fragments_of_nothing_come_to_an_end_and_leave_others_their_turns() {
    run(async {
        let (near, far) = pipe();
        let mut socket = server(near, limit(1000)).await;
        write(&far, &masked(0x01, b"")).await;
        let pause = create_task(async {
            yield_now().await;
            now()
        });
        write(&far, &masked(0x00, b"").repeat(20_000)).await;
        let error = socket.receive().await.unwrap_err();
        assert_eq!(error.kind(), WebSocketErrorKind::TooLarge);
        assert_eq!(error.to_string(), "the peer sends one message in fragments without an end");
        assert!(pause.is_done(), "another task had its turn meanwhile");
    });
}

#[test]
fn a_text_that_is_not_utf_8_is_refused() {
    let said = server_refuses(
        &masked(0x81, &[0xff]),
        Settings::default(),
        WebSocketErrorKind::InvalidText,
        1007,
    );
    assert_eq!(said, "the peer sent a text that is not UTF-8");
    let cut_short = masked(0x81, "ä".as_bytes().split_last().unwrap().1);
    server_refuses(&cut_short, Settings::default(), WebSocketErrorKind::InvalidText, 1007);
}

#[test]
fn frames_against_the_protocol_are_refused() {
    let refused = |bytes: &[u8]| {
        server_refuses(bytes, Settings::default(), WebSocketErrorKind::Protocol, 1002)
    };
    assert_eq!(
        refused(&[0x81, 2, b'h', b'i']),
        "the peer doesn't keep to the WebSocket protocol: Received an unmasked frame from client"
    );
    refused(&masked(0x80, b"continues nothing"));
    refused(&masked(0x83, b"a kind of data nobody knows"));
    refused(&masked(0x8b, b"a kind of control nobody knows"));
    refused(&masked(0xc1, b"a bit that is reserved"));
    refused(&masked(0x09, b"a ping in fragments"));
    refused(&[masked(0x01, b"one"), masked(0x01, b"two")].concat());
    refused(&masked(0x88, &[1]));
}

#[test]
fn a_mask_of_the_servers_is_refused() {
    let (outcome, answer) = client_given(&masked(0x81, b"hi"), Settings::default());
    assert_eq!(outcome.unwrap_err().kind(), WebSocketErrorKind::Protocol);
    assert_eq!(answer[..2], [0x88, 0x82], "a close frame, masked");
}

#[test]
fn a_heartbeat_pings_after_a_silence_and_again() {
    run(async {
        let (near, far) = pipe();
        let settings = Settings { heartbeat: Some(4 * SECOND), ..Settings::default() };
        let mut beating = client(near, settings).await;
        let mut answering = server(far, Settings::default()).await;
        let start = now();
        let sender = answering.sender();
        let answers = create_task(async move { answering.receive().await });
        crate::timeout(60 * SECOND, beating.receive()).await.expect_err("nobody is silent");
        assert_eq!(now() - start, 60 * SECOND);
        sender.send_text("still there").await.unwrap();
        assert_eq!(text_of(&mut beating).await, "still there");
        answers.cancel();
    });
}

#[test]
fn a_peer_that_answers_no_heartbeat_is_left() {
    run(async {
        let (near, far) = pipe();
        let settings = Settings { heartbeat: Some(4 * SECOND), ..Settings::default() };
        let mut socket = server(near, settings).await;
        let start = now();
        let error = socket.receive().await.unwrap_err();
        assert_eq!(error.kind(), WebSocketErrorKind::Silent);
        assert_eq!(error.to_string(), "the peer has not answered a ping within 2s: it is gone");
        assert_eq!(now() - start, 6 * SECOND);
        assert_eq!(written_to(&far), [0x89, 0], "one ping");
    });
}

#[test]
fn what_cannot_be_sent_is_said_before_anything_is() {
    run(async {
        let (mut client, mut server) = pair().await;
        for (outcome, text) in [
            (client.ping(vec![0; 126]).await, "a ping of 126 bytes can't be sent: 125 is the most"),
            (
                client.close(1005, "").await,
                "1005 can't be sent as a close code: 1000 is the normal end, 4000 to 4999 are free",
            ),
            (
                client.close(1000, &"x".repeat(124)).await,
                "a close reason of 124 bytes can't be sent: 123 is the most",
            ),
        ] {
            let error = outcome.unwrap_err();
            assert_eq!((error.kind(), &*error.to_string()), (WebSocketErrorKind::Unsendable, text));
        }
        client.send_text("still open").await.unwrap();
        assert_eq!(text_of(&mut server).await, "still open");
    });
}

mod handshakes {
    use super::super::handshake::{accept, ask};
    use hyper::header::{HeaderMap, SEC_WEBSOCKET_ACCEPT};
    use hyper::{Method, StatusCode, Version};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn agreed(asked: &[&str], offered: &[&str]) -> Result<Option<String>, String> {
        let mut request = HeaderMap::new();
        let asked = ask(&mut request, &words(asked))?;
        let (answer, chosen) =
            accept(&Method::GET, Version::HTTP_11, &request, &words(offered)).unwrap();
        let checked = asked.check(StatusCode::SWITCHING_PROTOCOLS, &answer)?;
        assert_eq!(checked, chosen);
        Ok(checked)
    }

    #[test]
    fn both_ends_agree_on_a_subprotocol_that_both_have() {
        assert_eq!(agreed(&[], &["chat"]), Ok(None));
        assert_eq!(agreed(&["soap"], &["chat"]), Ok(None));
        assert_eq!(agreed(&["soap", "chat", "mail"], &["mail", "chat"]), Ok(Some("chat".into())));
        agreed(&["two words"], &[]).unwrap_err();
    }

    #[test]
    fn a_client_takes_no_answer_but_the_right_one() {
        let mut request = HeaderMap::new();
        let asked = ask(&mut request, &[]).unwrap();
        let (answer, _) = accept(&Method::GET, Version::HTTP_11, &request, &[]).unwrap();
        let switching = StatusCode::SWITCHING_PROTOCOLS;
        assert_eq!(
            asked.check(StatusCode::OK, &answer).unwrap_err(),
            "the server opens no WebSocket there: it answered 200 OK instead of 101"
        );
        let without = |name: &str| {
            let mut answer = answer.clone();
            answer.remove(name);
            asked.check(switching, &answer).unwrap_err()
        };
        without("upgrade");
        without("connection");
        without("sec-websocket-accept");
        let mut other_key = answer.clone();
        other_key.insert(SEC_WEBSOCKET_ACCEPT, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse().unwrap());
        asked.check(switching, &other_key).unwrap_err();
        let mut unasked = answer.clone();
        unasked.insert("sec-websocket-protocol", "chat".parse().unwrap());
        asked.check(switching, &unasked).unwrap_err();
    }

    #[test]
    fn a_server_takes_no_request_but_the_right_one() {
        let mut request = HeaderMap::new();
        ask(&mut request, &[]).unwrap();
        let status = |method: &Method, version, change: &[(&'static str, &str)]| {
            let mut request = request.clone();
            for (name, value) in change {
                request.insert(*name, value.parse().unwrap());
            }
            accept(method, version, &request, &[]).map_err(|(status, _)| status.as_u16()).err()
        };
        let get = |change: &[_]| status(&Method::GET, Version::HTTP_11, change);
        assert_eq!(get(&[]), None);
        assert_eq!(get(&[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")]), None);
        assert_eq!(status(&Method::POST, Version::HTTP_11, &[]), Some(400));
        assert_eq!(status(&Method::GET, Version::HTTP_10, &[]), Some(400));
        assert_eq!(get(&[("upgrade", "h2c")]), Some(426));
        assert_eq!(get(&[("connection", "close")]), Some(426));
        assert_eq!(get(&[("sec-websocket-version", "8")]), Some(426));
        assert_eq!(get(&[("sec-websocket-key", "short")]), Some(400));
    }
}
