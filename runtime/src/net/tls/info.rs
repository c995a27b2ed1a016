//! What the two sides have agreed on. Mirrors what `ssl.SSLObject` is asked for.

use std::fmt;

use futures_rustls::rustls::{CommonState, ProtocolVersion};

/// What the two sides of a TLS connection have agreed on. Mirrors `get_extra_info('ssl_object')`.
///
/// ```no_run
/// # fn connected() -> asyncio::TlsInfo { unreachable!() }
/// let info = connected();
/// println!("{}, {} certificates", info.version(), info.peer_certificates().len());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TlsInfo {
    version: &'static str,
    alpn: Option<Vec<u8>>,
    peer_certificates: Vec<Vec<u8>>,
}

impl TlsInfo {
    pub(super) fn of(session: &CommonState) -> Self {
        let certificates = session.peer_certificates().unwrap_or_default();
        Self {
            version: match session.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                _ => "unknown",
            },
            alpn: session.alpn_protocol().map(<[u8]>::to_vec),
            peer_certificates: certificates.iter().map(|der| der.to_vec()).collect(),
        }
    }

    /// `TLSv1.3` or `TLSv1.2`. Mirrors `SSLObject.version()`.
    ///
    /// ```no_run
    /// # fn connected() -> asyncio::TlsInfo { unreachable!() }
    /// assert_eq!(connected().version(), "TLSv1.3");
    /// ```
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// The protocol on top of TLS that both sides know, if they named any. Mirrors
    /// `SSLObject.selected_alpn_protocol()`.
    ///
    /// ```no_run
    /// # fn connected() -> asyncio::TlsInfo { unreachable!() }
    /// assert_eq!(connected().alpn(), Some(&b"http/1.1"[..]));
    /// ```
    pub fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    /// The certificates that the peer has shown, in DER, its own first. Mirrors
    /// `SSLObject.getpeercert(binary_form=True)`.
    ///
    /// ```no_run
    /// # fn connected() -> asyncio::TlsInfo { unreachable!() }
    /// assert!(!connected().peer_certificates().is_empty());
    /// ```
    pub fn peer_certificates(&self) -> &[Vec<u8>] {
        &self.peer_certificates
    }
}

impl fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsInfo")
            .field("version", &self.version)
            .field("alpn", &self.alpn.as_deref().map(String::from_utf8_lossy))
            .field("peer_certificates", &self.peer_certificates.len())
            .finish()
    }
}
