//! What the cases about transports share: protocols that note what they are told, and connections to
//! sockets that the test has the other end of.

use std::cell::{Cell, RefCell, RefMut};
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{BufferedProtocol, EventLoop, Protocol, Transport, get_running_loop, sleep};

pub(crate) fn event_loop() -> EventLoop {
    get_running_loop().unwrap()
}

/// Waits until something is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..5000 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
    panic!("it never came to be so");
}

/// Lets the loop do what it has to.
pub(crate) async fn turns() {
    for _ in 0..5 {
        sleep(Duration::from_millis(1)).await;
    }
}

/// What a protocol was told.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) transport: RefCell<Option<Transport>>,
    made: RefCell<Vec<String>>,
    pub(crate) received: RefCell<Vec<u8>>,
    /// What `eof_received` answers.
    pub(crate) keeps_open: Cell<bool>,
    /// The method that panics.
    pub(crate) fails_in: Cell<&'static str>,
    pub(crate) is_lost: Cell<bool>,
}

impl Calls {
    fn note(&self, method: &'static str, call: impl Into<String>) {
        assert!(!self.is_lost.get(), "{method} after connection_lost");
        self.made.borrow_mut().push(call.into());
        assert!(self.fails_in.get() != method, "LookupError");
    }

    /// What was called since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        self.made.take()
    }

    fn connection_made(&self, transport: Transport) {
        let former = self.transport.replace(Some(transport));
        assert!(former.is_none(), "made twice");
        self.note("connection_made", "made");
    }

    fn connection_lost(&self, error: Option<io::Error>) {
        let error = error.map_or("None".to_owned(), |error| format!("{:?}", error.kind()));
        self.note("connection_lost", format!("lost {error}"));
        self.is_lost.set(true);
    }
}

#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) calls: Calls,
}

impl Protocol for Recorder {
    fn connection_made(&self, transport: Transport) {
        self.calls.connection_made(transport);
    }

    fn data_received(&self, data: &[u8]) {
        self.calls.received.borrow_mut().extend_from_slice(data);
        self.calls.note("data_received", format!("data {}", String::from_utf8_lossy(data)));
    }

    fn eof_received(&self) -> bool {
        self.calls.note("eof_received", "eof");
        self.calls.keeps_open.get()
    }

    fn connection_lost(&self, error: Option<io::Error>) {
        self.calls.connection_lost(error);
    }

    fn pause_writing(&self) {
        self.calls.note("pause_writing", "pause");
    }

    fn resume_writing(&self) {
        self.calls.note("resume_writing", "resume");
    }
}

pub(crate) struct BufferedRecorder {
    pub(crate) calls: Calls,
    pub(crate) buffer: RefCell<Vec<u8>>,
    pub(crate) was_asked: Cell<bool>,
}

impl BufferedRecorder {
    pub(crate) fn new(size: usize) -> Self {
        let buffer = RefCell::new(vec![0; size]);
        Self { calls: Calls::default(), buffer, was_asked: Cell::new(false) }
    }
}

impl BufferedProtocol for BufferedRecorder {
    fn connection_made(&self, transport: Transport) {
        self.calls.connection_made(transport);
    }

    fn get_buffer(&self) -> RefMut<'_, [u8]> {
        self.was_asked.set(true);
        assert!(self.calls.fails_in.get() != "get_buffer", "LookupError");
        RefMut::map(self.buffer.borrow_mut(), |buffer| &mut buffer[..])
    }

    fn buffer_updated(&self, nbytes: usize) {
        let data = self.buffer.borrow()[..nbytes].to_vec();
        self.calls.received.borrow_mut().extend_from_slice(&data);
        self.calls.note("buffer_updated", format!("updated {nbytes}"));
    }

    fn eof_received(&self) -> bool {
        self.calls.note("eof_received", "eof");
        self.calls.keeps_open.get()
    }

    fn connection_lost(&self, error: Option<io::Error>) {
        self.calls.connection_lost(error);
    }
}

/// A connection over a Unix socket, after its `connection_made`, and the other end.
pub(crate) async fn pair() -> (Transport, Rc<Recorder>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let connecting = event_loop().connect_accepted_socket(Recorder::default, ours);
    let (transport, recorder) = connecting.await.unwrap();
    assert_eq!(recorder.calls.take(), ["made"]);
    (transport, recorder, theirs)
}

pub(crate) async fn buffered_pair(size: usize) -> (Transport, Rc<BufferedRecorder>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let connecting =
        event_loop().connect_accepted_socket(move || BufferedRecorder::new(size), ours);
    let (transport, recorder) = connecting.await.unwrap();
    assert_eq!(recorder.calls.take(), ["made"]);
    (transport, recorder, theirs)
}

/// Two ends of a TCP connection.
pub(crate) fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener.accept().unwrap().0, client)
}

/// Writes until the system takes no more; how much it took.
pub(crate) fn fill(transport: &Transport) -> usize {
    let mut sent = 0;
    while transport.get_write_buffer_size() == 0 {
        transport.write(&[b'x'; 1000]);
        sent += 1000;
    }
    sent - transport.get_write_buffer_size()
}

/// Reads what has come so far.
pub(crate) fn read_all(mut socket: &UnixStream) -> Vec<u8> {
    let mut all = Vec::new();
    socket.set_nonblocking(true).unwrap();
    let error = socket.read_to_end(&mut all).err();
    socket.set_nonblocking(false).unwrap();
    assert!(error.is_none_or(|error| error.kind() == ErrorKind::WouldBlock));
    all
}

/// What the exception handler is told from now on.
pub(crate) fn reports() -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    event_loop().set_exception_handler(move |context| told.borrow_mut().push(context.to_string()));
    reports
}
