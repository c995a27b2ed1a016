//! What may answer requests: async functions, and services of the crate tower.
//!
//! For `connection`, which calls it. Mirrors aiohttp's request handlers.

use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;

use hyper::body::{Body as HttpBody, Buf};
use tower_service::Service;

use super::body::Body;
use super::error::HttpError;
use super::request::Request;
use super::request_body::RequestBody;
use super::response::IntoResponse;
use super::router::Router;

/// What answers requests: an async function or closure of a [`Request`], whose result is
/// [`IntoResponse`]; a [`Router`] of them; or any `Service` of the crate tower that takes an `http::Request`, such as axum's
/// `Router`.
///
/// `Kind` is found by the compiler. A service is cloned for each request, as axum does.
///
/// ```
/// use asyncio::http;
/// use asyncio::http::web::Request;
///
/// async fn hello(_request: Request) -> &'static str {
///     "Hello"
/// }
///
/// let greeting = String::from("Hello");
/// let closure = async move |request: Request| format!("{greeting} from {}", request.path());
/// # drop((http::serve(("127.0.0.1", 0), hello), http::serve(("127.0.0.1", 0), closure)));
/// ```
pub trait Handler<Kind>: 'static {
    #[doc(hidden)]
    type Body: HttpBody<Data: Buf, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin + 'static;

    #[doc(hidden)]
    fn answer(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<hyper::Response<Self::Body>, HttpError>>;
}

/// How the compiler tells kinds of handlers apart.
mod kinds {
    #[derive(Debug)]
    pub struct Function;
    #[derive(Debug)]
    pub struct Routed;
    #[derive(Debug)]
    pub struct Tower<Body, Error>(std::marker::PhantomData<(Body, Error)>);
}

impl<F, R> Handler<kinds::Function> for F
where
    F: AsyncFn(Request) -> R + 'static,
    R: IntoResponse,
{
    type Body = Body;

    async fn answer(&self, request: Request) -> Result<hyper::Response<Body>, HttpError> {
        Ok(self(request).await.into_response()?.into())
    }
}

impl Handler<kinds::Routed> for Router {
    type Body = Body;

    async fn answer(&self, request: Request) -> Result<hyper::Response<Body>, HttpError> {
        Ok(Router::answer(self, request).await?.into())
    }
}

impl<S, B, E> Handler<kinds::Tower<B, E>> for S
where
    S: Service<hyper::Request<RequestBody>, Response = hyper::Response<B>, Error = E>
        + Clone
        + 'static,
    B: HttpBody<Data: Buf, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    /// A body may be one that can't be moved once it was polled.
    type Body = Pin<Box<B>>;

    async fn answer(&self, request: Request) -> Result<hyper::Response<Pin<Box<B>>>, HttpError> {
        let mut service = self.clone();
        let failed = |error: E| {
            let error: Box<dyn Error + Send + Sync> = error.into();
            HttpError::internal(error as Box<dyn Error>)
        };
        poll_fn(|cx| service.poll_ready(cx)).await.map_err(failed)?;
        Ok(service.call(request.into()).await.map_err(failed)?.map(Box::pin))
    }
}
