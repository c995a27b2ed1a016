//! What a client is told of TLS. Mirrors `ssl.SSLContext` on that side.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_rustls::pki_types::ServerName;
use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::{ClientConfig, RootCertStore};
use futures_rustls::{Connect, TlsConnector as Handshaker};

use super::pem::{self, Identity};
use super::{Below, HANDSHAKE_TIMEOUT, SHUTDOWN_TIMEOUT, assert_positive};

/// A client's half of TLS: whom it trusts, and what it asks for. Mirrors
/// `ssl.create_default_context()`.
///
/// A certificate is always checked: it has to be signed by a root that is trusted, and to be for the host
/// that is connected to.
///
/// ```
/// use asyncio::TlsConnector;
///
/// let connector = TlsConnector::new().alpn(["h2", "http/1.1"]);
/// ```
#[derive(Clone)]
pub struct TlsConnector {
    config: Arc<ClientConfig>,
    roots: RootCertStore,
    identity: Option<Arc<Identity>>,
    server_name: Option<String>,
    pub(super) handshake_timeout: Duration,
    pub(super) shutdown_timeout: Duration,
}

impl TlsConnector {
    /// Trusts the roots that Mozilla's browsers trust, which are built in. Mirrors
    /// `ssl.create_default_context()`.
    ///
    /// ```
    /// let connector = asyncio::TlsConnector::new();
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "there is no identity to be refused")]
    pub fn new() -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self::of(roots).expect("a client without a certificate is well configured")
    }

    /// Trusts the roots in the PEM text `pem` alone. Mirrors `ssl.create_default_context(cadata=pem)`.
    ///
    /// # Errors
    ///
    /// When there is no certificate in `pem`, or one that can't be read.
    ///
    /// ```
    /// let error = asyncio::TlsConnector::trusting("no certificate").unwrap_err();
    /// assert!(error.to_string().starts_with("the root certificates given hold no certificate"));
    /// ```
    pub fn trusting(pem: impl AsRef<[u8]>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        pem::add_roots(&mut roots, pem.as_ref())?;
        Self::of(roots)
    }

    /// Trusts the roots in the PEM text `pem` too. Mirrors
    /// `SSLContext.load_verify_locations(cadata=pem)`.
    ///
    /// # Errors
    ///
    /// When there is no certificate in `pem`, or one that can't be read.
    ///
    /// ```
    /// assert!(asyncio::TlsConnector::new().root_certificates("no certificate").is_err());
    /// ```
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> io::Result<Self> {
        pem::add_roots(&mut self.roots, pem.as_ref())?;
        self.configured()
    }

    /// Shows the server a certificate, where it asks for one: the PEM texts of the certificate, followed by
    /// those that lead to its root, and of its private key. Mirrors `SSLContext.load_cert_chain`.
    ///
    /// # Errors
    ///
    /// When one of them can't be read, or they don't belong together.
    ///
    /// ```
    /// assert!(asyncio::TlsConnector::new().certificate("no certificate", "no key").is_err());
    /// ```
    pub fn certificate(
        mut self,
        chain: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> io::Result<Self> {
        self.identity = Some(Arc::new(pem::identity(chain.as_ref(), key.as_ref())?));
        self.configured()
    }

    /// The protocols to choose from that go on top of TLS, the best first. Mirrors
    /// `SSLContext.set_alpn_protocols`.
    ///
    /// ```
    /// let connector = asyncio::TlsConnector::new().alpn(["http/1.1"]);
    /// ```
    #[must_use]
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        let protocols = protocols.into_iter().map(|name| name.as_ref().to_vec()).collect();
        Arc::make_mut(&mut self.config).alpn_protocols = protocols;
        self
    }

    /// The name, or IP address, that the server's certificate has to be for; without one, the host that is
    /// connected to. Mirrors the argument `server_hostname`.
    ///
    /// ```
    /// let connector = asyncio::TlsConnector::new().server_name("example.org");
    /// ```
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// How long agreeing may take: 60 seconds, if this doesn't say otherwise. Mirrors the argument
    /// `ssl_handshake_timeout`.
    ///
    /// # Panics
    ///
    /// When it is zero.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let hasty = asyncio::TlsConnector::new().handshake_timeout(Duration::from_secs(5));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        assert_positive("handshake_timeout", limit);
        self.handshake_timeout = limit;
        self
    }

    /// How long the peer may take to answer TLS's goodbye before the connection is closed without: 30
    /// seconds, if this doesn't say otherwise. Mirrors the argument `ssl_shutdown_timeout`.
    ///
    /// # Panics
    ///
    /// When it is zero.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let hasty = asyncio::TlsConnector::new().shutdown_timeout(Duration::from_secs(1));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        assert_positive("shutdown_timeout", limit);
        self.shutdown_timeout = limit;
        self
    }

    fn of(roots: RootCertStore) -> io::Result<Self> {
        Ok(Self {
            config: config(roots.clone(), None)?,
            roots,
            identity: None,
            server_name: None,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        })
    }

    /// Itself, after its roots or its certificate have changed.
    fn configured(self) -> io::Result<Self> {
        let former = self.config;
        let mut config = config(self.roots.clone(), self.identity.as_deref())?;
        Arc::make_mut(&mut config).alpn_protocols.clone_from(&former.alpn_protocols);
        Ok(Self { config, ..self })
    }

    /// Whom the certificate has to be for, where `host` is connected to.
    pub(super) fn name_for<'a>(&'a self, host: &'a str) -> &'a str {
        self.server_name.as_deref().unwrap_or(host)
    }

    /// Whether it says itself whom the certificate has to be for.
    pub(crate) fn has_server_name(&self) -> bool {
        self.server_name.is_some()
    }

    pub(super) fn handshake(&self, host: &str, wire: Below) -> io::Result<Connect<Below>> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| {
            let message = format!("no certificate can be for the host {host}: {error}");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })?;
        Ok(Handshaker::from(self.config.clone()).connect(name, wire))
    }
}

fn config(roots: RootCertStore, identity: Option<&Identity>) -> io::Result<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers the cipher suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(pem::unusable_identity)?,
    };
    Ok(Arc::new(config))
}

impl Default for TlsConnector {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector")
            .field("roots", &self.roots.len())
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
