//! From a URL to a connection: the host's addresses, a socket to one of them, TLS if it is https.
//!
//! For `request`. Python: `loop.getaddrinfo` and `loop.create_connection`.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use url::{Host, Url};

use super::Settings;
use super::connection::Connection;
use super::error::{Failure, Stage};
use super::timeouts::{Deadline, running_loop};
use super::tls::Tls;
use crate::net::address::Address;
use crate::net::connect::{self, connect_any};
use crate::net::resolve::resolve;
use crate::net::wire::Wire;

/// As aiohttp: an address that is silent doesn't use up the time of the next.
const HAPPY_EYEBALLS_DELAY: Duration = Duration::from_millis(250);

pub(super) async fn connect(
    url: &Url,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Connection, Failure> {
    let tls = tls_for(url, settings)?;
    let host = url.host().ok_or_else(|| no_part("host"))?;
    let port = url.port_or_known_default().ok_or_else(|| no_part("port"))?;
    let address = match &host {
        Host::Ipv4(ip) => Address::from((*ip, port)),
        Host::Ipv6(ip) => Address::from((*ip, port)),
        Host::Domain(name) => Address::from((*name, port)),
    };
    let addresses = look_up(&host, &address, deadline).await?;
    let wire = connect_to_one(&host, &address, addresses, deadline).await?;
    let wire = match tls {
        Some(tls) => secure(tls, url, &host, wire, deadline).await?,
        None => wire,
    };
    Connection::new(wire).await
}

/// What `url`, of http or https, needs of TLS: nothing, or what the session has.
fn tls_for<'a>(url: &Url, settings: &'a Settings) -> Result<Option<&'a Tls>, Failure> {
    if url.scheme() == "http" {
        return Ok(None);
    }
    settings.tls.as_ref().map(Some).ok_or_else(|| {
        Failure::new(
            Stage::Tls,
            "https needs the feature `tls`: in Cargo.toml, \
             give `asyncio` the features = [\"http\", \"tls\"]",
        )
    })
}

fn no_part(part: &str) -> Failure {
    Failure::new(Stage::Request, format!("the URL has no {part}"))
}

async fn look_up(
    host: &Host<&str>,
    address: &Address,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, Failure> {
    let found = deadline.within(resolve(&running_loop(), address)).await;
    found
        .map_err(|limit| Failure::timeout(limit, format_args!("looking up the host {host}")))?
        .map_err(|error| failed(Stage::Resolve, error))
}

async fn connect_to_one(
    host: &Host<&str>,
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

async fn secure(
    tls: &Tls,
    url: &Url,
    host: &Host<&str>,
    wire: Rc<dyn Wire>,
    deadline: Deadline,
) -> Result<Rc<dyn Wire>, Failure> {
    deadline
        .within(tls.handshake(url, host, wire))
        .await
        .map_err(|limit| Failure::timeout(limit, format_args!("agreeing on TLS with {host}")))?
}
