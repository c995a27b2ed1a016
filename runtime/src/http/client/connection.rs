//! One HTTP/1.1 connection: sends a request, reads the answer's head and then its body, and so on.
//!
//! For `exchange` and `incoming`. hyper's driver for the connection is polled beside whatever waits for it,
//! by the same task: dropping a request or a response drops the driver, and with it the socket.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1;

use super::error::{Failure, Stage};
use super::meter::Meter;
use super::outgoing::{BodyFailed, Outgoing};
use crate::http::io::{HyperIo, WriteFailed};
use crate::net::wire::Wire;

/// The longest head of an answer. Without a limit, one that never ends would fill the memory.
const LONGEST_HEAD: usize = 64 * 1024;

/// The most header lines in an answer.
const MOST_HEADERS: usize = 128;

/// The most bytes that are read before an answer's head is whole: it, and the interim answers (1xx) ahead
/// of it, which could go on for ever.
const MOST_BEFORE_ANSWER: u64 = 2 * LONGEST_HEAD as u64;

pub(super) type Request = hyper::Request<Outgoing>;

/// A connection that can take a request.
pub(super) struct Connection {
    requests: http1::SendRequest<Outgoing>,
    driver: Driver,
    meter: Rc<Meter>,
    goodbye: Goodbye,
}

/// Ends the wire's writing side when it is dropped, which tells a server over TLS that nothing was cut off.
struct Goodbye(Option<Rc<Meter>>);

impl Drop for Goodbye {
    fn drop(&mut self) {
        if let Some(meter) = &self.0 {
            // What can't be said at once isn't said.
            let _ = meter.poll_shutdown(&mut Context::from_waker(Waker::noop()));
        }
    }
}

/// An answer's head, and the connection that its body comes through.
pub(super) struct Answer {
    pub(super) response: hyper::Response<Incoming>,
    pub(super) connection: Connection,
}

/// No answer came.
pub(super) struct Unanswered {
    pub(super) failure: Failure,
    /// The connection broke before a byte of an answer came: the server may have closed it before it saw
    /// the request.
    pub(super) is_stale: bool,
    /// The request, if none of it was sent.
    pub(super) unsent: Option<Request>,
}

impl Connection {
    pub(super) async fn new(wire: Rc<dyn Wire>) -> Result<Self, Failure> {
        let meter = Rc::new(Meter::new(wire));
        let (requests, connection) = http1::Builder::new()
            .max_header_size(LONGEST_HEAD)
            .max_headers(MOST_HEADERS)
            .handshake(HyperIo::new(meter.clone()))
            .await
            .map_err(|error| explain(error, "preparing the connection"))?;
        let goodbye = Goodbye(Some(meter.clone()));
        Ok(Self { requests, driver: Driver::new(connection), meter, goodbye })
    }

    /// Whether it can take a request. An idle one learns here that the server has closed it.
    pub(super) fn is_ready(&mut self, cx: &mut Context<'_>) -> bool {
        self.driver.turn(cx);
        self.driver.is_running() && self.requests.is_ready()
    }

    /// How many bytes were written to it in all.
    pub(super) fn meter(&self) -> Rc<Meter> {
        self.meter.clone()
    }

    /// Sends `request` and waits for the answer's head.
    pub(super) async fn send(mut self, request: Request) -> Result<Answer, Unanswered> {
        let read_before = self.meter.read();
        let meter = self.meter.clone();
        let answer = self.requests.try_send_request(request);
        let mut answer = pin!(answer);
        let driver = &mut self.driver;
        let answer = std::future::poll_fn(|cx| {
            if let Poll::Ready(answer) = driver.poll_beside(cx, |cx| answer.as_mut().poll(cx)) {
                return Poll::Ready(Ok(answer));
            }
            if meter.read() - read_before > MOST_BEFORE_ANSWER {
                return Poll::Ready(Err(no_point()));
            }
            Poll::Pending
        })
        .await;
        match answer {
            Ok(Ok(response)) => Ok(Answer { response, connection: self }),
            Ok(Err(mut error)) => {
                let unsent = error.take_message();
                let error = error.into_error();
                let is_stale = self.meter.read() == read_before && body_failed(&error).is_none();
                let failure = explain(error, "waiting for the answer");
                Err(Unanswered { failure, is_stale, unsent })
            }
            Err(failure) => Err(Unanswered { failure, is_stale: false, unsent: None }),
        }
    }

    /// The next frame of `body`, an answer of this connection.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Incoming,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(self.driver.poll_beside(cx, |cx| Pin::new(&mut *body).poll_frame(cx)));
        // hyper ends the body when its driver fails, too: that is no end.
        Poll::Ready(frame.or_else(|| self.driver.failure.take().map(Err)))
    }

    /// The wire itself, once the answer was 101, and what was read of it beyond the answer.
    pub(super) async fn into_wire(mut self) -> Result<(Rc<dyn Wire>, Bytes), Failure> {
        std::future::poll_fn(|cx| {
            self.driver.turn(cx);
            if self.driver.is_running() { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        if let Some(error) = self.driver.failure.take() {
            return Err(explain(error, "changing protocols"));
        }
        self.goodbye.0 = None;
        Ok((self.meter.wire(), self.driver.ahead))
    }
}

fn no_point() -> Failure {
    let message = format!(
        "the server sends interim answers (1xx) and none that counts: at most \
         {MOST_BEFORE_ANSWER} bytes are read ahead of it"
    );
    Failure::new(Stage::Read, message)
}

/// hyper's half of a connection: moves bytes between the socket and whoever waits for them.
///
/// What must hold: hyper's part is dropped when it has ended. A request that it has not taken by then, since
/// the server closed the connection a moment before, is given back by that alone.
struct Driver {
    connection: Option<Box<http1::Connection<HyperIo, Outgoing>>>,
    failure: Option<hyper::Error>,
    /// At the end: what was read and is not HTTP.
    ahead: Bytes,
}

impl Driver {
    fn new(connection: http1::Connection<HyperIo, Outgoing>) -> Self {
        Self { connection: Some(Box::new(connection)), failure: None, ahead: Bytes::new() }
    }

    fn is_running(&self) -> bool {
        self.connection.is_some()
    }

    /// What `poll` gives; moves bytes when it has to wait.
    fn poll_beside<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if let Poll::Ready(value) = poll(cx) {
            return Poll::Ready(value);
        }
        self.turn(cx);
        // What came in just now may be what is waited for.
        poll(cx)
    }

    fn turn(&mut self, cx: &mut Context<'_>) {
        let Some(connection) = &mut self.connection else { return };
        // The wire is closed when it is dropped; after an answer of 101 it goes on.
        if let Poll::Ready(end) = connection.poll_without_shutdown(cx) {
            self.failure = end.err();
            let parts = self.connection.take().map(|connection| connection.into_parts());
            self.ahead = parts.map(|parts| parts.read_buf).unwrap_or_default();
        }
    }
}

/// What hyper's `error` means. `doing` completes "the connection broke while …".
pub(super) fn explain(error: hyper::Error, doing: &str) -> Failure {
    let (stage, message) = if error.is_parse_too_large() {
        let message = format!(
            "the answer's head is too large: at most {LONGEST_HEAD} bytes and {MOST_HEADERS} \
             header lines are read"
        );
        (Stage::Read, message)
    } else if error.is_parse() {
        let message = format!("the answer is not HTTP/1.1: {error}");
        (Stage::Read, message)
    } else if error.is_incomplete_message() {
        let message = format!("the server closed the connection while {doing}");
        (Stage::Read, message)
    } else if let Some(BodyFailed(cause)) = body_failed(&error) {
        let message = format!("the request's body can't be sent: {cause}");
        (Stage::Send, message)
    } else if let Some(WriteFailed(cause)) = write_failed(&error) {
        let message = format!("the connection broke while sending the request: {cause}");
        (Stage::Send, message)
    } else {
        let message = format!("the connection broke while {doing}: {}", root(&error));
        (Stage::Read, message)
    };
    Failure::new(stage, message).caused_by(error)
}

/// Whether `error` is one of a stream that ended in the middle.
pub(super) fn is_cut_short(error: &hyper::Error) -> bool {
    let kind = io_error(error).map(io::Error::kind);
    error.is_incomplete_message() || kind == Some(ErrorKind::UnexpectedEof)
}

fn body_failed(error: &hyper::Error) -> Option<&BodyFailed> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn write_failed(error: &hyper::Error) -> Option<&WriteFailed> {
    io_error(error)?.get_ref()?.downcast_ref()
}

fn io_error(error: &hyper::Error) -> Option<&io::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn root(error: &hyper::Error) -> &(dyn Error + 'static) {
    causes(error).last().unwrap_or(error)
}

fn causes(error: &hyper::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wire that can't be written to and never has anything to read.
    struct Unwritable;

    impl Wire for Unwritable {
        fn poll_read(&self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn poll_write(&self, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(ErrorKind::BrokenPipe.into()))
        }

        fn poll_shutdown(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn close(&self) {}
    }

    #[test]
    fn a_connection_that_breaks_while_sending_says_so() {
        let result = crate::run(async {
            let connection = Connection::new(Rc::new(Unwritable)).await.ok().unwrap();
            connection.send(Request::new(Outgoing::whole(Bytes::new()))).await
        });
        let error = result.err().unwrap().failure.at("http://localhost/");
        assert_eq!(error.stage(), Stage::Send);
        assert_eq!(
            error.to_string(),
            "http://localhost/: the connection broke while sending the request: broken pipe"
        );
    }
}
