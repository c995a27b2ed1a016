//! The body of an answer as it comes off its connection, piece by piece.
//!
//! For `response`, and whatever undoes a compression between the two. When the last piece is here, the
//! connection goes back to the pool.

use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use hyper::StatusCode;
use hyper::body::{Body as _, Bytes};

use super::connect::Route;
use super::connection::{Answer, Connection, explain, is_cut_short};
use super::error::{Failure, Stage};
use super::pool::Lease;
use super::upgraded::UpgradedWire;
use crate::net::wire::Wire;

/// What is read at most, of what is here already, to use a connection again whose body nobody wants.
const MOST_DISMISSED: usize = 64 * 1024;

/// A body's pieces, whatever they went through on their way.
pub(super) trait Pieces {
    /// The next piece; `None` after the last. After an error it isn't called again.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>>;
}

/// The pieces as the server sent them.
pub(super) struct Incoming {
    body: hyper::body::Incoming,
    /// `None` once the body has ended.
    link: Option<Link>,
    received: u64,
    expected: Option<u64>,
}

/// A connection, and its place among those that the session may have.
struct Link {
    connection: Connection,
    lease: Lease<Route, Connection>,
}

impl Incoming {
    pub(super) fn new(
        answer: Answer,
        lease: Lease<Route, Connection>,
    ) -> (hyper::http::response::Parts, Self) {
        let (head, body) = answer.response.into_parts();
        let expected = body.size_hint().exact();
        let link = Link { connection: answer.connection, lease };
        (head, Self { body, link: Some(link), received: 0, expected })
    }

    /// How many bytes the head has promised.
    pub(super) fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// Gives the connection back at once, if nothing comes after the head. One that changes protocols is
    /// kept for [`upgrade`](Self::upgrade).
    pub(super) fn release_if_empty(&mut self, cx: &mut Context<'_>, status: StatusCode) {
        if self.body.is_end_stream() && status != StatusCode::SWITCHING_PROTOCOLS {
            self.end(cx);
        }
    }

    /// The connection itself, after an answer of 101. `None`: it is gone.
    pub(super) async fn upgrade(mut self) -> Result<Option<Rc<dyn Wire>>, Failure> {
        let Some(Link { connection, lease }) = self.link.take() else { return Ok(None) };
        let (wire, ahead) = connection.into_wire().await?;
        Ok(Some(Rc::new(UpgradedWire::new(wire, ahead, lease))))
    }

    /// Gives the connection back if it can be used again.
    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(Link { mut connection, lease }) = self.link.take()
            && connection.is_ready(cx)
        {
            lease.put_back(connection);
        }
    }

    fn explain(&self, error: hyper::Error) -> Failure {
        if is_cut_short(&error) {
            let received = self.received;
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

/// Reads what is here already of a body that nobody wants, so that its connection can be used again;
/// otherwise the connection is closed.
impl Drop for Incoming {
    fn drop(&mut self) {
        if self.link.is_none() || crate::get_running_loop().is_err() {
            return;
        }
        let mut cx = Context::from_waker(Waker::noop());
        let mut dismissed = 0;
        while let Poll::Ready(Ok(Some(piece))) = self.poll_piece(&mut cx) {
            dismissed += piece.len();
            if dismissed > MOST_DISMISSED {
                return;
            }
        }
    }
}

impl Pieces for Incoming {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        loop {
            let Some(link) = &mut self.link else { return Poll::Ready(Ok(None)) };
            match ready!(link.connection.poll_frame(cx, &mut self.body)) {
                Some(Ok(frame)) => {
                    // The other kind of frame is trailers, which nobody asks for.
                    if let Ok(piece) = frame.into_data() {
                        self.received += piece.len() as u64;
                        return Poll::Ready(Ok(Some(piece)));
                    }
                }
                // More than was promised came: this answer is whole, and the connection of no use.
                Some(Err(_)) if self.expected == Some(self.received) => {
                    self.link = None;
                    return Poll::Ready(Ok(None));
                }
                Some(Err(error)) => {
                    self.link = None;
                    return Poll::Ready(Err(self.explain(error)));
                }
                None => {
                    self.end(cx);
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }
}
