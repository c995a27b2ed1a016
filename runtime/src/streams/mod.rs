//! Connections as a reader and a writer. Mirrors `asyncio.streams`.
//!
//! A [`StreamReader`] and a [`StreamWriter`] share a wire and its outbox. The reader reads the wire itself
//! when it is awaited: there is no task or service a connection. Rooms: `reader`, with `scan`, which finds
//! separators, and `lines`; `writer`; `connecting` and `serving`, which make connections; `foreign`, which
//! makes a wire of any reader or writer; `upgrade`, which goes on over TLS; `errors`.

mod connecting;
mod errors;
mod foreign;
mod lines;
mod reader;
mod scan;
mod serving;
#[cfg(feature = "tls")]
mod upgrade;
mod writer;

use std::panic::Location;
use std::rc::Rc;

#[cfg(unix)]
pub use connecting::open_unix_connection;
pub use connecting::{OpenConnection, open_connection};
pub use errors::{IncompleteReadError, LimitOverrunError, ReadError};
pub use lines::Lines;
pub use reader::StreamReader;
#[cfg(unix)]
pub use serving::start_unix_server;
pub use serving::{Handled, StartServer, start_server};
#[cfg(feature = "http")]
pub(crate) use serving::{attach, contain};
pub use writer::StreamWriter;

use crate::net::outbox::Outbox;
use crate::net::wire::Wire;
use crate::task::table::Tasks;

/// How long a line may be unless one says otherwise. Python's `_DEFAULT_LIMIT`.
pub(crate) const DEFAULT_LIMIT: usize = 64 * 1024;

/// A reader and a writer over a wire.
pub(crate) fn pair(
    tasks: &Rc<Tasks>,
    wire: Rc<dyn Wire>,
    limit: usize,
    made_at: &'static Location<'static>,
) -> (StreamReader, StreamWriter) {
    let outbox = Outbox::new(tasks, wire, "stream", made_at);
    (StreamReader::over(outbox.clone(), limit), StreamWriter::over(outbox))
}

/// The same, where some of what is to be read was read already.
#[cfg(feature = "http")]
pub(crate) fn pair_behind(
    tasks: &Rc<Tasks>,
    wire: Rc<dyn Wire>,
    ahead: &[u8],
    made_at: &'static Location<'static>,
) -> (StreamReader, StreamWriter) {
    let (mut reader, writer) = pair(tasks, wire, DEFAULT_LIMIT, made_at);
    reader.put_ahead(ahead);
    (reader, writer)
}
