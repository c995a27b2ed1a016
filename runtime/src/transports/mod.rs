//! Transports and protocols: connections whose bytes come in calls. Mirrors `asyncio.transports`,
//! `asyncio.protocols` and the transports of `asyncio.selector_events`.
//!
//! A transport belongs to the loop: a service calls the protocol, and keeps both alive until the
//! connection is lost, whatever handles users hold. What users see is in `transport`, `datagram`,
//! `protocols`; `connecting` and `serving` make connections; `connection` is what they are.

mod connecting;
mod connection;
mod datagram;
mod flow;
mod guarded;
#[cfg(unix)]
mod pipes;
mod protocols;
mod sendfile;
mod serving;
mod shown;
#[cfg(feature = "tls")]
mod start_tls;
mod transport;

pub use connecting::{ConnectedSocket, CreateConnection};
pub use datagram::{DatagramEndpoint, DatagramTransport};
pub use protocols::{AnyProtocol, BufferedProtocol, DatagramProtocol, Protocol};
pub use serving::{CreateServer, ServerSocket};
pub use transport::Transport;
