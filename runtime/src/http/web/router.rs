//! Which handler answers which path. Mirrors `aiohttp.web.UrlDispatcher`.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use hyper::Method;
use percent_encoding::percent_decode_str;

use super::error::HttpError;
use super::request::Request;
use super::response::{IntoResponse, Response};
use super::static_files::StaticFiles;

/// Handlers by path and method. Mirrors `aiohttp.web.Application().router`.
///
/// A part of a path in braces is a parameter, `/users/{id}`: it takes anything up to the next slash, and
/// [`Request::match_info`] gives it. `/files/{*path}` takes all that is left. A path written out goes before
/// one with a parameter, whichever was added first. Paths are compared as they come, with their escapes.
///
/// A path that isn't there is answered with 404, a method that isn't with 405. `HEAD` goes where `GET` does.
///
/// ```
/// use asyncio::http;
/// use asyncio::http::web::{Request, Router};
///
/// async fn index(_request: Request) -> &'static str {
///     "try /hello/Ada"
/// }
///
/// async fn hello(request: Request) -> String {
///     format!("Hello, {}!", request.match_info("name").unwrap())
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// asyncio::run(async {
///     let router = Router::new().get("/", index).get("/hello/{name}", hello);
///     let server = http::serve(("127.0.0.1", 0), router).await?;
///     let url = format!("http://{}/hello/Ada", server.local_addrs()[0]);
///     let text = http::ClientSession::new().get(&url).await?.text().await?;
///     assert_eq!(text, "Hello, Ada!");
///     Ok(())
/// })
/// # }
/// ```
#[derive(Default)]
pub struct Router {
    paths: matchit::Router<usize>,
    /// Where a path is in `resources`.
    places: HashMap<String, usize>,
    resources: Vec<Vec<Route>>,
}

struct Route {
    /// `None`: any.
    method: Option<Method>,
    handle: Rc<Handle>,
}

type Outcome = Result<Response, HttpError>;
type Handle = dyn Fn(Request) -> Pin<Box<dyn Future<Output = Outcome>>>;

impl Router {
    /// A router without a path. Mirrors `web.Application()`.
    ///
    /// ```
    /// let router = asyncio::http::web::Router::new();
    /// # drop(asyncio::http::serve(("127.0.0.1", 0), router));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has `handler` answer this method on `path`. Mirrors `router.add_route(method, path, handler)`.
    ///
    /// # Panics
    ///
    /// When `path` has this method already, doesn't begin with a slash, has braces that don't match, or
    /// takes what another path takes: `/{a}` beside `/{b}`.
    ///
    /// ```
    /// # use asyncio::http::web::{Request, Router};
    /// # async fn hello(_request: Request) -> &'static str { "Hello" }
    /// let method = hyper::Method::from_bytes(b"PURGE").unwrap();
    /// let router = Router::new().route(method, "/cache", hello);
    /// # drop(router);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn route<F, R>(self, method: Method, path: &str, handler: F) -> Self
    where
        F: AsyncFn(Request) -> R + 'static,
        R: IntoResponse,
    {
        self.add(Some(method), path, erase(handler))
    }

    /// Has `handler` answer `GET`, and `HEAD` with it. Mirrors `router.add_get(path, handler)`.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    ///
    /// ```
    /// # use asyncio::http::web::{Request, Router};
    /// let router = Router::new().get("/", async |_| "Hello");
    /// # drop(router);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn get<F, R>(self, path: &str, handler: F) -> Self
    where
        F: AsyncFn(Request) -> R + 'static,
        R: IntoResponse,
    {
        self.route(Method::GET, path, handler)
    }

    /// Has `handler` answer `POST`. Mirrors `router.add_post(path, handler)`.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    ///
    /// ```
    /// # use asyncio::http::web::{Request, Router};
    /// let router = Router::new().post("/", async |mut request: Request| request.text().await);
    /// # drop(router);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn post<F, R>(self, path: &str, handler: F) -> Self
    where
        F: AsyncFn(Request) -> R + 'static,
        R: IntoResponse,
    {
        self.route(Method::POST, path, handler)
    }

    /// Has `handler` answer `PUT`. Mirrors `router.add_put(path, handler)`.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    ///
    /// ```
    /// # use asyncio::http::web::Router;
    /// let router = Router::new().put("/notes/{id}", async |_| "kept");
    /// # drop(router);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn put<F, R>(self, path: &str, handler: F) -> Self
    where
        F: AsyncFn(Request) -> R + 'static,
        R: IntoResponse,
    {
        self.route(Method::PUT, path, handler)
    }

    /// Has `handler` answer `PATCH`. Mirrors `router.add_patch(path, handler)`.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    ///
    /// ```
    /// # use asyncio::http::web::Router;
    /// let router = Router::new().patch("/notes/{id}", async |_| "changed");
    /// # drop(router);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn patch<F, R>(self, path: &str, handler: F) -> Self
    where
        F: AsyncFn(Request) -> R + 'static,
        R: IntoResponse,
    {
        self.route(Method::PATCH, path, handler)
    }

    /// Has `handler` answer `DELETE`. Mirrors `router.add_delete(path, handler)`.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    ///
    /// ```
    /// # use asyncio::http::web::Router;
    /// let router = Router::new().delete("/notes/{id}", async |_| "gone");
    /// # drop(router);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn delete<F, R>(self, path: &str, handler: F) -> Self
    where
        F: AsyncFn(Request) -> R + 'static,
        R: IntoResponse,
    {
        self.route(Method::DELETE, path, handler)
    }

    /// Serves a folder's files below `prefix`. Mirrors `router.add_static(prefix, folder)`.
    ///
    /// # Panics
    ///
    /// As [`route`](Self::route).
    ///
    /// ```
    /// use asyncio::http::web::{Router, StaticFiles};
    ///
    /// let router = Router::new().static_files("/static", StaticFiles::new("public"));
    /// # drop(router);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn static_files(self, prefix: &str, files: StaticFiles) -> Self {
        let prefix = prefix.trim_end_matches('/');
        let handle = erase(async move |request: Request| {
            let path = request.match_info("path").unwrap_or_default().to_owned();
            files.answer(&request, &path).await
        });
        let below = self.add(None, &format!("{prefix}/{{*path}}"), handle.clone());
        below.add(None, &format!("{prefix}/"), handle)
    }

    #[track_caller]
    fn add(mut self, method: Option<Method>, path: &str, handle: Rc<Handle>) -> Self {
        assert!(path.starts_with('/'), "the path {path:?} must begin with a slash");
        let next = self.resources.len();
        let place = *self.places.entry(path.to_owned()).or_insert(next);
        if place == next {
            self.paths
                .insert(path, place)
                .unwrap_or_else(|error| panic!("the path {path:?} can't be added: {error}"));
            self.resources.push(Vec::new());
        }
        let routes = &mut self.resources[place];
        assert!(
            routes.iter().all(|route| route.method != method),
            "the path {path:?} has a handler for this method already: {}",
            method.as_ref().map_or("*", Method::as_str)
        );
        routes.push(Route { method, handle });
        self
    }

    /// The handler for a request, which learns what its path's parameters are.
    fn find(&self, request: &mut Request) -> Result<&Handle, HttpError> {
        let found = self.paths.at(request.uri().path());
        let found = found.map_err(|_| HttpError::not_found(""))?;
        let decoded = |value| percent_decode_str(value).decode_utf8_lossy().into_owned();
        let parameters = found.params.iter();
        let parameters =
            parameters.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let routes = &self.resources[*found.value];
        let of_method = |method: &Method| {
            let takes = |route: &&Route| route.method.as_ref().is_none_or(|own| own == method);
            routes.iter().find(takes)
        };
        let route = of_method(request.method()).or_else(|| {
            (request.method() == Method::HEAD).then(|| of_method(&Method::GET)).flatten()
        });
        let route = route.ok_or_else(|| HttpError::method_not_allowed(&allowed(routes)))?;
        request.set_match_info(parameters);
        Ok(&*route.handle)
    }

    pub(super) async fn answer(&self, mut request: Request) -> Outcome {
        let handle = self.find(&mut request)?;
        handle(request).await
    }
}

/// For the header `Allow`.
fn allowed(routes: &[Route]) -> String {
    let mut names: Vec<&str> =
        routes.iter().filter_map(|route| route.method.as_ref()).map(Method::as_str).collect();
    if names.contains(&"GET") && !names.contains(&"HEAD") {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.join(", ")
}

fn erase<F, R>(handler: F) -> Rc<Handle>
where
    F: AsyncFn(Request) -> R + 'static,
    R: IntoResponse,
{
    let handler = Rc::new(handler);
    Rc::new(move |request| {
        let handler = handler.clone();
        Box::pin(async move { handler(request).await.into_response() })
    })
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut paths: Vec<&String> = self.places.keys().collect();
        paths.sort_unstable();
        f.debug_struct("Router").field("paths", &paths).finish_non_exhaustive()
    }
}
