//! A request on its way: from redirect to redirect, each over a connection of the pool or a new one.
//!
//! For `request`. Mirrors the loop in aiohttp's `ClientSession._request`.
//!
//! What must hold: a request is sent a second time only on a connection that was used before and broke
//! without a word, once, and only if none of it went out or asking twice is the same as asking once
//! (RFC 9110, 9.2.2).

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use hyper::Method;
use hyper::body::Body as _;
use hyper::header::{
    CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION, UPGRADE,
};
use hyper::http::response::Parts;
use url::Url;

use super::body::Body;
use super::connect::{self, Route};
use super::connection::{Answer, Connection, Request, Unanswered};
use super::error::{Failure, Stage};
use super::headers::add_credentials;
use super::incoming::Incoming;
use super::pool::{Closed, Lease};
use super::redirect::{self, Redirect};
use super::target::take_credentials;
use super::timeouts::Deadline;
use super::{ClientError, ClientTimeout, Inner, Response};

pub(super) struct Exchange {
    pub(super) session: Rc<Inner>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// The caller's own; those that servers have set are the session's.
    pub(super) cookies: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) timeout: ClientTimeout,
    pub(super) deadline: Deadline,
    pub(super) history: Vec<Redirect>,
    pub(super) follows: bool,
}

/// A place for a connection of a session.
type Place = Lease<Route, Connection>;

impl Exchange {
    pub(super) async fn response(mut self) -> Result<Response, ClientError> {
        match self.run().await {
            Ok((head, body)) => Ok(Response::new(head, body, self)),
            Err(failure) => Err(failure.at(self.url)),
        }
    }

    /// The answer that counts, after redirects.
    pub(super) async fn run(&mut self) -> Result<(Parts, Incoming), Failure> {
        loop {
            let (head, body) = self.ask().await?;
            self.session.jar.keep(&head.headers, &self.url);
            let next = if self.follows {
                redirect::target(&self.url, head.status, &head.headers)?
            } else {
                None
            };
            let Some(next) = next else { return Ok((head, body)) };
            drop(body);
            self.follow(head, next)?;
        }
    }

    /// Asks the present URL.
    async fn ask(&mut self) -> Result<(Parts, Incoming), Failure> {
        let place = self.place().await?;
        let mut request = self.request().await?;
        if let Some(connection) = reuse(&place).await {
            match self.send(connection, request).await? {
                Ok(answer) => return Ok(Self::answered(answer, place).await),
                Err(unanswered) => request = self.again(unanswered).await?,
            }
        }
        place.make_room();
        let deadline = self.deadline.or_after("connect", self.timeout.connect);
        let settings = &self.session.settings;
        let connection = connect::open(place.key(), &self.url, settings, deadline).await?;
        match self.send(connection, request).await? {
            Ok(answer) => Ok(Self::answered(answer, place).await),
            Err(unanswered) => Err(unanswered.failure),
        }
    }

    fn route(&self) -> Result<Route, Failure> {
        let changes = self.headers.contains_key(UPGRADE);
        Route::to(&self.url, &self.session.settings.proxies, changes)
    }

    async fn place(&self) -> Result<Place, Failure> {
        self.deadline
            .or_after("pool", self.timeout.pool)
            .within(self.session.pool.lease(self.route()?))
            .await
            .map_err(|limit| Failure::timeout(limit, "waiting for a free connection"))?
            .map_err(|Closed| {
                Failure::new(Stage::Request, "the session is closed: make another one")
            })
    }

    async fn answered(answer: Answer, place: Place) -> (Parts, Incoming) {
        let (head, mut body) = Incoming::new(answer, place);
        poll_fn(|cx| {
            body.release_if_empty(cx, head.status);
            Poll::Ready(())
        })
        .await;
        (head, body)
    }

    /// Sends `request`. The limit `read` counts from the last byte that went out.
    async fn send(
        &self,
        connection: Connection,
        request: Request,
    ) -> Result<Result<Answer, Unanswered>, Failure> {
        let meter = connection.meter();
        let mut sending = pin!(connection.send(request));
        loop {
            let written = meter.written();
            let deadline = self.deadline.or_after("read", self.timeout.read);
            match deadline.within(sending.as_mut()).await {
                Ok(answer) => return Ok(answer),
                Err(limit) if limit.is("read") && meter.written() > written => {}
                Err(limit) => return Err(Failure::timeout(limit, "waiting for the answer")),
            }
        }
    }

    /// The request once more, if it may be sent again.
    async fn again(&mut self, unanswered: Unanswered) -> Result<Request, Failure> {
        let Unanswered { failure, is_stale, unsent } = unanswered;
        match unsent {
            Some(request) if is_stale => Ok(request),
            None if is_stale && self.method.is_idempotent() && self.body.is_replayable() => {
                self.request().await
            }
            _ => Err(failure),
        }
    }

    async fn request(&mut self) -> Result<Request, Failure> {
        let unusable = |error: hyper::http::Error| {
            Failure::new(Stage::Request, format!("the URL can't be sent: {error}"))
        };
        let body = self.body.open().await?;
        let route = self.route()?;
        let target = match route.showing_proxy() {
            Some(_) => &self.url[..url::Position::AfterQuery],
            None => &self.url[url::Position::BeforePath..url::Position::AfterQuery],
        };
        let mut request = hyper::Request::builder()
            .method(self.method.clone())
            .uri(target)
            .body(body)
            .map_err(unusable)?;
        *request.headers_mut() = self.headers.clone();
        // A server may wait for the body of a request that says nothing of it (RFC 9110, 8.6).
        if request.body().is_end_stream()
            && matches!(self.method, Method::POST | Method::PUT | Method::PATCH)
        {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if !self.headers.contains_key(COOKIE)
            && let Some(cookies) = self.session.jar.header(&self.cookies, &self.url)?
        {
            request.headers_mut().insert(COOKIE, cookies);
        }
        if let Some(credentials) = route.showing_proxy().and_then(|proxy| proxy.credentials.clone())
        {
            request.headers_mut().entry(PROXY_AUTHORIZATION).or_insert(credentials);
        }
        if !self.headers.contains_key(HOST) {
            let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
            let host = HeaderValue::try_from(host).map_err(|error| unusable(error.into()))?;
            request.headers_mut().insert(HOST, host);
        }
        Ok(request)
    }

    fn follow(&mut self, head: Parts, mut next: Url) -> Result<(), Failure> {
        if redirect::becomes_get(head.status, &self.method) {
            self.method = Method::GET;
            self.body = Body::empty();
            redirect::forget_body(&mut self.headers);
        } else if !self.body.is_replayable() {
            return Err(redirect::not_replayable(head.status, &next));
        }
        if self.url.origin() != next.origin() {
            redirect::keep_credentials_home(&mut self.headers);
            self.cookies.clear();
        }
        add_credentials(&mut self.headers, take_credentials(&mut next));
        self.history.push(Redirect {
            status: head.status,
            url: std::mem::replace(&mut self.url, next),
            headers: head.headers,
        });
        redirect::check_count(&self.history, &self.url)
    }
}

/// An idle connection that is still good.
async fn reuse(place: &Place) -> Option<Connection> {
    poll_fn(|cx| {
        while let Some(mut connection) = place.idle() {
            if connection.is_ready(cx) {
                return Poll::Ready(Some(connection));
            }
        }
        Poll::Ready(None)
    })
    .await
}
