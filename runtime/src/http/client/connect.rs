//! From a route to a connection: the host's addresses, a socket to one of them, TLS if it is https.
//!
//! For `exchange`. Python: `loop.getaddrinfo` and `loop.create_connection`.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use url::{Host, Url};

use super::Settings;
use super::connection::Connection;
use super::error::{Failure, Stage};
use super::proxy::{Proxies, Proxy};
use super::timeouts::{Deadline, running_loop};
use super::tls::Tls;
use super::tunnel;
use crate::net::address::Address;
use crate::net::connect::{self, connect_any};
use crate::net::resolve::resolve;
use crate::net::wire::Wire;

/// As aiohttp: an address that is silent doesn't use up the time of the next.
const HAPPY_EYEBALLS_DELAY: Duration = Duration::from_millis(250);

/// What connections are alike by: one of the same route can serve the next request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Route {
    pub(super) is_secure: bool,
    pub(super) host: Host<String>,
    pub(super) port: u16,
    pub(super) proxy: Option<Rc<Proxy>>,
    /// The proxy is to pass bytes on, and sees no request.
    pub(super) is_tunnel: bool,
}

impl Route {
    /// The way to `url`, of http or https. `changes`: the connection is to change protocols, which a proxy
    /// had better not see.
    pub(super) fn to(url: &Url, proxies: &Proxies, changes: bool) -> Result<Self, Failure> {
        let host = url.host().ok_or_else(|| no_part("host"))?.to_owned();
        let port = url.port_or_known_default().ok_or_else(|| no_part("port"))?;
        let is_secure = url.scheme() == "https";
        let proxy = proxies.of(url);
        let is_tunnel = proxy.is_some() && (is_secure || changes);
        Ok(Self { is_secure, host, port, proxy, is_tunnel })
    }

    /// The proxy that is to be shown the request.
    pub(super) fn showing_proxy(&self) -> Option<&Proxy> {
        self.proxy.as_deref().filter(|_| !self.is_tunnel)
    }
}

fn no_part(part: &str) -> Failure {
    Failure::new(Stage::Request, format!("the URL has no {part}"))
}

/// A new connection. `url` is for the errors' texts.
pub(super) async fn open(
    route: &Route,
    url: &Url,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Connection, Failure> {
    let tls = if route.is_secure { Some(tls_of(settings)?) } else { None };
    let wire = match &route.proxy {
        None => dial(&route.host, route.port, deadline).await?,
        Some(proxy) => tunnel::reach(proxy, route, settings, deadline)
            .await
            .map_err(|failure| failure.with_prefix(&format!("through the proxy {proxy}: ")))?,
    };
    let wire = match tls {
        Some(tls) => secure(tls, url, &route.host, wire, deadline).await?,
        None => wire,
    };
    Connection::new(wire).await
}

pub(super) fn tls_of(settings: &Settings) -> Result<&Tls, Failure> {
    settings.tls.as_ref().ok_or_else(|| {
        Failure::new(
            Stage::Tls,
            "https needs the feature `tls`: in Cargo.toml, \
             give `asyncio` the features = [\"http\", \"tls\"]",
        )
    })
}

/// A socket to `host`.
pub(super) async fn dial(
    host: &Host<String>,
    port: u16,
    deadline: Deadline,
) -> Result<Rc<dyn Wire>, Failure> {
    let address = match host {
        Host::Ipv4(ip) => Address::from((*ip, port)),
        Host::Ipv6(ip) => Address::from((*ip, port)),
        Host::Domain(name) => Address::from((&**name, port)),
    };
    let addresses = look_up(host, &address, deadline).await?;
    connect_to_one(host, &address, addresses, deadline).await
}

async fn look_up(
    host: &Host<String>,
    address: &Address,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, Failure> {
    let found = deadline.within(resolve(&running_loop(), address)).await;
    found
        .map_err(|limit| Failure::timeout(limit, format_args!("looking up the host {host}")))?
        .map_err(|error| failed(Stage::Resolve, error))
}

async fn connect_to_one(
    host: &Host<String>,
    address: &Address,
    addresses: Vec<SocketAddr>,
    deadline: Deadline,
) -> Result<Rc<dyn Wire>, Failure> {
    let options = connect::Options {
        happy_eyeballs_delay: Some(HAPPY_EYEBALLS_DELAY),
        ..connect::Options::default()
    };
    let connected =
        deadline.within(connect_any(&running_loop(), address, addresses, None, &options)).await;
    connected
        .map_err(|limit| Failure::timeout(limit, format_args!("connecting to {host}")))?
        .map_err(|error| failed(Stage::Connect, error))
}

/// The errors of `net` are whole messages.
fn failed(stage: Stage, error: io::Error) -> Failure {
    Failure::new(stage, error.to_string()).caused_by(error)
}

/// TLS over `wire`.
pub(super) async fn secure(
    tls: &Tls,
    url: &Url,
    host: &Host<String>,
    wire: Rc<dyn Wire>,
    deadline: Deadline,
) -> Result<Rc<dyn Wire>, Failure> {
    deadline
        .within(tls.handshake(url, host, wire))
        .await
        .map_err(|limit| Failure::timeout(limit, format_args!("agreeing on TLS with {host}")))?
}
