//! What a server is told of TLS. Mirrors `ssl.SSLContext` on that side.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::server::WebPkiClientVerifier;
use futures_rustls::rustls::{RootCertStore, ServerConfig};
use futures_rustls::{Accept, TlsAcceptor as Handshaker};

use super::pem::{self, Identity};
use super::{Below, HANDSHAKE_TIMEOUT, SHUTDOWN_TIMEOUT, assert_positive};

/// A server's half of TLS: its certificate and key. Mirrors
/// `ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)` with `load_cert_chain`.
///
/// ```no_run
/// let chain = std::fs::read("certificate.pem")?;
/// let key = std::fs::read("key.pem")?;
/// let acceptor = asyncio::TlsAcceptor::new(chain, key)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// A certificate to try it with, which clients trust by
/// [`TlsConnector::trusting`](crate::TlsConnector::trusting) and its text, is made by the following. Without
/// `CA:FALSE` it would be a root's, and clients here refuse a server that shows a root; Python's take it.
///
/// ```sh
/// openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout key.pem -out certificate.pem \
///     -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
///     -addext basicConstraints=critical,CA:FALSE
/// ```
#[derive(Clone)]
pub struct TlsAcceptor {
    config: Arc<ServerConfig>,
    identity: Arc<Identity>,
    pub(super) handshake_timeout: Duration,
    pub(super) shutdown_timeout: Duration,
}

impl TlsAcceptor {
    /// Shows clients a certificate: the PEM texts of the certificate, followed by those that lead to its
    /// root, and of its private key. Mirrors `SSLContext.load_cert_chain(certfile, keyfile)`, for texts.
    ///
    /// # Errors
    ///
    /// When one of them can't be read, or they don't belong together.
    ///
    /// ```
    /// let error = asyncio::TlsAcceptor::new("no certificate", "no key").unwrap_err();
    /// assert!(error.to_string().starts_with("the certificates given hold no certificate"));
    /// ```
    pub fn new(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> io::Result<Self> {
        let identity = Arc::new(pem::identity(chain.as_ref(), key.as_ref())?);
        Ok(Self {
            config: config(&identity, None)?,
            identity,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        })
    }

    /// Asks clients for a certificate too, signed by a root in the PEM text `pem`; who has none is turned
    /// away. Mirrors `verify_mode = ssl.CERT_REQUIRED` with `load_verify_locations(cadata=pem)`.
    ///
    /// # Errors
    ///
    /// When there is no certificate in `pem`, or one that can't be read.
    ///
    /// ```no_run
    /// # let (chain, key, roots) = ("", "", "");
    /// let acceptor = asyncio::TlsAcceptor::new(chain, key)?.client_roots(roots)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn client_roots(self, pem: impl AsRef<[u8]>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        pem::add_roots(&mut roots, pem.as_ref())?;
        let mut config = config(&self.identity, Some(roots))?;
        Arc::make_mut(&mut config).alpn_protocols.clone_from(&self.config.alpn_protocols);
        Ok(Self { config, ..self })
    }

    /// The protocols that go on top of TLS here, the best first. A client that asks for others alone is
    /// turned away. Mirrors `SSLContext.set_alpn_protocols`.
    ///
    /// ```no_run
    /// # let (chain, key) = ("", "");
    /// let acceptor = asyncio::TlsAcceptor::new(chain, key)?.alpn(["http/1.1"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        let protocols = protocols.into_iter().map(|name| name.as_ref().to_vec()).collect();
        Arc::make_mut(&mut self.config).alpn_protocols = protocols;
        self
    }

    /// How long agreeing with a client may take: 60 seconds, if this doesn't say otherwise. Mirrors the
    /// argument `ssl_handshake_timeout`.
    ///
    /// # Panics
    ///
    /// When it is zero.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let (chain, key) = ("", "");
    /// let acceptor = asyncio::TlsAcceptor::new(chain, key)?;
    /// let hasty = acceptor.handshake_timeout(Duration::from_secs(5));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        assert_positive("handshake_timeout", limit);
        self.handshake_timeout = limit;
        self
    }

    /// How long a client may take to answer TLS's goodbye before the connection is closed without: 30
    /// seconds, if this doesn't say otherwise. Mirrors the argument `ssl_shutdown_timeout`.
    ///
    /// # Panics
    ///
    /// When it is zero.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let (chain, key) = ("", "");
    /// let acceptor = asyncio::TlsAcceptor::new(chain, key)?;
    /// let hasty = acceptor.shutdown_timeout(Duration::from_secs(1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        assert_positive("shutdown_timeout", limit);
        self.shutdown_timeout = limit;
        self
    }

    pub(super) fn handshake(&self, wire: Below) -> Accept<Below> {
        Handshaker::from(self.config.clone()).accept(wire)
    }
}

fn config(identity: &Identity, clients: Option<RootCertStore>) -> io::Result<Arc<ServerConfig>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring offers the cipher suites of TLS 1.2 and 1.3");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(roots) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(pem::unreadable_roots)?,
        ),
    };
    let (chain, key) = identity;
    let config = builder.with_single_cert(chain.clone(), key.clone_key());
    Ok(Arc::new(config.map_err(pem::unusable_identity)?))
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("certificates", &self.identity.0.len())
            .finish_non_exhaustive()
    }
}
