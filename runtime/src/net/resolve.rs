//! From names to addresses. Mirrors `loop.getaddrinfo`.
//!
//! The system's resolver blocks, so a name is looked up on another thread; what is numeric needs none.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use super::address::{Address, Place};
use crate::event_loop::EventLoop;

impl EventLoop {
    /// The addresses of a host, in the order in which to try them, each once. Mirrors
    /// `loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)`.
    ///
    /// A name is looked up on another thread, by the system; a numeric host is taken as it is. Python's
    /// arguments `family`, `proto` and `flags` are left out: filter the answer.
    ///
    /// # Errors
    ///
    /// When a name is not found; the message says which and why.
    ///
    /// # Panics
    ///
    /// When the loop is closed, and after
    /// [`shutdown_default_executor`](EventLoop::shutdown_default_executor).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when it is dropped. A lookup that has begun goes on, and a run waits for it at its
    /// end, as for every [call on another thread](EventLoop::run_in_executor).
    ///
    /// ```
    /// asyncio::run(async {
    ///     let event_loop = asyncio::get_running_loop().unwrap();
    ///     let addresses = event_loop.getaddrinfo(("127.0.0.1", 80)).await?;
    ///     assert_eq!(addresses, ["127.0.0.1:80".parse().unwrap()]);
    /// #   Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn getaddrinfo(&self, address: impl Into<Address>) -> io::Result<Vec<SocketAddr>> {
        resolve(self, &address.into()).await
    }
}

/// The addresses to connect to.
pub(crate) async fn resolve(
    event_loop: &EventLoop,
    address: &Address,
) -> io::Result<Vec<SocketAddr>> {
    let mut found = Vec::new();
    for place in address.places() {
        match place {
            Place::Numeric(address) => add(&mut found, [*address]),
            Place::Name(host, port) => add(&mut found, look_up(event_loop, host, *port).await?),
        }
    }
    Ok(found)
}

/// The addresses to listen on: the host `""` stands for all interfaces.
pub(crate) async fn resolve_own(
    event_loop: &EventLoop,
    address: &Address,
) -> io::Result<Vec<SocketAddr>> {
    let mut found = Vec::new();
    for place in address.places() {
        match place {
            Place::Numeric(address) => add(&mut found, [*address]),
            Place::Name(host, port) if host.is_empty() => add(&mut found, all_interfaces(*port)),
            Place::Name(host, port) => add(&mut found, look_up(event_loop, host, *port).await?),
        }
    }
    Ok(found)
}

fn all_interfaces(port: u16) -> [SocketAddr; 2] {
    [(Ipv4Addr::UNSPECIFIED, port).into(), (Ipv6Addr::UNSPECIFIED, port).into()]
}

fn add(found: &mut Vec<SocketAddr>, addresses: impl IntoIterator<Item = SocketAddr>) {
    for address in addresses {
        if !found.contains(&address) {
            found.push(address);
        }
    }
}

async fn look_up(event_loop: &EventLoop, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let name = host.to_owned();
    let lookup = move || Ok::<Vec<_>, _>((&*name, port).to_socket_addrs()?.collect());
    let found = event_loop.run_in_executor(lookup).await.and_then(|addresses| {
        if addresses.is_empty() {
            return Err(io::Error::other("it has no address"));
        }
        Ok(addresses)
    });
    found.map_err(|error| {
        let message = format!(
            "cannot find the host {host}: {error}. Check the name, and that the network is up"
        );
        io::Error::new(error.kind(), message)
    })
}
