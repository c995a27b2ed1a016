//! What a request is answered with. Knows the book that is served now; nothing of sockets.

use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use hyper::http::response::Builder;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use super::current::Current;
use super::reload::{self, Events};
use super::site::{File, Found, Site};

use std::rc::Rc;

/// Bytes that are there, or events that come.
pub(super) type Body = Either<Full<Bytes>, Events>;

/// hyper leaves the body of an answer to HEAD out, and tells its length.
pub(super) fn answer<B>(current: &Rc<Current>, request: &Request<B>) -> Response<Body> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return method_not_allowed();
    }
    let path = request.uri().path();
    if path == reload::PATH {
        return changes(current, request.method());
    }
    let site = current.state().site;
    match site.find(path) {
        Some(Found::File(file)) => page(file, request.headers()),
        Some(Found::Folder(path)) => moved(&path),
        None => not_found(&site),
    }
}

fn page(file: &File, headers: &HeaderMap) -> Response<Body> {
    let head = head(StatusCode::OK).header(ETAG, format!("\"{}\"", file.tag));
    if has_it_already(headers, &file.tag) {
        return finish(head.status(StatusCode::NOT_MODIFIED), Bytes::new());
    }
    finish(head.header(CONTENT_TYPE, file.content_type), file.bytes.clone())
}

fn not_found(site: &Site) -> Response<Body> {
    let head = head(StatusCode::NOT_FOUND);
    match site.file("404.html") {
        Some(file) => finish(head.header(CONTENT_TYPE, file.content_type), file.bytes.clone()),
        None => finish(text(head), "The book has no such page. It begins at /\n"),
    }
}

fn moved(path: &str) -> Response<Body> {
    let head = head(StatusCode::TEMPORARY_REDIRECT).header(LOCATION, path);
    finish(text(head), "The page is at the same path with a slash at its end.\n")
}

fn method_not_allowed() -> Response<Body> {
    let head = head(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, "GET, HEAD");
    finish(text(head), "A book can only be read.\n")
}

fn changes(current: &Rc<Current>, method: &Method) -> Response<Body> {
    let head = head(StatusCode::OK).header(CONTENT_TYPE, "text/event-stream");
    if method == Method::HEAD {
        return finish(head, Bytes::new());
    }
    let events = Events(current.subscribe());
    head.body(Either::Right(events)).expect("constants make a valid head")
}

/// What every answer says: ask again before you show it another time, it may have changed.
fn head(status: StatusCode) -> Builder {
    Response::builder().status(status).header(CACHE_CONTROL, "no-cache")
}

fn text(head: Builder) -> Builder {
    head.header(CONTENT_TYPE, "text/plain; charset=utf-8")
}

fn finish(head: Builder, body: impl Into<Bytes>) -> Response<Body> {
    head.body(Either::Left(Full::new(body.into()))).expect("URL paths and tags are valid in a head")
}

/// Whether `If-None-Match` names the file as it is.
fn has_it_already(headers: &HeaderMap, tag: &str) -> bool {
    let is_it = |known: &str| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/").trim_matches('"') == tag
    };
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).any(is_it)
}
