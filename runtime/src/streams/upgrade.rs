//! Going on over TLS on a connection that stands. Mirrors `BaseEventLoop.start_tls`.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::reader::StreamReader;
use crate::net::buffer::Buffer;
use crate::net::outbox::Outbox;
use crate::net::tls::{TlsAcceptor, TlsConnector, TlsWire};
use crate::net::wire::Wire;

pub(super) async fn start_tls(
    outbox: &Rc<Outbox>,
    reader: &mut StreamReader,
    connector: &TlsConnector,
    host: Option<String>,
) -> io::Result<()> {
    assert!(
        host.is_some() || connector.has_server_name(),
        "TLS without a host needs the name that the certificate is for: give it to \
         `TlsConnector::server_name`"
    );
    let host = host.unwrap_or_default();
    upgrade(outbox, reader, |wire| TlsWire::connect(wire, connector, &host)).await
}

pub(super) async fn accept_tls(
    outbox: &Rc<Outbox>,
    reader: &mut StreamReader,
    acceptor: &TlsAcceptor,
) -> io::Result<()> {
    upgrade(outbox, reader, |wire| TlsWire::accept(wire, acceptor)).await
}

async fn upgrade<F>(
    outbox: &Rc<Outbox>,
    reader: &mut StreamReader,
    agree: impl FnOnce(Rc<dyn Wire>) -> F,
) -> io::Result<()>
where
    F: Future<Output = io::Result<Rc<dyn Wire>>>,
{
    assert!(
        Rc::ptr_eq(outbox, reader.outbox()),
        "the reader is another connection's: give start_tls() the one that came with this writer"
    );
    outbox.drain().await?;
    poll_fn(|cx| outbox.poll_empty(cx)).await?;
    outbox.hold();
    let mut held = Held { outbox, goes_on: false };
    let wire = Rc::new(Primed { ahead: RefCell::default(), wire: outbox.wire() });
    wire.ahead.borrow_mut().extend(&reader.take_buffer());
    let mut agreeing = pin!(agree(wire));
    let agreed = poll_fn(|cx| {
        outbox.wake_reader_when_lost(cx);
        agreeing.as_mut().poll(cx)
    });
    let wire = agreed.await?;
    held.goes_on = true;
    outbox.resume_on(wire);
    Ok(())
}

/// A connection whose peer expects TLS is of no use without.
struct Held<'a> {
    outbox: &'a Rc<Outbox>,
    goes_on: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.goes_on {
            self.outbox.abort();
        }
    }
}

/// A wire some of whose bytes were read already.
struct Primed {
    ahead: RefCell<Buffer>,
    wire: Rc<dyn Wire>,
}

impl Wire for Primed {
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut ahead = self.ahead.borrow_mut();
        if ahead.is_empty() {
            return self.wire.poll_read(cx, buffer);
        }
        let length = buffer.len().min(ahead.len());
        buffer[..length].copy_from_slice(&ahead.as_slice()[..length]);
        ahead.consume(length);
        Poll::Ready(Ok(length))
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wire.poll_write(cx, bytes)
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_flush(cx)
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_shutdown(cx)
    }

    fn can_write_eof(&self) -> bool {
        self.wire.can_write_eof()
    }

    fn close(&self) {
        self.wire.close();
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.wire.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.wire.peer_addr()
    }
}
