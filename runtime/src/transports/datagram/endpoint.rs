//! Sends, receives and tells the protocol. Mirrors `selector_events._SelectorDatagramTransport`.
//!
//! One service tells the protocol what comes in. Another, made when the kernel takes no more, sends what
//! waits. What must hold: `connection_made` comes first, `connection_lost` last, each once,
//! or neither; `connection_lost` never inside `close`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use super::super::flow::{Tell, WaterMarks};
use super::super::guarded;
use super::super::protocols::DatagramProtocol;
use super::super::shown::{Shown, warn_unclosed};
use super::DatagramTransport;
use super::socket::{DatagramSocket, Opened};
use crate::event_loop::core::{Core, warn};
use crate::task::service::{self, Service};
use crate::task::sleep::yield_now;
use crate::task::table::Tasks;

/// No datagram is longer.
const LONGEST: usize = 64 * 1024;

/// How many datagrams one readiness event allows to be received. Then the loop gets a turn.
const DATAGRAMS_PER_EVENT: usize = 16;

/// What a datagram counts for in the write buffer beside its bytes, as in Python 3.13.
const HEADER: usize = 8;

/// Python's `LOG_THRESHOLD_FOR_CONNLOST_WRITES`.
const IGNORED_BEFORE_WARNING: u32 = 5;

/// What the handles, the services and the callbacks of an endpoint share.
pub(super) struct Endpoint {
    tasks: Weak<Tasks>,
    made_at: &'static Location<'static>,
    /// `None` once it is closed.
    socket: RefCell<Option<Box<dyn DatagramSocket>>>,
    /// `None` once it was told that the connection is lost.
    protocol: RefCell<Option<Rc<dyn DatagramProtocol>>>,
    pub(super) local: Option<SocketAddr>,
    pub(super) remote: Option<SocketAddr>,
    queue: RefCell<VecDeque<Datagram>>,
    queued: Cell<usize>,
    pub(super) marks: WaterMarks,
    is_made: Cell<bool>,
    is_closing: Cell<bool>,
    /// Its end is on its way or past.
    is_lost: Cell<bool>,
    ignored: Cell<u32>,
    receiving: RefCell<Option<Service>>,
    sending: RefCell<Option<Service>>,
}

struct Datagram {
    data: Box<[u8]>,
    addr: Option<SocketAddr>,
}

impl Datagram {
    fn size(&self) -> usize {
        self.data.len() + HEADER
    }
}

impl Endpoint {
    /// Starts in the next turn, with `connection_made`; calls `when_made` behind it.
    pub(super) fn start(
        tasks: &Rc<Tasks>,
        opened: Opened,
        protocol: Rc<dyn DatagramProtocol>,
        when_made: impl FnOnce() + 'static,
        made_at: &'static Location<'static>,
    ) -> Rc<Self> {
        let endpoint = Rc::new(Self {
            tasks: Rc::downgrade(tasks),
            made_at,
            socket: RefCell::new(Some(opened.socket)),
            protocol: RefCell::new(Some(protocol)),
            local: opened.local,
            remote: opened.remote,
            queue: RefCell::default(),
            queued: Cell::new(0),
            marks: WaterMarks::new(),
            is_made: Cell::new(false),
            is_closing: Cell::new(false),
            is_lost: Cell::new(false),
            ignored: Cell::new(0),
            receiving: RefCell::default(),
            sending: RefCell::default(),
        });
        let receiving = receive(Held(endpoint.clone()), when_made);
        let receiving = service::spawn(tasks, endpoint.service("receives"), receiving, made_at);
        endpoint.receiving.replace(Some(receiving));
        endpoint
    }

    fn service(&self, does: &str) -> String {
        let local = self.local.map(|local| format!(" {local}")).unwrap_or_default();
        format!("datagram endpoint{local} {does}")
    }

    /// The loop, while it is open.
    fn core(&self) -> Option<Rc<Core>> {
        let core = self.tasks.upgrade().map(|tasks| tasks.core.clone());
        core.filter(|core| !core.is_closed())
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    pub(super) fn queued(&self) -> usize {
        self.queued.get()
    }

    /// Calls the protocol, while there is one.
    fn tell(&self, method: &str, call: impl FnOnce(&dyn DatagramProtocol)) {
        let protocol = self.protocol.borrow().clone();
        if let (Some(protocol), Some(core)) = (protocol, self.core()) {
            guarded::mention(&core, method, || call(&*protocol));
        }
    }

    fn tell_error(&self, error: io::Error) {
        self.tell("error_received", |protocol| protocol.error_received(error));
    }

    fn tell_flow(&self, tell: Option<Tell>) {
        match tell {
            Some(Tell::Pause) => {
                self.tell("pause_writing", DatagramProtocol::pause_writing);
            }
            Some(Tell::Resume) => {
                self.tell("resume_writing", DatagramProtocol::resume_writing);
            }
            None => {}
        }
    }

    /// The write buffer has grown, or its limits were moved.
    pub(super) fn rises(&self) {
        self.tell_flow(self.marks.rises_to(self.queued.get()));
    }

    pub(super) fn send(self: &Rc<Self>, data: &[u8], addr: Option<SocketAddr>) {
        if self.is_lost.get() {
            return self.ignore();
        }
        if self.queue.borrow().is_empty() {
            match self.send_now(data, addr) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return self.tell_error(error),
                Ok(()) => return,
            }
        }
        self.push(Datagram { data: data.into(), addr });
        self.rises();
    }

    fn ignore(&self) {
        if self.ignored.get() >= IGNORED_BEFORE_WARNING {
            warn("socket.send() raised exception.");
        }
        self.ignored.set(self.ignored.get().saturating_add(1));
    }

    fn send_now(&self, data: &[u8], addr: Option<SocketAddr>) -> io::Result<()> {
        let socket = self.socket.borrow();
        let socket = socket.as_ref().ok_or(ErrorKind::NotConnected)?;
        socket.send(data, addr.or(self.remote))
    }

    /// Lets a datagram wait, and a service send it.
    fn push(self: &Rc<Self>, datagram: Datagram) {
        self.queued.set(self.queued.get() + datagram.size());
        self.queue.borrow_mut().push_back(datagram);
        let is_served = self.sending.borrow().as_ref().is_some_and(|sending| !sending.is_done());
        let Some(tasks) = self.tasks.upgrade().filter(|_| !is_served) else { return };
        let sending = send(Held(self.clone()));
        let sending = service::spawn(&tasks, self.service("sends"), sending, self.made_at);
        self.sending.replace(Some(sending));
    }

    /// Sends what waits, until nothing does. As in Python, an error of one is told, and the next is sent.
    fn poll_send(&self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(datagram) = self.queue.borrow_mut().pop_front() else {
                return Poll::Ready(());
            };
            let sent = self.send_now(&datagram.data, datagram.addr);
            if matches!(&sent, Err(error) if error.kind() == ErrorKind::WouldBlock) {
                self.queue.borrow_mut().push_front(datagram);
                ready!(self.poll_writable(cx));
                continue;
            }
            self.queued.set(self.queued.get() - datagram.size());
            if let Err(error) = sent {
                self.tell_error(error);
            }
            self.tell_flow(self.marks.falls_to(self.queued.get()));
        }
    }

    /// An error here comes out of the next attempt, too.
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let socket = self.socket.borrow();
        socket.as_ref().map_or(Poll::Ready(()), |socket| socket.poll_writable(cx).map(drop))
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        let socket = self.socket.borrow();
        socket.as_ref().map_or(Poll::Ready(()), |socket| socket.poll_readable(cx).map(drop))
    }

    /// Receives one that has come. False: none has, or there was an error.
    fn receive(&self, buffer: &mut [u8]) -> bool {
        let received = match self.socket.borrow().as_ref() {
            Some(socket) => socket.receive(buffer),
            None => return false,
        };
        match received {
            Ok((length, addr)) => {
                self.tell("datagram_received", |protocol| {
                    protocol.datagram_received(&buffer[..length], addr);
                });
                return true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => self.tell_error(error),
        }
        false
    }

    pub(super) fn close(self: &Rc<Self>) {
        if self.is_closing.replace(true) {
            return;
        }
        self.stop_receiving();
        if self.queue.borrow().is_empty() {
            self.lose_soon();
        }
    }

    pub(super) fn abort(self: &Rc<Self>) {
        if self.is_lost.get() {
            return;
        }
        if let Some(sending) = self.sending.take() {
            sending.stop();
        }
        self.queue.take();
        self.queued.set(0);
        self.is_closing.set(true);
        self.stop_receiving();
        self.lose_soon();
    }

    fn stop_receiving(&self) {
        if let Some(receiving) = self.receiving.take() {
            receiving.stop();
        }
    }

    fn lose_soon(self: &Rc<Self>) {
        self.is_lost.set(true);
        let held = Held(self.clone());
        if let Some(core) = self.core() {
            core.call_soon(Box::new(move || held.0.lose()), self.made_at);
        }
    }

    fn lose(&self) {
        self.is_lost.set(true);
        if self.is_made.get() {
            self.tell("connection_lost", |protocol| protocol.connection_lost(None));
        }
        self.release();
    }

    /// Lets go of the socket, and of the protocol, which has a handle to this, most likely.
    fn release(&self) {
        self.is_closing.set(true);
        self.is_lost.set(true);
        let left = (self.socket.take(), self.protocol.take(), self.queue.take());
        match self.tasks.upgrade() {
            Some(tasks) => tasks.core.contain(&"a protocol's destructor", || drop(left)),
            None => drop(left),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Shown {
            name: "DatagramTransport",
            is_closing: self.is_closing.get(),
            is_closed: self.socket.borrow().is_none(),
            local: self.local,
            peer: self.remote,
            bufsize: self.queued.get(),
        };
        shown.fmt(f)
    }
}

/// What services and callbacks hold: when a loop that is closed drops them, the endpoint ends, too.
struct Held(Rc<Endpoint>);

impl Drop for Held {
    fn drop(&mut self) {
        let endpoint = &self.0;
        if endpoint.core().is_some() || endpoint.protocol.borrow().is_none() {
            return;
        }
        if let Some(tasks) = endpoint.tasks.upgrade().filter(|_| !endpoint.is_closing()) {
            warn_unclosed(&tasks.core, endpoint, endpoint.made_at);
        }
        endpoint.release();
    }
}

/// Tells the protocol what comes in.
async fn receive(held: Held, when_made: impl FnOnce()) {
    let endpoint = &held.0;
    let transport = DatagramTransport { endpoint: endpoint.clone() };
    endpoint.is_made.set(true);
    endpoint.tell("connection_made", |protocol| protocol.connection_made(transport));
    when_made();
    // Whoever made the endpoint goes on before the first datagram is told.
    yield_now().await;
    let mut buffer = Vec::new();
    while !endpoint.is_closing() {
        poll_fn(|cx| endpoint.poll_readable(cx)).await;
        buffer.resize(LONGEST, 0);
        for _ in 0..DATAGRAMS_PER_EVENT {
            if endpoint.is_closing() || !endpoint.receive(&mut buffer) {
                break;
            }
        }
    }
}

/// Sends what waits.
async fn send(held: Held) {
    poll_fn(|cx| held.0.poll_send(cx)).await;
    if held.0.is_closing() {
        held.0.lose();
    }
}
