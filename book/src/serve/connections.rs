//! Accepts connections and lets hyper speak HTTP on each, in a task of its own.
//!
//! What must hold: whatever a client does, or the system runs out of, the others are served.

use std::convert::Infallible;
use std::future::ready;
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use async_io::Async;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use smol_hyper::rt::FuturesIo;

use super::current::Current;
use super::http::answer;
use super::slots::{Slot, Slots};
use super::timer::Timer;

/// How long to leave the system alone when it can't give a connection.
const RECOVERY: Duration = Duration::from_millis(100);

/// What a client may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections. Who comes after that waits until one is closed.
    pub connections: usize,
    /// The time for a request's head to arrive, and for the next request to follow. Then the
    /// connection is closed.
    pub head: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 256, head: Duration::from_secs(10) }
    }
}

/// Serves the connections that `accept` gives. Never ends by itself.
pub(super) async fn serve(
    mut accept: impl AsyncFnMut() -> io::Result<Async<TcpStream>>,
    current: Rc<Current>,
    limits: Limits,
) {
    let slots = Slots::new(limits.connections);
    loop {
        let slot = slots.take().await;
        let stream = accepted(&mut accept).await;
        let connection = connection(stream, current.clone(), limits.head, slot);
        asyncio::create_task(connection).with_name("connection").detach();
    }
}

/// The next connection, however often there is none.
async fn accepted(
    accept: &mut impl AsyncFnMut() -> io::Result<Async<TcpStream>>,
) -> Async<TcpStream> {
    let mut is_told = false;
    loop {
        match accept().await {
            Ok(stream) => return stream,
            Err(error) if is_the_client_s(&error) => {}
            Err(error) => {
                if !is_told {
                    eprintln!("can't accept a connection, and will try again: {error}");
                }
                is_told = true;
                asyncio::sleep(RECOVERY).await;
            }
        }
    }
}

/// Whether a client went away before it was accepted.
fn is_the_client_s(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Answers one request after the other.
async fn connection(
    stream: Async<TcpStream>,
    current: Rc<Current>,
    head_timeout: Duration,
    _slot: Slot,
) {
    let timer = Timer::of_running_loop().expect("a task runs in a loop");
    let service = service_fn(|request| ready(Ok::<_, Infallible>(answer(&current, &request))));
    let served = http1::Builder::new()
        .timer(timer)
        .header_read_timeout(head_timeout)
        .serve_connection(FuturesIo::new(stream), service);
    // A client that breaks off, or says what isn't HTTP, has heard what there is to say.
    let _ = served.await;
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::TcpListener;

    use super::*;

    fn a_stream() -> Async<TcpStream> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Async::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap()).unwrap()
    }

    /// How long it takes until there is a connection after these errors.
    async fn waited_after(errors: impl IntoIterator<Item = io::Error>) -> Duration {
        let errors = RefCell::new(errors.into_iter());
        let event_loop = asyncio::get_running_loop().unwrap();
        let start = event_loop.time();
        let mut accept = async || errors.borrow_mut().next().map_or_else(|| Ok(a_stream()), Err);
        accepted(&mut accept).await;
        event_loop.time() - start
    }

    #[asyncio::test(clock = "virtual")]
    async fn without_descriptors_it_waits_a_little_each_time_and_goes_on() {
        let too_many_open_files = || io::Error::from_raw_os_error(24);
        let waited = waited_after([too_many_open_files(), too_many_open_files()]).await;
        assert_eq!(waited, RECOVERY * 2);
    }

    #[asyncio::test(clock = "virtual")]
    async fn a_client_that_went_away_costs_nobody_time() {
        let gone = [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset];
        assert_eq!(waited_after(gone.map(io::Error::from)).await, Duration::ZERO);
    }
}
