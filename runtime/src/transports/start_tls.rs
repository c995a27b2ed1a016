//! Going on over TLS on a connection that stands. Mirrors `BaseEventLoop.start_tls`.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::sendfile::Lent;
use super::transport::Transport;
use crate::event_loop::EventLoop;
use crate::net::outbox::Outbox;
use crate::net::tls::{TlsAcceptor, TlsConnector, TlsWire};
use crate::net::wire::Wire;

impl EventLoop {
    /// Goes on over TLS, as the client. Mirrors
    /// `loop.start_tls(transport, protocol, sslcontext, server_hostname=…)`. With the feature `tls`.
    ///
    /// What was written before is sent first, as it is. The transport and its protocol stay, where Python
    /// makes another transport; reading goes on, if it was paused.
    ///
    /// # Errors
    ///
    /// When no agreement comes; the connection is lost then.
    ///
    /// # Panics
    ///
    /// When neither the connector nor the peer's address says whom the certificate has to be for.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it closes the connection.
    ///
    /// ```no_run
    /// # async fn shown(transport: &asyncio::Transport) -> std::io::Result<()> {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// // The peer has said: go ahead.
    /// let connector = asyncio::TlsConnector::new().server_name("mail.example.org");
    /// event_loop.start_tls(transport, &connector).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start_tls(
        &self,
        transport: &Transport,
        connector: &TlsConnector,
    ) -> io::Result<()> {
        let host = transport.peer_addr().map(|address| address.ip().to_string());
        assert!(
            host.is_ok() || connector.has_server_name(),
            "TLS without a host needs the name that the certificate is for: give it to \
             `TlsConnector::server_name`"
        );
        let host = host.unwrap_or_default();
        upgrade(transport, async |wire| TlsWire::connect(wire, connector, &host).await).await
    }

    /// The same as the server. Mirrors `loop.start_tls(transport, protocol, sslcontext, server_side=True)`.
    /// With the feature `tls`.
    ///
    /// Call [`pause_reading`](Transport::pause_reading) before the client is told to go ahead: what it says
    /// from then on is not for the protocol.
    ///
    /// # Errors
    ///
    /// When no agreement comes; the connection is lost then.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, it closes the connection.
    ///
    /// ```no_run
    /// # async fn shown(
    /// #     transport: &asyncio::Transport,
    /// #     acceptor: &asyncio::TlsAcceptor,
    /// # ) -> std::io::Result<()> {
    /// # let event_loop = asyncio::get_running_loop().unwrap();
    /// transport.pause_reading();
    /// transport.write(b"220 go ahead\r\n");
    /// event_loop.accept_tls(transport, acceptor).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "start_tls")]
    pub async fn accept_tls(
        &self,
        transport: &Transport,
        acceptor: &TlsAcceptor,
    ) -> io::Result<()> {
        upgrade(transport, async |wire| TlsWire::accept(wire, acceptor).await).await
    }
}

async fn upgrade(
    transport: &Transport,
    agree: impl AsyncFnOnce(Rc<dyn Wire>) -> io::Result<Rc<dyn Wire>>,
) -> io::Result<()> {
    let connection = &transport.connection;
    assert!(
        !connection.is_lent.get(),
        "sendfile or start_tls is in progress on this connection already: await it first"
    );
    let lent = Lent::new(connection);
    connection.flushed().await?;
    connection.outbox.hold();
    let mut unless_agreed = AbortOnDrop(Some(connection.outbox.clone()));
    let mut agreeing = pin!(agree(connection.outbox.wire()));
    let agreed = poll_fn(|cx| {
        // Who closes the wire wakes nobody; the outbox does.
        if connection.outbox.poll_closed(cx).is_ready() {
            return Poll::Ready(Err(connection.ended()));
        }
        agreeing.as_mut().poll(cx)
    });
    let wire = agreed.await;
    let wire = wire.inspect_err(|error| connection.outbox.lose(Some(again(error))))?;
    unless_agreed.0 = None;
    connection.outbox.resume_on(wire);
    connection.resume_reading();
    drop(lent);
    Ok(())
}

/// The error for the protocol; the caller has the one with all that is to know.
fn again(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

/// A connection whose peer expects TLS is of no use without.
struct AbortOnDrop(Option<Rc<Outbox>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(outbox) = &self.0 {
            outbox.abort();
        }
    }
}
