//! One HTTP/1.1 connection: sends a request, reads the answer's head and then its body.
//!
//! For `request` and `response`. hyper's driver for the connection is polled beside whatever waits for
//! it, by the same task: dropping a request or a response drops the driver, and with it the socket.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1;

use super::error::{Failure, Stage};
use crate::http::io::{HyperIo, WriteFailed};
use crate::net::wire::Wire;

/// The longest head of an answer. Without a limit, one that never ends would fill the memory.
const LONGEST_HEAD: usize = 64 * 1024;

/// The most header lines in an answer.
const MOST_HEADERS: usize = 128;

type HyperConnection = http1::Connection<HyperIo, Empty<Bytes>>;

pub(super) type Request = hyper::Request<Empty<Bytes>>;

/// A connection that can take a request.
pub(super) struct Connection {
    requests: http1::SendRequest<Empty<Bytes>>,
    driver: Driver,
}

impl Connection {
    pub(super) async fn new(wire: Rc<dyn Wire>) -> Result<Self, Failure> {
        let (requests, connection) = http1::Builder::new()
            .max_header_size(LONGEST_HEAD)
            .max_headers(MOST_HEADERS)
            .handshake(HyperIo::new(wire))
            .await
            .map_err(|error| explain(error, "preparing the connection"))?;
        Ok(Self { requests, driver: Driver::new(connection) })
    }

    /// Sends `request` and waits for the answer's head. The body comes after it, piece by piece.
    pub(super) async fn send(mut self, request: Request) -> Result<hyper::Response<Body>, Failure> {
        let answer = self.requests.send_request(request);
        let answer = self
            .driver
            .run_beside(answer)
            .await
            .map_err(|error| explain(error, "waiting for the answer"))?;
        let driver = self.driver;
        Ok(answer.map(|incoming| Body { expected: incoming.size_hint().exact(), incoming, driver }))
    }
}

/// The body of an answer, and the connection it comes through.
pub(super) struct Body {
    incoming: Incoming,
    driver: Driver,
    expected: Option<u64>,
}

impl Body {
    /// How many bytes the head has promised.
    pub(super) fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// The next piece; `None` after the last. `received` is what came before, for the error's text.
    pub(super) async fn next(&mut self, received: usize) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = match self.driver.run_beside(self.incoming.frame()).await {
                Some(frame) => frame.map_err(|error| self.explain(error, received))?,
                None => return self.end(received),
            };
            // The other kind of frame is trailers, which nobody asks for.
            if let Ok(piece) = frame.into_data() {
                return Ok(Some(piece));
            }
        }
    }

    /// hyper ends the body when its driver fails, too: that is no end.
    fn end(&mut self, received: usize) -> Result<Option<Bytes>, Failure> {
        match self.driver.failure.take() {
            Some(error) => Err(self.explain(error, received)),
            None => Ok(None),
        }
    }

    fn explain(&self, error: hyper::Error, received: usize) -> Failure {
        if error.is_incomplete_message() || io_kind(&error) == Some(ErrorKind::UnexpectedEof) {
            let expected = match self.expected {
                Some(expected) => format!(" of {expected}"),
                None => String::new(),
            };
            let message = format!(
                "the body was cut short: the connection closed after {received}{expected} bytes"
            );
            return Failure::new(Stage::Read, message).caused_by(error);
        }
        explain(error, "reading the body")
    }
}

/// hyper's half of a connection: moves bytes between the socket and whoever waits for them.
struct Driver {
    connection: Option<Pin<Box<HyperConnection>>>,
    failure: Option<hyper::Error>,
}

impl Driver {
    fn new(connection: HyperConnection) -> Self {
        Self { connection: Some(Box::pin(connection)), failure: None }
    }

    /// Waits for `fut`, and moves bytes meanwhile.
    async fn run_beside<T>(&mut self, fut: impl Future<Output = T>) -> T {
        let mut fut = pin!(fut);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(value) = fut.as_mut().poll(cx) {
                return Poll::Ready(value);
            }
            self.turn(cx);
            // What came in just now may be what `fut` waits for.
            fut.as_mut().poll(cx)
        })
        .await
    }

    fn turn(&mut self, cx: &mut Context<'_>) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        if let Poll::Ready(end) = connection.as_mut().poll(cx) {
            self.connection = None;
            self.failure = end.err();
        }
    }
}

/// What hyper's `error` means. `doing` completes "the connection broke while …".
fn explain(error: hyper::Error, doing: &str) -> Failure {
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
    } else if let Some(WriteFailed(cause)) = write_failed(&error) {
        let message = format!("the connection broke while sending the request: {cause}");
        (Stage::Send, message)
    } else {
        let message = format!("the connection broke while {doing}: {}", root(&error));
        (Stage::Read, message)
    };
    Failure::new(stage, message).caused_by(error)
}

fn io_kind(error: &hyper::Error) -> Option<ErrorKind> {
    io_error(error).map(io::Error::kind)
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
            let connection = Connection::new(Rc::new(Unwritable)).await.unwrap();
            connection.send(Request::new(Empty::new())).await
        });
        let error = result.err().unwrap().at("http://localhost/");
        assert_eq!(error.stage(), Stage::Send);
        assert_eq!(
            error.to_string(),
            "http://localhost/: the connection broke while sending the request: broken pipe"
        );
    }
}
