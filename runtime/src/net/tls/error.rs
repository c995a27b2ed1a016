//! Why no agreement on TLS came. Mirrors `ssl.SSLError` and its family.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use futures_rustls::rustls::{self, CertificateError};

/// Why two sides didn't agree on TLS. It is inside of the [`io::Error`] that comes out of connecting.
/// Mirrors `ssl.SSLError`.
///
/// ```
/// use asyncio::TlsError;
///
/// fn is_untrusted(error: &std::io::Error) -> bool {
///     let error = error.get_ref().and_then(|error| error.downcast_ref::<TlsError>());
///     error.is_some_and(TlsError::is_certificate)
/// }
/// # assert!(!is_untrusted(&std::io::Error::other("")));
/// ```
#[derive(Debug)]
pub struct TlsError {
    peer: String,
    trouble: Trouble,
}

#[derive(Debug)]
pub(crate) enum Trouble {
    Certificate(rustls::Error),
    /// What came is no TLS.
    NotTls(rustls::Error),
    Protocol(rustls::Error),
    Broken(io::Error),
    TooSlow(Duration),
}

impl TlsError {
    pub(super) fn too_slow(peer: &str, limit: Duration) -> io::Error {
        // Python's kind.
        let trouble = Trouble::TooSlow(limit);
        io::Error::new(ErrorKind::ConnectionAborted, Self { peer: peer.to_owned(), trouble })
    }

    /// Whether the peer's certificate is why: nobody that is trusted has signed it, it is for another
    /// name, or it has expired. Mirrors `ssl.SSLCertVerificationError`.
    ///
    /// ```
    /// # use asyncio::TlsError;
    /// fn advice(error: &TlsError) -> &str {
    ///     if error.is_certificate() { "check the roots and the name" } else { "try again" }
    /// }
    /// ```
    #[doc(alias = "SSLCertVerificationError")]
    pub fn is_certificate(&self) -> bool {
        matches!(self.trouble, Trouble::Certificate(_))
    }

    #[cfg(feature = "http")]
    pub(crate) fn trouble(&self) -> &Trouble {
        &self.trouble
    }
}

/// The error of a handshake with `peer`, with its reason.
pub(super) fn explain(peer: &str, error: io::Error) -> io::Error {
    // Python's kind, where the other side has just gone.
    let kind = match error.kind() {
        ErrorKind::UnexpectedEof => ErrorKind::ConnectionReset,
        kind => kind,
    };
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    let trouble = match cause.cloned() {
        Some(cause @ rustls::Error::InvalidCertificate(_)) => Trouble::Certificate(cause),
        Some(cause @ rustls::Error::InvalidMessage(_)) => Trouble::NotTls(cause),
        Some(cause) => Trouble::Protocol(cause),
        None => Trouble::Broken(error),
    };
    io::Error::new(kind, TlsError { peer: peer.to_owned(), trouble })
}

/// Whether a root was shown in place of a certificate, as `openssl req -x509` makes one. rustls has no
/// variant for it: the name inside is all there is.
fn is_root(cause: &CertificateError) -> bool {
    matches!(cause, CertificateError::Other(cause) if format!("{cause:?}").contains("CaUsedAsEndEntity"))
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer,
            )) => f.write_str("the certificate is not trusted: no known root has signed it"),
            Self::Certificate(rustls::Error::InvalidCertificate(cause)) if is_root(cause) => {
                f.write_str(
                    "the certificate is not trusted: it is a root's (CA:TRUE), which can't be shown \
                     as one's own: make one with CA:FALSE, or let the root sign another",
                )
            }
            Self::Certificate(rustls::Error::InvalidCertificate(cause)) => {
                write!(f, "the certificate is not trusted: {cause}")
            }
            Self::NotTls(cause) => write!(f, "the other side doesn't speak TLS ({cause})"),
            Self::Certificate(cause) | Self::Protocol(cause) => cause.fmt(f),
            Self::Broken(error) if error.kind() == ErrorKind::UnexpectedEof => {
                f.write_str("the other side closed the connection")
            }
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
            Self::TooSlow(limit) => {
                write!(f, "it took longer than {limit:?}, and the connection is given up")
            }
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, trouble } = self;
        write!(f, "TLS handshake with {peer} failed: {trouble}")
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.trouble {
            Trouble::Certificate(cause) | Trouble::NotTls(cause) | Trouble::Protocol(cause) => {
                Some(cause)
            }
            Trouble::Broken(error) => Some(error),
            Trouble::TooSlow(_) => None,
        }
    }
}
