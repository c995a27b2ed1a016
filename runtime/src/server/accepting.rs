//! Taking connections from the sockets that listen, and agreeing on TLS with each beside the others. Mirrors
//! `_accept_connection` of `asyncio.selector_events`.

#[cfg(feature = "tls")]
use std::cell::OnceCell;
use std::io::{
    self,
    ErrorKind::{ConnectionAborted, Interrupted, WouldBlock},
};
use std::rc::Rc;
use std::time::Duration;

#[cfg(feature = "tls")]
use super::Client;
use super::ServerHandle;
use crate::exceptions::ExceptionContext;
use crate::net::listen::Listener;
#[cfg(feature = "tls")]
use crate::net::tls::{TlsAcceptor, TlsWire};
use crate::net::wire::Wire;
#[cfg(feature = "tls")]
use crate::task::service::{self, Service};
use crate::task::sleep::{sleep, yield_now};
use crate::task::table::Tasks;

/// How long accepting pauses after the system refused. Python's `ACCEPT_RETRY_DELAY`.
pub(super) const ACCEPT_RETRY_DELAY: Duration = Duration::from_secs(1);

/// Accepts until the server is closed. Where the system has no more descriptors, or memory, it is tried
/// again after a while.
pub(super) async fn serve(server: ServerHandle, listener: Listener) {
    let mut was_told = false;
    while !server.is_closed() {
        while !server.has_room() {
            server.0.room.wait().await;
        }
        let ready = listener.readable().await;
        let Some(tasks) = server.0.tasks.upgrade() else { return };
        match ready.and_then(|()| accept_some(&server, &listener, &tasks)) {
            Ok(may_be_more) => {
                was_told = false;
                drop(tasks);
                if may_be_more {
                    yield_now().await;
                }
            }
            Err(error) => {
                if !was_told {
                    tasks.core.report(&refused(&listener, &error));
                }
                was_told = true;
                drop(tasks);
                sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

fn refused(listener: &Listener, error: &io::Error) -> ExceptionContext {
    ExceptionContext::new(format!(
        "cannot accept connections on {listener}: {error}. The server tries again each second; \
         close what is open, or raise the limit (`ulimit -n`)"
    ))
}

/// Takes the connections that are there, so many at most that others get their turn. Whether there may be more.
fn accept_some(server: &ServerHandle, listener: &Listener, tasks: &Rc<Tasks>) -> io::Result<bool> {
    for _ in 0..server.0.options.backlog.max(1) {
        match listener.accept() {
            Ok(wire) => welcome(server, wire, tasks),
            Err(error) if error.kind() == WouldBlock => return Ok(false),
            Err(error) if is_passing(&error) => {}
            Err(error) => return Err(error),
        }
        if server.is_closed() {
            return Ok(false);
        }
        if !server.has_room() {
            return Ok(true);
        }
    }
    Ok(true)
}

/// Whether accepting failed for this once: nobody is there any more.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ConnectionAborted | Interrupted)
}

fn welcome(server: &ServerHandle, wire: Rc<dyn Wire>, tasks: &Rc<Tasks>) {
    #[cfg(feature = "tls")]
    if let Some(acceptor) = &server.0.options.tls {
        return shake_hands(server, wire, acceptor.clone(), tasks);
    }
    tasks.core.contain(&"accepting a connection", || (server.0.accept)(wire, server));
}

/// Agrees on TLS; then the connection is one like others.
#[cfg(feature = "tls")]
fn shake_hands(
    server: &ServerHandle,
    wire: Rc<dyn Wire>,
    acceptor: TlsAcceptor,
    tasks: &Rc<Tasks>,
) {
    let handshake = Rc::new(Handshake { service: OnceCell::new() });
    let client = Rc::downgrade(&handshake);
    let attachment = server.attach(client);
    let shaking = {
        let (server, tasks, handshake) = (server.clone(), Rc::downgrade(tasks), handshake.clone());
        async move {
            let agreed = TlsWire::accept(wire, &acceptor).await;
            let Some(tasks) = tasks.upgrade() else { return };
            match agreed {
                Ok(wire) => {
                    tasks
                        .core
                        .contain(&"accepting a connection", || (server.0.accept)(wire, &server));
                }
                // As in Python: a server has no use for the trouble of its clients, its author may have.
                Err(error) if tasks.core.debug.get() => {
                    tasks.core.report(&ExceptionContext::new(format!(
                        "a connection was refused: {error}"
                    )));
                }
                Err(_) => {}
            }
            drop((attachment, handshake));
        }
    };
    let service = service::spawn(tasks, "TLS handshake", shaking, server.0.made_at);
    // It is set once.
    drop(handshake.service.set(service));
}

/// A connection that agrees on TLS.
#[cfg(feature = "tls")]
struct Handshake {
    service: OnceCell<Service>,
}

#[cfg(feature = "tls")]
impl Client for Handshake {
    fn close(&self) {
        self.abort();
    }

    fn abort(&self) {
        if let Some(service) = self.service.get() {
            service.stop();
        }
    }
}
