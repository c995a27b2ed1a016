//! What a user implements. Mirrors `asyncio.protocols`.
//!
//! Methods take `&self`: a protocol is shared by the loop, which calls it, and by the code that made the
//! connection. `pause_writing` even comes in the middle of a `write` that another method of the same
//! protocol has begun.

mod any;
mod buffered;
mod datagram;
mod stream;

pub use any::AnyProtocol;
pub(super) use any::{Erased, Kind};
pub use buffered::BufferedProtocol;
pub use datagram::DatagramProtocol;
pub use stream::Protocol;
