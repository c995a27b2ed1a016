//! From a URL to a connection: the host's addresses, a socket to one of them, TLS if it is https.
//!
//! For `request`. Python: `loop.getaddrinfo` and `loop.create_connection`.

use std::fmt::Write;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};

use async_io::Async;
use url::{Host, Url};

use super::Settings;
use super::connection::Connection;
use super::error::{Failure, Stage};
use super::timeouts::Deadline;
use super::tls::Tls;
use crate::http::io::{Socket, Stream};

pub(super) async fn connect(
    url: &Url,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Connection, Failure> {
    let tls = tls_for(url, settings)?;
    let host = url.host().ok_or_else(|| no_part("host"))?;
    let port = url.port_or_known_default().ok_or_else(|| no_part("port"))?;
    let addresses = resolve(&host, port, deadline).await?;
    let socket = Socket::new(connect_to_one(&host, &addresses, deadline).await?);
    let stream = match tls {
        Some(tls) => secure(tls, url, &host, socket, deadline).await?,
        None => Box::new(socket),
    };
    Connection::new(stream).await
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

/// All addresses of `host`. The system's resolver blocks, so a name is looked up on the thread pool.
async fn resolve(
    host: &Host<&str>,
    port: u16,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, Failure> {
    let name = match host {
        Host::Ipv4(address) => return Ok(vec![SocketAddr::new((*address).into(), port)]),
        Host::Ipv6(address) => return Ok(vec![SocketAddr::new((*address).into(), port)]),
        Host::Domain(name) => (*name).to_owned(),
    };
    let lookup = blocking::unblock(move || Ok((name.as_str(), port).to_socket_addrs()?.collect()));
    deadline
        .within(lookup)
        .await
        .map_err(|limit| Failure::timeout(limit, format_args!("looking up the host {host}")))?
        .and_then(|addresses: Vec<_>| {
            if addresses.is_empty() {
                return Err(io::Error::other("it has no address"));
            }
            Ok(addresses)
        })
        .map_err(|error| {
            let message = format!(
                "cannot find the host {host}: {error}. Check the name, and that the network is up"
            );
            Failure::new(Stage::Resolve, message).caused_by(error)
        })
}

/// A socket to the first of `addresses` that answers. Each gets an equal share of the time left, so
/// that one that is silent doesn't use up the time of the next.
async fn connect_to_one(
    host: &Host<&str>,
    addresses: &[SocketAddr],
    deadline: Deadline,
) -> Result<Async<TcpStream>, Failure> {
    let mut refusals = Refusals::default();
    for (address, attempts_left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = deadline.share(u32::try_from(attempts_left).unwrap_or(u32::MAX));
        match share.within(Async::<TcpStream>::connect(*address)).await {
            Ok(Ok(stream)) => {
                // Only a delay is at stake: what is sent is whole messages.
                let _ = stream.get_ref().set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => refusals.add(*address, error),
            Err(limit) if deadline.is_over() => {
                return Err(Failure::timeout(
                    limit,
                    format_args!("connecting to {host} ({address})"),
                ));
            }
            Err(_) => refusals.add(*address, io::ErrorKind::TimedOut.into()),
        }
    }
    Err(refusals.into_failure(host))
}

/// What each address answered.
#[derive(Default)]
struct Refusals {
    text: String,
    beyond_this_machine: bool,
    last: Option<io::Error>,
}

impl Refusals {
    fn add(&mut self, address: SocketAddr, error: io::Error) {
        let separator = if self.text.is_empty() { "" } else { "; " };
        let _ = write!(self.text, "{separator}{address}: {error}");
        self.beyond_this_machine |= !address.ip().is_loopback();
        self.last = Some(error);
    }

    fn into_failure(self, host: &Host<&str>) -> Failure {
        let network = if self.beyond_this_machine { ", and that the network is up" } else { "" };
        let message = format!(
            "cannot connect to {host} ({}). Check that a server is listening there{network}",
            self.text
        );
        let failure = Failure::new(Stage::Connect, message);
        match self.last {
            Some(error) => failure.caused_by(error),
            None => failure,
        }
    }
}

async fn secure(
    tls: &Tls,
    url: &Url,
    host: &Host<&str>,
    socket: Socket,
    deadline: Deadline,
) -> Result<Box<dyn Stream>, Failure> {
    let stream = deadline
        .within(tls.handshake(url, host, socket))
        .await
        .map_err(|limit| Failure::timeout(limit, format_args!("agreeing on TLS with {host}")))??;
    Ok(Box::new(stream))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_address_that_refuses_is_followed_by_the_next() {
        let [refusing, listening] = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let addresses = [&refusing, &listening].map(|listener| listener.local_addr().unwrap());
        drop(refusing);
        let stream =
            crate::run(connect_to_one(&Host::Domain("localhost"), &addresses, Deadline::NEVER))
                .unwrap();
        assert_eq!(stream.get_ref().peer_addr().unwrap(), addresses[1]);
    }

    #[test]
    fn when_all_addresses_refuse_each_ones_answer_is_told() {
        let mut refusals = Refusals::default();
        for address in ["[2001:db8::1]:80", "192.0.2.1:80"] {
            let error = io::ErrorKind::ConnectionRefused.into();
            refusals.add(address.parse().unwrap(), error);
        }
        let error = refusals.into_failure(&Host::Domain("example.org")).at("http://example.org/");
        assert_eq!(
            error.to_string(),
            "http://example.org/: cannot connect to example.org \
             ([2001:db8::1]:80: connection refused; 192.0.2.1:80: connection refused). \
             Check that a server is listening there, and that the network is up"
        );
    }

    #[test]
    fn a_refusal_of_this_machine_is_not_the_networks() {
        let mut refusals = Refusals::default();
        for address in ["[::1]:80", "127.0.0.1:80"] {
            refusals.add(address.parse().unwrap(), io::ErrorKind::ConnectionRefused.into());
        }
        let error = refusals.into_failure(&Host::Domain("localhost")).at("http://localhost/");
        let text = error.to_string();
        assert!(text.ends_with("). Check that a server is listening there"), "{text}");
    }
}
