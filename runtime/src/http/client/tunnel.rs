//! Through a proxy: a connection to it, and a tunnel for what it is not to see.
//!
//! For `connect`. Mirrors `_create_proxy_connection` of aiohttp's `connector`.

use std::rc::Rc;

use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Method, StatusCode};
use url::Url;

use super::Settings;
use super::connect::{Route, dial, secure, tls_of};
use super::connection::{Connection, Request};
use super::error::{Failure, Stage};
use super::outgoing::Outgoing;
use super::proxy::Proxy;
use super::timeouts::Deadline;
use crate::net::wire::Wire;

/// A wire to the proxy, or through it if the route is a tunnel.
pub(super) async fn reach(
    proxy: &Proxy,
    route: &Route,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Rc<dyn Wire>, Failure> {
    let mut wire = dial(&proxy.host, proxy.port, deadline).await?;
    if proxy.is_secure {
        let url = Url::parse(&proxy.to_string()).expect("it was made of a URL");
        wire = secure(tls_of(settings)?, &url, &proxy.host, wire, deadline).await?;
    }
    if !route.is_tunnel {
        return Ok(wire);
    }
    deadline
        .within(dig(wire, proxy, route))
        .await
        .map_err(|limit| Failure::timeout(limit, "waiting for the tunnel"))?
}

/// Asks the proxy for a tunnel to where `route` leads.
async fn dig(wire: Rc<dyn Wire>, proxy: &Proxy, route: &Route) -> Result<Rc<dyn Wire>, Failure> {
    let target = format!("{}:{}", route.host, route.port);
    let request = connect_request(&target, proxy)?;
    let connection = Connection::new(wire).await?;
    let answer = connection.send(request).await.map_err(|unanswered| unanswered.failure)?;
    let status = answer.response.status();
    if !status.is_success() {
        return Err(refused(status, &target));
    }
    let (wire, ahead) = answer.connection.into_wire().await?;
    if !ahead.is_empty() {
        let message = format!("it sent {} bytes into the tunnel before anybody else", ahead.len());
        return Err(Failure::new(Stage::Proxy, message));
    }
    Ok(wire)
}

fn connect_request(target: &str, proxy: &Proxy) -> Result<Request, Failure> {
    let unusable = |error: hyper::http::Error| {
        Failure::new(Stage::Request, format!("{target} can't be asked for: {error}"))
    };
    let mut request = hyper::Request::builder()
        .method(Method::CONNECT)
        .uri(target)
        .header(HOST, target)
        .header(
            USER_AGENT,
            HeaderValue::from_static(concat!("asyncio/", env!("CARGO_PKG_VERSION"))),
        )
        .body(Outgoing::whole(hyper::body::Bytes::new()))
        .map_err(unusable)?;
    if let Some(credentials) = &proxy.credentials {
        request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.clone());
    }
    Ok(request)
}

fn refused(status: StatusCode, target: &str) -> Failure {
    let advice = match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            ". Give it a name and a password it knows: http://user:password@proxy.example:3128"
        }
        _ => "",
    };
    let message = format!("it makes no tunnel to {target}: it answered {status}{advice}");
    Failure::new(Stage::Proxy, message)
}
