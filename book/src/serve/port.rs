//! Which port the book is served at.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

/// How many ports are tried, one after the other.
const TRIES: u16 = 20;

/// Listens on 127.0.0.1, at `port` or the next one that is free; 0: the system picks one.
pub(super) fn bind(port: u16) -> Result<TcpListener, String> {
    let last = if port == 0 { 0 } else { port.saturating_add(TRIES - 1) };
    for port in port..=last {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            bound => {
                return bound.map_err(|error| format!("can't serve at 127.0.0.1:{port}: {error}"));
            }
        }
    }
    Err(format!("can't serve: the ports from {port} to {last} are taken; give another one"))
}
