//! One connection: hyper reads its requests, handlers answer them, `watch` keeps the times. Mirrors
//! `aiohttp.web_protocol.RequestHandler`.
//!
//! A connection is one task, and its handlers run in it. What must hold: whatever a client sends or a
//! handler does, this connection alone ends.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};

use super::error::HttpError;
use super::handler::Handler;
use super::io::ServerIo;
use super::link::Link;
use super::request::Request;
use super::request_body::RequestBody;
use super::response::Response;
use super::sent::Sent;
use super::serving::{Limits, Settings};
use super::upgrade;
use super::watch::{Stage, Watch};
use crate::exceptions::ExceptionContext;
use crate::server::{Attachment, Client, ServerHandle};
use crate::task::sleep::sleep;
use crate::task::table::{self, Tasks};

/// What the exception handler is told of a handler that failed. aiohttp's words.
const UNHANDLED: &str = "Error handling request";

/// How long a client may go on sending after its last answer, so that it reads that answer: closing while
/// something is unread makes the system drop what was sent. aiohttp has 10 s.
const LINGER: Duration = Duration::from_secs(5);

/// What a client is told whose request's head didn't come in time.
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What a connection is given by its server.
pub(super) struct Given<H> {
    pub(super) attachment: Attachment,
    pub(super) handler: Rc<H>,
    pub(super) settings: Rc<Settings>,
    pub(super) server: ServerHandle,
    pub(super) tasks: Weak<Tasks>,
    pub(super) made_at: &'static Location<'static>,
}

/// How a connection ended.
enum End {
    /// hyper is through with it.
    Over(Result<(), hyper::Error>),
    /// Something in it that is no handler has panicked.
    Panicked,
    /// It has had its time.
    OutOfTime(Stage),
}

/// Runs a connection to its end.
pub(super) async fn run<H: Handler<K>, K>(link: Rc<Link>, given: Given<H>) {
    let Given { attachment, handler, settings, server, tasks, made_at } = given;
    let closing = Closing(Some(link.clone()));
    let service = {
        let (link, limit) = (link.clone(), settings.limits.body);
        service_fn(move |request| answer(handler.clone(), link.clone(), limit, request))
    };
    let io = ServerIo::new(link.clone(), settings.scratch.clone());
    let mut connection = settings.http.serve_connection(io, service);
    let end = serve(&mut connection, &link, &settings.limits).await;
    let session = link.session.take();
    match (&end, session) {
        (End::Over(Ok(())), Some(session)) => {
            let ahead = connection.into_parts().read_buf;
            closing.leave_open();
            let Some(tasks) = tasks.upgrade() else { return };
            let (reader, writer) = upgrade::streams(&link, &ahead, &tasks, &server, made_at);
            drop((attachment, tasks));
            drop(link);
            upgrade::run(session, reader, writer).await;
        }
        _ => part(&link, &settings, end).await,
    }
}

/// Lets hyper serve the connection until one of the two, or the server, has had enough.
async fn serve<C>(connection: &mut C, link: &Rc<Link>, limits: &Limits) -> End
where
    C: Graceful,
{
    let mut watch = Watch::new();
    let mut was_told = false;
    poll_fn(|cx| {
        link.remember(cx);
        if link.is_finishing.get() && !std::mem::replace(&mut was_told, true) {
            connection.finish();
            watch.finish(link, limits);
        }
        loop {
            if let Poll::Ready(end) = poll_contained(connection, cx) {
                return Poll::Ready(end);
            }
            match ready!(watch.poll(cx, link, limits)) {
                // hyper reads again, and finds an error; the handler may still answer.
                Some(Stage::ReadingBody) => link.reads_fail.set(true),
                Some(stage) => return Poll::Ready(End::OutOfTime(stage)),
                None => link.abort(),
            }
        }
    })
    .await
}

/// hyper's connection, whatever its types are.
trait Graceful {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>>;

    /// Takes no further request.
    fn finish(&mut self);
}

impl<S, B> Graceful for http1::Connection<ServerIo, S>
where
    S: HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: hyper::body::Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        Future::poll(Pin::new(self), cx)
    }

    fn finish(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

/// The body of an answer may be code of others, as a handler is.
fn poll_contained(connection: &mut impl Graceful, cx: &mut Context<'_>) -> Poll<End> {
    match catch_unwind(AssertUnwindSafe(|| connection.poll(cx))) {
        Ok(poll) => poll.map(End::Over),
        Err(payload) => {
            report_panic(payload);
            Poll::Ready(End::Panicked)
        }
    }
}

/// Says what is left to be said, and closes.
async fn part(link: &Rc<Link>, settings: &Settings, end: End) {
    let (farewell, has_unread) = match end {
        End::Over(outcome) => {
            if let Err(error) = &outcome {
                tell_if_debugging(link, error);
            }
            (&b""[..], outcome.is_err() || link.waits.is_left_unread())
        }
        End::OutOfTime(Stage::Head) if link.progress.has_read.get() => (TOO_SLOW, true),
        End::OutOfTime(Stage::Head | Stage::Idle) => (&b""[..], false),
        End::OutOfTime(_) | End::Panicked => return,
    };
    let mut parting = pin!(async {
        let mut left = farewell;
        while !left.is_empty() {
            left = &left[poll_fn(|cx| link.wire.poll_write(cx, left)).await?..];
        }
        poll_fn(|cx| link.wire.poll_flush(cx)).await?;
        poll_fn(|cx| link.wire.poll_shutdown(cx)).await?;
        if has_unread {
            poll_fn(|cx| poll_discard(link, settings, cx)).await?;
        }
        Ok::<_, io::Error>(())
    });
    let mut alarm = pin!(sleep(LINGER));
    poll_fn(|cx| match parting.as_mut().poll(cx) {
        // The peer is gone, or has what there is.
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending => alarm.as_mut().poll(cx),
    })
    .await;
}

/// Reads to the end.
fn poll_discard(link: &Link, settings: &Settings, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    let mut scratch = settings.scratch.borrow_mut();
    while ready!(link.wire.poll_read(cx, &mut scratch))? > 0 {}
    Poll::Ready(Ok(()))
}

/// As with the TLS handshakes that fail: a server has no use for the trouble of its clients, its author may
/// have.
fn tell_if_debugging(link: &Link, error: &hyper::Error) {
    if link.core.debug.get() {
        let peer = link.peer.map_or_else(String::new, |peer| format!(" from {peer}"));
        let message = format!("an HTTP connection{peer} was ended: {error}");
        link.core.report(&ExceptionContext::new(message));
    }
}

/// Closes the connection, however its task ends.
struct Closing(Option<Rc<Link>>);

impl Closing {
    fn leave_open(mut self) {
        self.0 = None;
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(link) = &self.0 {
            link.wire.close();
        }
    }
}

/// Has `handler` answer a request. What goes wrong in it becomes an answer, too.
async fn answer<H: Handler<K>, K>(
    handler: Rc<H>,
    link: Rc<Link>,
    limit: u64,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Sent<H::Body>>, Infallible> {
    link.progress.begin_answer();
    link.waits.leave_unread(false);
    let (head, body) = request.into_parts();
    let body = RequestBody::new(body, limit, &link.waits);
    let mut call = pin!(handler.answer(Request::new(head, body, link.clone())));
    let outcome = poll_fn(|cx| {
        let poll = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        poll.map_or_else(|payload| Poll::Ready(Err(payload)), |poll| poll.map(Ok))
    });
    let response = match outcome.await {
        Ok(Ok(response)) => response.map(|body| Sent::of_handler(body, &link)),
        Ok(Err(error)) => own(explain(error), &link),
        Err(payload) => {
            report_panic(payload);
            own(after_panic(), &link)
        }
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        drop(link.session.take());
    }
    Ok(response)
}

fn own<B>(response: Response, link: &Rc<Link>) -> hyper::Response<Sent<B>> {
    hyper::Response::from(response).map(|body| Sent::own(body, link))
}

/// The answer in the place of a handler's. What its author should know is reported.
fn explain(error: HttpError) -> Response {
    if error.status().is_server_error()
        && let (Some(tasks), Some(task)) = (table::running(), table::current())
    {
        let message = format!("{UNHANDLED}: {task}: {error}");
        tasks.core.report(&ExceptionContext::new(message));
    }
    error.into_answer()
}

/// What a handler has left half done may be part of the connection's state.
fn after_panic() -> Response {
    let error = HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "");
    let mut response = error.into_answer();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn report_panic(payload: Box<dyn Any + Send>) {
    if let (Some(tasks), Some(task)) = (table::running(), table::current()) {
        tasks.core.report_panic(UNHANDLED, task.panicked(payload));
    }
}
