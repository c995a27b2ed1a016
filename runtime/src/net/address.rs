//! Where to connect or to listen, as callers write it. Mirrors the arguments `host` and `port`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// One host and port, or several. Mirrors the arguments `host` and `port` of Python's functions; nothing
/// is looked up before it is used.
///
/// It is made of what one has: `("localhost", 8888)`, a [`SocketAddr`], an IP address and a port, several
/// hosts with one port. Who connects to several tries one after the other; who listens listens on all. To
/// listen on all interfaces, the host is `""`; on a port that the system picks, the port is 0.
///
/// ```
/// use asyncio::Address;
/// use std::net::SocketAddr;
///
/// let named: Address = ("localhost", 8888).into();
/// let numeric: Address = SocketAddr::from(([127, 0, 0, 1], 8888)).into();
/// let several: Address = (["127.0.0.1", "::1"], 8888).into();
/// assert_eq!(named.to_string(), "localhost:8888");
/// assert_eq!(numeric.to_string(), "127.0.0.1:8888");
/// assert_eq!(several.to_string(), "127.0.0.1:8888, [::1]:8888");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    places: Vec<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Name(String, u16),
    Numeric(SocketAddr),
}

impl Place {
    /// A numeric host needs no lookup.
    fn new(host: &str, port: u16) -> Self {
        match host.parse::<IpAddr>() {
            Ok(ip) => Self::Numeric(SocketAddr::new(ip, port)),
            Err(_) => Self::Name(host.to_owned(), port),
        }
    }

    fn host(&self) -> String {
        match self {
            Self::Name(host, _) => host.clone(),
            Self::Numeric(address) => address.ip().to_string(),
        }
    }
}

impl Address {
    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// The hosts without their ports, for messages.
    pub(super) fn hosts(&self) -> String {
        let hosts: Vec<_> = self.places.iter().map(Place::host).collect();
        hosts.join(", ")
    }

    /// The host that a certificate has to be for, if there is one host.
    #[cfg(feature = "tls")]
    pub(super) fn server_name(&self) -> Option<String> {
        let [place] = &*self.places else { return None };
        Some(place.host()).filter(|host| !host.is_empty())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(host, port) if host.is_empty() => write!(f, "all interfaces, port {port}"),
            Self::Name(host, port) => write!(f, "{host}:{port}"),
            Self::Numeric(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, place) in self.places.iter().enumerate() {
            let before = if number == 0 { "" } else { ", " };
            write!(f, "{before}{place}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self { places: vec![Place::Numeric(address)] }
    }
}

impl From<SocketAddrV4> for Address {
    fn from(address: SocketAddrV4) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<SocketAddrV6> for Address {
    fn from(address: SocketAddrV6) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(IpAddr, u16)> for Address {
    fn from(address: (IpAddr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv4Addr, u16)> for Address {
    fn from(address: (Ipv4Addr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv6Addr, u16)> for Address {
    fn from(address: (Ipv6Addr, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<(&str, u16)> for Address {
    fn from((host, port): (&str, u16)) -> Self {
        Self { places: vec![Place::new(host, port)] }
    }
}

impl From<(String, u16)> for Address {
    fn from((host, port): (String, u16)) -> Self {
        (&*host, port).into()
    }
}

impl From<(&String, u16)> for Address {
    fn from((host, port): (&String, u16)) -> Self {
        (&**host, port).into()
    }
}

impl From<(&[&str], u16)> for Address {
    fn from((hosts, port): (&[&str], u16)) -> Self {
        Self { places: hosts.iter().map(|host| Place::new(host, port)).collect() }
    }
}

impl<const N: usize> From<([&str; N], u16)> for Address {
    fn from((hosts, port): ([&str; N], u16)) -> Self {
        (&hosts[..], port).into()
    }
}

impl From<&[SocketAddr]> for Address {
    fn from(addresses: &[SocketAddr]) -> Self {
        Self { places: addresses.iter().copied().map(Place::Numeric).collect() }
    }
}

impl<const N: usize> From<[SocketAddr; N]> for Address {
    fn from(addresses: [SocketAddr; N]) -> Self {
        (&addresses[..]).into()
    }
}

impl From<Vec<SocketAddr>> for Address {
    fn from(addresses: Vec<SocketAddr>) -> Self {
        (&*addresses).into()
    }
}
