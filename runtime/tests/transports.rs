//! Transports and protocols where it hurts: protocols that panic, peers that never read, handles that are
//! dropped, and any order of calls.
#![cfg(unix)]

#[allow(dead_code, reason = "other tests use more of it")]
mod child;
mod support;

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{
    Clock, DatagramProtocol, DatagramTransport, Protocol, Runner, Transport, create_task, sleep,
    yield_now,
};
use child::{Child, run_as_child};
use proptest::prelude::*;
use support::{Log, running_loop};

/// Notes what it is told, and panics in one method.
#[derive(Default)]
struct Touchy {
    fails_in: Cell<&'static str>,
    calls: RefCell<Vec<&'static str>>,
    transport: RefCell<Option<Transport>>,
    errors: RefCell<Vec<Option<ErrorKind>>>,
    received: RefCell<Vec<u8>>,
}

impl Touchy {
    fn failing_in(method: &'static str) -> Self {
        Self { fails_in: Cell::new(method), ..Self::default() }
    }

    fn note(&self, method: &'static str) {
        self.calls.borrow_mut().push(method);
        assert!(self.fails_in.get() != method, "touchy");
    }

    fn is_lost(&self) -> bool {
        self.calls.borrow().last() == Some(&"connection_lost")
    }
}

impl Protocol for Touchy {
    fn connection_made(&self, transport: Transport) {
        self.transport.replace(Some(transport));
        self.note("connection_made");
    }

    fn data_received(&self, data: &[u8]) {
        self.received.borrow_mut().extend_from_slice(data);
        self.note("data_received");
    }

    fn eof_received(&self) -> bool {
        self.note("eof_received");
        true
    }

    fn connection_lost(&self, error: Option<io::Error>) {
        self.errors.borrow_mut().push(error.map(|error| error.kind()));
        self.note("connection_lost");
    }

    fn pause_writing(&self) {
        self.note("pause_writing");
    }

    fn resume_writing(&self) {
        self.note("resume_writing");
    }
}

/// What the exception handler is told.
fn reports() -> Log {
    let log = Log::new();
    let reports = log.clone();
    running_loop().set_exception_handler(move |context| reports.push(context));
    log
}

async fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..5000 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
    panic!("it never came to be so");
}

async fn pair(protocol: Touchy) -> (Transport, Rc<Touchy>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let connecting = running_loop().connect_accepted_socket(|| protocol, ours);
    let (transport, protocol) = connecting.await.unwrap();
    (transport, protocol, theirs)
}

/// Reads what is there.
fn drain(mut socket: &UnixStream) -> Vec<u8> {
    let mut all = Vec::new();
    socket.set_nonblocking(true).unwrap();
    drop(socket.read_to_end(&mut all));
    all
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn a_panic_in_connection_made_ends_the_connection_and_making_it_succeeds() {
    let reports = reports();
    let (transport, protocol, _peer) = pair(Touchy::failing_in("connection_made")).await;
    until(|| protocol.is_lost()).await;
    assert!(transport.is_closing());
    assert_eq!(*protocol.calls.borrow(), ["connection_made", "connection_lost"]);
    assert_eq!(*protocol.errors.borrow(), [Some(ErrorKind::Other)]);
    let reports = reports.take();
    assert!(reports.contains("protocol.connection_made() call failed."), "{reports}");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn a_panic_in_connection_lost_is_reported_and_the_socket_is_closed() {
    let reports = reports();
    let (transport, protocol, mut peer) = pair(Touchy::failing_in("connection_lost")).await;
    transport.close();
    until(|| protocol.is_lost()).await;
    assert_eq!(*protocol.calls.borrow(), ["connection_made", "connection_lost"], "once");
    sleep(Duration::from_millis(1)).await;
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    let reports = reports.take();
    assert!(reports.contains("protocol.connection_lost() failed"), "{reports}");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn panics_in_pause_and_resume_are_reported_and_the_connection_goes_on() {
    for method in ["pause_writing", "resume_writing"] {
        let reports = reports();
        let (transport, protocol, peer) = pair(Touchy::failing_in(method)).await;
        transport.write(&vec![0; 1 << 20]);
        let mut read = 0;
        until(|| {
            read += drain(&peer).len();
            read == 1 << 20
        })
        .await;
        until(|| transport.get_write_buffer_size() == 0).await;
        assert_eq!(
            *protocol.calls.borrow(),
            ["connection_made", "pause_writing", "resume_writing"]
        );
        assert!(!transport.is_closing());
        let reports = reports.take();
        assert!(reports.contains(&format!("protocol.{method}() failed")), "{reports}");
        transport.abort();
    }
}

#[asyncio::test(clock = "virtual")]
async fn a_panic_in_a_servers_factory_closes_that_connection_alone() {
    let reports = reports();
    let count = Cell::new(0);
    let factory = move || {
        count.set(count.get() + 1);
        assert!(count.get() != 1, "not yet");
        Touchy::default()
    };
    let server = running_loop().create_server(factory, ("127.0.0.1", 0)).await.unwrap();
    let address = server.local_addrs()[0];
    let mut first = TcpStream::connect(address).unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(first.read(&mut [0]).unwrap(), 0);
    let _second = TcpStream::connect(address).unwrap();
    until(|| !reports.take().is_empty()).await;
    assert!(server.is_serving());
    server.close();
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn a_peer_that_never_reads_makes_it_pause_once_and_loses_nothing() {
    let (transport, protocol, peer) = pair(Touchy::default()).await;
    let sent: Vec<u8> = (0..3_000_000_u32).map(|index| index.to_le_bytes()[1]).collect();
    for piece in sent.chunks(100_000) {
        transport.write(piece);
    }
    assert_eq!(*protocol.calls.borrow(), ["connection_made", "pause_writing"], "inside write");
    let mut all = Vec::new();
    until(|| {
        all.extend(drain(&peer));
        all.len() == sent.len()
    })
    .await;
    assert!(all == sent);
    assert_eq!(*protocol.calls.borrow(), ["connection_made", "pause_writing", "resume_writing"]);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn a_protocol_may_do_anything_inside_any_call() {
    /// Answers, closes, and writes again, in the middle of what it is told.
    #[derive(Default)]
    struct Restless(RefCell<Option<Transport>>, Cell<bool>);

    impl Restless {
        fn fuss(&self) {
            let transport = self.0.borrow().clone().unwrap();
            transport.write(b"x");
            transport.pause_reading();
            transport.resume_reading();
            transport.set_protocol(transport.get_protocol::<Self>().unwrap());
        }
    }

    impl Protocol for Restless {
        fn connection_made(&self, transport: Transport) {
            self.0.replace(Some(transport));
            self.fuss();
        }

        fn data_received(&self, _data: &[u8]) {
            self.fuss();
            self.0.borrow().as_ref().unwrap().close();
            self.fuss();
        }

        fn connection_lost(&self, _error: Option<io::Error>) {
            let transport = self.0.take().unwrap();
            transport.write(b"x");
            transport.close();
            transport.abort();
            self.1.set(true);
        }
    }

    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let connecting = running_loop().connect_accepted_socket(Restless::default, ours);
    let (_transport, restless) = connecting.await.unwrap();
    theirs.write_all(b"hello").unwrap();
    until(|| restless.1.get()).await;
    assert_eq!(drain(&theirs), b"xx", "what was written before it was closed");
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn connecting_that_is_cancelled_leaves_nothing_open() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let connecting = running_loop().connect_accepted_socket(Touchy::default, ours);
    let task = create_task(async { drop(connecting.await) });
    yield_now().await;
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn without_any_handle_a_connection_goes_on() {
    let (transport, protocol, mut peer) = pair(Touchy::default()).await;
    protocol.transport.take();
    drop(transport);
    peer.write_all(b"hello").unwrap();
    until(|| *protocol.received.borrow() == b"hello").await;
}

#[asyncio::test(clock = "virtual", seeds = 20)]
async fn connection_lost_comes_in_a_later_turn_than_close() {
    let (transport, protocol, _peer) = pair(Touchy::default()).await;
    let log = Log::new();
    let (noting, seen) = (log.clone(), protocol.clone());
    running_loop().call_soon(move || {
        transport.close();
        noting.push(seen.calls.borrow().len());
    });
    until(|| protocol.is_lost()).await;
    assert_eq!(log.take(), "1");
}

#[asyncio::test(clock = "virtual")]
async fn a_server_closes_and_aborts_the_connections_it_has() {
    for aborts in [false, true] {
        let server = running_loop().create_server(Touchy::default, ("127.0.0.1", 0)).await.unwrap();
        let connecting = running_loop().create_connection(Touchy::default, server.local_addrs());
        let (_transport, client) = connecting.await.unwrap();
        sleep(Duration::from_millis(1)).await;
        server.close();
        if aborts {
            server.abort_clients();
        } else {
            server.close_clients();
        }
        server.wait_closed().await;
        until(|| client.calls.borrow().contains(&"eof_received")).await;
        client.transport.borrow().as_ref().unwrap().close();
    }
}

#[derive(Default)]
struct Datagrams {
    panics: bool,
    received: RefCell<Vec<Vec<u8>>>,
    errors: RefCell<Vec<io::Error>>,
    calls: Cell<u32>,
}

impl Datagrams {
    fn called(&self) {
        self.calls.set(self.calls.get() + 1);
        assert!(!self.panics, "touchy");
    }
}

impl DatagramProtocol for Datagrams {
    fn connection_made(&self, _: DatagramTransport) {
        self.called();
    }

    fn datagram_received(&self, data: &[u8], _: SocketAddr) {
        self.received.borrow_mut().push(data.to_vec());
        self.called();
    }

    fn error_received(&self, error: io::Error) {
        self.errors.borrow_mut().push(error);
        self.called();
    }

    fn connection_lost(&self, _: Option<io::Error>) {
        self.called();
    }
}

async fn endpoint(panics: bool) -> (DatagramTransport, Rc<Datagrams>) {
    let factory = move || Datagrams { panics, ..Datagrams::default() };
    let opening = running_loop().create_datagram_endpoint(factory);
    opening.local_addr(("127.0.0.1", 0)).await.unwrap()
}

#[asyncio::test(clock = "virtual")]
async fn a_datagram_that_is_too_large_is_told_and_the_longest_goes_through() {
    let (sender, told) = endpoint(false).await;
    let (receiver, received) = endpoint(false).await;
    let there = receiver.local_addr().unwrap();
    sender.send_to(&vec![0; 65_508], there);
    assert_eq!(told.errors.borrow()[0].raw_os_error(), Some(90), "EMSGSIZE, of Linux");
    sender.send_to(&vec![7; 65_507], there);
    sender.send_to(b"", there);
    until(|| received.received.borrow().len() == 2).await;
    assert!(received.received.borrow()[0] == vec![7; 65_507]);
    assert!(received.received.borrow()[1].is_empty());
    sender.close();
    receiver.close();
}

#[asyncio::test(clock = "virtual")]
async fn a_datagram_protocol_that_panics_in_each_call_goes_on() {
    let reports = reports();
    let (transport, protocol) = endpoint(true).await;
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..2 {
        peer.send_to(b"x", transport.local_addr().unwrap()).unwrap();
    }
    until(|| protocol.received.borrow().len() == 2).await;
    transport.send_to(&vec![0; 65_508], peer.local_addr().unwrap());
    transport.close();
    until(|| protocol.calls.get() == 5).await;
    let reports = reports.take();
    for method in ["connection_made", "datagram_received", "error_received", "connection_lost"] {
        assert!(reports.contains(&format!("protocol.{method}() failed")), "{reports}");
    }
}

#[test]
fn the_sixth_write_to_what_is_closed_is_warned_of() {
    if run_as_child(|| {
        asyncio::run(async {
            let (transport, _protocol, _peer) = pair(Touchy::default()).await;
            transport.close();
            for _ in 0..7 {
                transport.write(b"x");
            }
            eprintln!("that was the transport");
            let (transport, _protocol) = endpoint(false).await;
            transport.close();
            for _ in 0..6 {
                transport.send_to(b"x", ([127, 0, 0, 1], 9).into());
            }
        });
    }) {
        return;
    }
    let child = Child::start("the_sixth_write_to_what_is_closed_is_warned_of", &[]);
    let warning = "asyncio: socket.send() raised exception.";
    assert_eq!(child.end().0, [warning, warning, "that was the transport", warning]);
}

#[test]
fn debug_mode_names_the_transports_that_a_loop_was_closed_before() {
    if run_as_child(|| {
        asyncio::run(async {
            let (_transport, _protocol, _peer) = pair(Touchy::default()).await;
            let (_transport, _protocol) = endpoint(false).await;
            let (closed, _protocol, _peer) = pair(Touchy::default()).await;
            closed.close();
        });
    }) {
        return;
    }
    let child = Child::start(
        "debug_mode_names_the_transports_that_a_loop_was_closed_before",
        &[("ASYNCIO_DEBUG", "1")],
    );
    let lines = child.end().0;
    let said: Vec<_> = lines.iter().filter(|line| line.contains("unclosed")).collect();
    assert_eq!(said.len(), 2, "{lines:?}");
    assert!(said[0].contains("unclosed transport <Transport bufsize=0>, made at"), "{lines:?}");
    assert!(said[0].contains("transports.rs:"), "{lines:?}");
    assert!(said[1].contains("unclosed transport <DatagramTransport 127.0.0.1:"), "{lines:?}");
}

/// What the two ends of a connection may do.
#[derive(Clone, Debug)]
enum Step {
    Write(usize),
    WriteEof,
    Close,
    Abort,
    PauseReading,
    ResumeReading,
    PeerWrites(usize),
    PeerReads,
    PeerEnds,
    PeerGoes,
    Turn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..300_000_usize).prop_map(Step::Write),
        1 => Just(Step::WriteEof),
        1 => Just(Step::Close),
        1 => Just(Step::Abort),
        2 => Just(Step::PauseReading),
        2 => Just(Step::ResumeReading),
        4 => (1..3000_usize).prop_map(Step::PeerWrites),
        4 => Just(Step::PeerReads),
        1 => Just(Step::PeerEnds),
        1 => Just(Step::PeerGoes),
        8 => Just(Step::Turn),
    ]
}

/// One end that does what it is told, and what the peer has seen and said.
#[derive(Default)]
struct Model {
    sent: Vec<u8>,
    seen: Vec<u8>,
    said: Vec<u8>,
    has_eof: bool,
    is_cut: bool,
}

impl Model {
    fn take(&mut self, step: &Step, transport: &Transport, peer: &mut Option<UnixStream>) {
        match step {
            Step::Write(length) if !self.has_eof => {
                let data: Vec<u8> = (0..*length).map(|index| index.to_le_bytes()[0]).collect();
                if !transport.is_closing() {
                    self.sent.extend_from_slice(&data);
                }
                transport.write(&data);
            }
            Step::WriteEof => {
                self.has_eof = true;
                transport.write_eof();
            }
            Step::Close => transport.close(),
            Step::Abort => {
                self.is_cut = true;
                transport.abort();
            }
            Step::PauseReading => transport.pause_reading(),
            Step::ResumeReading => transport.resume_reading(),
            Step::PeerGoes => {
                self.is_cut = true;
                drop(peer.take());
            }
            _ => self.peer_takes(step, peer),
        }
    }

    fn peer_takes(&mut self, step: &Step, peer: &mut Option<UnixStream>) {
        let Some(peer) = peer else { return };
        match step {
            Step::PeerWrites(length) => {
                peer.set_nonblocking(true).unwrap();
                let data = vec![b'p'; *length];
                self.said.extend_from_slice(&data[..peer.write(&data).unwrap_or(0)]);
            }
            Step::PeerReads => self.seen.extend(drain(peer)),
            Step::PeerEnds => drop(peer.shutdown(std::net::Shutdown::Write)),
            _ => {}
        }
    }
}

/// The order that a protocol is promised.
fn assert_in_order(calls: &[&'static str]) {
    assert_eq!(calls.first(), Some(&"connection_made"), "{calls:?}");
    let count = |method| calls.iter().filter(|call| **call == method).count();
    assert_eq!(count("connection_made"), 1, "{calls:?}");
    assert_eq!(count("connection_lost"), 1, "{calls:?}");
    assert_eq!(calls.last(), Some(&"connection_lost"), "{calls:?}");
    assert!(count("eof_received") <= 1, "{calls:?}");
    let after_eof = calls.iter().skip_while(|call| **call != "eof_received");
    assert!(after_eof.clone().all(|call| *call != "data_received"), "{calls:?}");
    let flow: Vec<_> = calls.iter().filter(|call| call.ends_with("writing")).collect();
    for (index, call) in flow.iter().enumerate() {
        let expected = if index % 2 == 0 { "pause_writing" } else { "resume_writing" };
        assert_eq!(**call, expected, "{calls:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_both_ends_do_calls_come_in_order_and_bytes_too(
        steps in prop::collection::vec(step(), 1..40), seed in prop::option::of(any::<u64>()),
    ) {
        let builder = Runner::builder().clock(Clock::Virtual);
        let builder = if let Some(seed) = seed { builder.seed(seed) } else { builder };
        builder.build().run(async {
            let (transport, protocol, peer) = pair(Touchy::default()).await;
            let (mut peer, mut model) = (Some(peer), Model::default());
            for step in &steps {
                model.take(step, &transport, &mut peer);
                if matches!(step, Step::Turn) {
                    yield_now().await;
                }
            }
            transport.close();
            until(|| {
                model.peer_takes(&Step::PeerReads, &mut peer);
                protocol.is_lost()
            })
            .await;
            model.peer_takes(&Step::PeerReads, &mut peer);
            assert_in_order(&protocol.calls.borrow());
            assert!(model.said.starts_with(&protocol.received.borrow()));
            assert!(model.sent.starts_with(&model.seen));
            if !model.is_cut {
                assert!(model.sent == model.seen, "{} of {}", model.seen.len(), model.sent.len());
            }
        });
    }
}
