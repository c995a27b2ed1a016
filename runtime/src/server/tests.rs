//! What a server does that neither streams nor transports show.

use std::future::poll_fn;

use super::*;
use crate::EventLoop;
use crate::net::{connect, listen};

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

type Visitors = Rc<RefCell<Vec<Rc<Visitor>>>>;

async fn visited_server(event_loop: &EventLoop, options: &Options) -> (Server, Visitors) {
    let visitors = Visitors::default();
    let seen = visitors.clone();
    let accept = move |wire, server: &ServerHandle| {
        let visitor =
            Rc::new(Visitor { attachment: RefCell::new(None), wire, ended: Cell::new("no") });
        let client: Weak<Visitor> = Rc::downgrade(&visitor);
        visitor.attachment.replace(Some(server.attach(client)));
        seen.borrow_mut().push(visitor);
    };
    let address = ("127.0.0.1", 0).into();
    let sockets = listen::bind(event_loop, &address, options).await.unwrap();
    let accept = Rc::new(accept);
    let made_at = Location::caller();
    let server = Server::listen(&event_loop.tasks, sockets, options, accept, made_at).unwrap();
    (server, visitors)
}

async fn visit(event_loop: &EventLoop, server: &Server) -> io::Result<Rc<dyn Wire>> {
    let target = connect::Target::Address(server.local_addrs().into());
    connect::connect(event_loop, target, &connect::Options::default()).await
}

async fn read_to_the_end(wire: &dyn Wire) -> io::Result<usize> {
    poll_fn(|cx| wire.poll_read(cx, &mut [0; 8])).await
}

fn run<T>(test: impl AsyncFnOnce(EventLoop) -> T) -> T {
    crate::run(async { test(crate::get_running_loop().unwrap()).await })
}

#[test]
fn it_is_over_when_it_is_closed_and_its_last_client_gone() {
    run(async |event_loop| {
        let (server, visitors) = visited_server(&event_loop, &Options::default()).await;
        let visit = visit(&event_loop, &server).await.unwrap();
        while visitors.borrow().is_empty() {
            crate::yield_now().await;
        }
        let waiting = server.clone();
        let over = crate::create_task(async move { waiting.wait_closed().await });
        server.close();
        crate::yield_now().await;
        crate::yield_now().await;
        assert!(!over.is_done());
        server.close_clients();
        over.await.unwrap();
        assert_eq!(visitors.borrow()[0].ended.get(), "closed");
        assert_eq!(read_to_the_end(&*visit).await.unwrap(), 0);
    });
}

#[test]
fn one_that_does_not_serve_yet_refuses() {
    run(async |event_loop| {
        let options = Options { start_serving: false, ..Options::default() };
        let (server, _) = visited_server(&event_loop, &options).await;
        assert!(!server.is_serving());
        let error = visit(&event_loop, &server).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        server.start_serving().unwrap();
        assert!(server.is_serving());
        visit(&event_loop, &server).await.unwrap();
    });
}
