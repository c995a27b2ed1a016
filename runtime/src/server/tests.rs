//! What a server does that neither streams nor transports show: its visitors stay until they are told to go.

#[cfg(unix)]
mod descriptors;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;

use std::future::poll_fn;

use super::*;
use crate::net::{connect, listen};
use crate::{EventLoop, catch_cancel, create_task, yield_now};

/// A connection that is there until it is closed or aborted, and notes which.
struct Visitor {
    attachment: RefCell<Option<Attachment>>,
    wire: Rc<dyn Wire>,
    ended: Cell<&'static str>,
}

impl Visitor {
    fn end(&self, how: &'static str) {
        self.ended.set(how);
        self.wire.close();
        drop(self.attachment.take());
    }
}

impl Client for Visitor {
    fn close(&self) {
        self.end("closed");
    }

    fn abort(&self) {
        self.end("aborted");
    }
}

#[derive(Clone, Default)]
struct Visitors(Rc<RefCell<Vec<Rc<Visitor>>>>);

impl Visitors {
    fn accept(&self) -> Accept {
        let this = self.clone();
        Rc::new(move |wire, server| {
            let (attachment, ended) = (RefCell::new(None), Cell::new("no"));
            let visitor = Rc::new(Visitor { attachment, wire, ended });
            let client: Weak<Visitor> = Rc::downgrade(&visitor);
            visitor.attachment.replace(Some(server.attach(client)));
            this.0.borrow_mut().push(visitor);
        })
    }

    fn ended(&self) -> Vec<&'static str> {
        self.0.borrow().iter().map(|visitor| visitor.ended.get()).collect()
    }

    async fn are(&self, count: usize) {
        while self.0.borrow().len() < count {
            yield_now().await;
        }
    }
}

fn serve_on(
    event_loop: &EventLoop,
    sockets: Vec<Bound>,
    options: &Options,
    accept: Accept,
) -> Server {
    let made_at = Location::caller();
    Server::listen(&event_loop.tasks, sockets, options, accept, made_at).unwrap()
}

async fn server(event_loop: &EventLoop, options: &Options) -> (Server, Visitors) {
    let visitors = Visitors::default();
    let sockets = listen::bind(event_loop, &("127.0.0.1", 0).into(), options).await.unwrap();
    (serve_on(event_loop, sockets, options, visitors.accept()), visitors)
}

async fn visit(event_loop: &EventLoop, server: &Server) -> io::Result<Rc<dyn Wire>> {
    let target = connect::Target::Address(server.local_addrs().into());
    connect::connect(event_loop, target, &connect::Options::default()).await
}

async fn read(wire: &dyn Wire) -> io::Result<usize> {
    poll_fn(|cx| wire.poll_read(cx, &mut [0; 8])).await
}

fn run<T>(test: impl AsyncFnOnce(EventLoop) -> T) -> T {
    crate::run(async { test(crate::get_running_loop().unwrap()).await })
}

async fn a_few_turns() {
    for _ in 0..5 {
        yield_now().await;
    }
}

#[test]
fn it_is_over_when_it_is_closed_and_its_last_client_gone() {
    run(async |event_loop| {
        let (server, visitors) = server(&event_loop, &Options::default()).await;
        let visit = visit(&event_loop, &server).await.unwrap();
        visitors.are(1).await;
        let waiting = server.clone();
        let over = create_task(async move { waiting.wait_closed().await });
        server.close();
        assert!(!server.is_serving());
        assert_eq!(server.local_addrs(), []);
        a_few_turns().await;
        assert!(!over.is_done());
        server.close_clients();
        over.await.unwrap();
        assert_eq!(visitors.ended(), ["closed"]);
        assert_eq!(read(&*visit).await.unwrap(), 0);
        server.wait_closed().await;
    });
}

#[test]
fn without_clients_it_is_over_when_it_is_closed() {
    run(async |event_loop| {
        let (server, _) = server(&event_loop, &Options::default()).await;
        let waiting = server.clone();
        let over = create_task(async move { waiting.wait_closed().await });
        a_few_turns().await;
        assert!(!over.is_done(), "it is open");
        server.close();
        server.close();
        over.await.unwrap();
    });
}

#[test]
fn clients_are_aborted_in_the_order_in_which_they_came() {
    run(async |event_loop| {
        let (server, visitors) = server(&event_loop, &Options::default()).await;
        let _visits = [visit(&event_loop, &server).await, visit(&event_loop, &server).await];
        visitors.are(2).await;
        visitors.0.borrow()[0].end("went by itself");
        server.abort_clients();
        assert_eq!(visitors.ended(), ["went by itself", "aborted"]);
        assert!(server.is_serving());
    });
}

#[test]
fn one_that_does_not_serve_yet_refuses() {
    run(async |event_loop| {
        let options = Options { start_serving: false, ..Options::default() };
        let (server, _) = server(&event_loop, &options).await;
        assert!(!server.is_serving());
        let error = visit(&event_loop, &server).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        server.start_serving().unwrap();
        server.start_serving().unwrap();
        assert!(server.is_serving());
        visit(&event_loop, &server).await.unwrap();
    });
}

#[test]
fn one_without_handles_goes_on_until_the_loop_is_closed() {
    let event_loop = crate::new_event_loop();
    let (address, visitors) = event_loop.run_until_complete(async {
        let (server, visitors) = server(&event_loop, &Options::default()).await;
        (server.local_addrs()[0], visitors)
    });
    let visit = std::net::TcpStream::connect(address).unwrap();
    event_loop.run_until_complete(visitors.are(1));
    event_loop.close();
    drop(visit);
    let error = std::net::TcpStream::connect(address).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn serving_forever_ends_with_a_cancellation_and_takes_the_clients_with_it() {
    run(async |event_loop| {
        let (server, visitors) = server(&event_loop, &Options::default()).await;
        let _visit = visit(&event_loop, &server).await.unwrap();
        visitors.are(1).await;
        let serving = server.clone();
        let forever = create_task(async move { catch_cancel(serving.serve_forever()).await });
        a_few_turns().await;
        forever.cancel();
        assert!(forever.await.unwrap().is_err(), "the cancellation goes on");
        assert_eq!(visitors.ended(), ["closed"]);
        server.wait_closed().await;
    });
}

#[test]
fn serving_forever_ends_when_somebody_closes_the_server() {
    run(async |event_loop| {
        let options = Options { start_serving: false, ..Options::default() };
        let (server, _) = server(&event_loop, &options).await;
        let serving = server.clone();
        let forever = create_task(async move { serving.serve_forever().await });
        a_few_turns().await;
        assert!(server.is_serving());
        server.close();
        forever.await.unwrap().unwrap();
    });
}

#[test]
fn dropping_what_serves_forever_closes_the_server() {
    run(async |event_loop| {
        let (server, _) = server(&event_loop, &Options::default()).await;
        let forever = server.serve_forever();
        assert!(crate::timeout(std::time::Duration::ZERO, forever).await.is_err());
        assert!(!server.is_serving());
    });
}

#[test]
#[should_panic(expected = "the server is already being awaited on serve_forever()")]
fn it_is_served_forever_by_one_at_a_time() {
    run(async |event_loop| {
        let (server, _) = server(&event_loop, &Options::default()).await;
        let _ = crate::gather!(server.serve_forever(), server.serve_forever()).await;
    });
}

#[test]
#[should_panic(expected = "the server is closed: make another one")]
fn one_that_is_closed_is_not_served_forever() {
    run(async |event_loop| {
        let (server, _) = server(&event_loop, &Options::default()).await;
        server.close();
        let _ = server.serve_forever().await;
    });
}

#[test]
fn a_panic_about_one_connection_leaves_the_others_alone() {
    run(async |event_loop| {
        let reports = Rc::new(RefCell::new(Vec::new()));
        let told = reports.clone();
        event_loop
            .set_exception_handler(move |context| told.borrow_mut().push(context.to_string()));
        let (visitors, count) = (Visitors::default(), Cell::new(0));
        let accept = visitors.accept();
        let accept: Accept = Rc::new(move |wire, server| {
            count.set(count.get() + 1);
            assert_ne!(count.get(), 1, "the first one is unwelcome");
            accept(wire, server);
        });
        let options = Options::default();
        let sockets = listen::bind(&event_loop, &("127.0.0.1", 0).into(), &options).await.unwrap();
        let server = serve_on(&event_loop, sockets, &options, accept);
        let unwelcome = visit(&event_loop, &server).await.unwrap();
        assert_eq!(read(&*unwelcome).await.unwrap(), 0);
        let _welcome = visit(&event_loop, &server).await.unwrap();
        visitors.are(1).await;
        let report = reports.borrow().join("\n");
        assert!(report.contains("accepting a connection panicked"), "{report}");
        assert!(report.contains("the first one is unwelcome"), "{report}");
    });
}

#[test]
fn it_listens_on_all_addresses_each_once() {
    run(async |event_loop| {
        let options = Options::default();
        let hosts = ["127.0.0.1", "localhost", "127.0.0.1"];
        let sockets = listen::bind(&event_loop, &(hosts, 0).into(), &options).await.unwrap();
        let server = serve_on(&event_loop, sockets, &options, Visitors::default().accept());
        let addresses = server.local_addrs();
        let loopback = |address: &SocketAddr| address.ip() == std::net::Ipv4Addr::LOCALHOST;
        assert_eq!(addresses.iter().filter(|address| loopback(address)).count(), 1);
        assert!(addresses.iter().all(|address| address.port() != 0));
    });
}

#[test]
fn an_empty_host_is_all_interfaces() {
    run(async |event_loop| {
        let options = Options::default();
        let sockets = listen::bind(&event_loop, &("", 0).into(), &options).await.unwrap();
        let visitors = Visitors::default();
        let server = serve_on(&event_loop, sockets, &options, visitors.accept());
        let addresses = server.local_addrs();
        assert!(addresses.iter().all(|address| address.ip().is_unspecified()), "{addresses:?}");
        std::net::TcpStream::connect(("127.0.0.1", addresses[0].port())).unwrap();
        visitors.are(1).await;
    });
}

#[test]
fn a_port_that_is_taken_is_named() {
    run(async |event_loop| {
        let options = Options::default();
        let (server, _) = server(&event_loop, &options).await;
        let address = server.local_addrs()[0];
        let error = listen::bind(&event_loop, &address.into(), &options).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot bind to the address {address}: ")), "{text}");
    });
}

#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
#[test]
fn two_servers_may_share_a_port() {
    run(async |event_loop| {
        let options = Options { reuse_port: true, ..Options::default() };
        let (one, _) = server(&event_loop, &options).await;
        let address = one.local_addrs()[0];
        let sockets = listen::bind(&event_loop, &address.into(), &options).await.unwrap();
        let other = serve_on(&event_loop, sockets, &options, Visitors::default().accept());
        assert_eq!(one.local_addrs(), other.local_addrs());
    });
}
