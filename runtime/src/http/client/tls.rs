//! TLS for the client: the roots it trusts, and what the handshake's errors mean for a request.
//!
//! For `connect`. Python: `ssl`.

use std::io;
use std::rc::Rc;

use futures_rustls::rustls::{self, CertificateError};
use url::{Host, Url};

use super::error::{Failure, Stage, shorten};
use crate::net::tls::{TlsConnector, TlsError, TlsWire, Trouble};
use crate::net::wire::Wire;

/// The session's half of every handshake.
pub(super) struct Tls {
    connector: TlsConnector,
}

impl Tls {
    /// Trusts the built-in roots and those in `own_roots`, a PEM text that may be empty.
    pub(super) fn available(own_roots: &[u8]) -> Result<Option<Self>, Failure> {
        let mut connector = TlsConnector::new();
        if !own_roots.is_empty() {
            connector = connector
                .root_certificates(own_roots)
                .map_err(|error| Failure::new(Stage::Tls, error.to_string()))?;
        }
        Ok(Some(Self { connector: connector.alpn(["http/1.1"]) }))
    }

    pub(super) async fn handshake(
        &self,
        url: &Url,
        host: &Host<String>,
        wire: Rc<dyn Wire>,
    ) -> Result<Rc<dyn Wire>, Failure> {
        let wire = TlsWire::connect(wire, &self.connector, &server_name(host)).await;
        wire.map_err(|error| explain(error, url))
    }
}

/// A certificate names an IPv6 address without the brackets that a URL puts around it.
fn server_name(host: &Host<String>) -> String {
    match host {
        Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    }
}

fn explain(error: io::Error, url: &Url) -> Failure {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<TlsError>());
    let (stage, message) = match cause.map(TlsError::trouble) {
        Some(Trouble::Certificate(cause)) => (Stage::Certificate, explain_certificate(cause)),
        Some(Trouble::NotTls(cause)) => {
            let message = format!("the server doesn't speak TLS ({cause}). {}", try_http(url));
            (Stage::Tls, message)
        }
        Some(Trouble::Broken(error)) => {
            let what = explain_break(error);
            let message =
                format!("the connection broke during the TLS handshake: {what}. {}", try_http(url));
            (Stage::Tls, message)
        }
        // Which names the host and says why.
        Some(_) | None => (Stage::Tls, error.to_string()),
    };
    Failure::new(stage, message).caused_by(error)
}

fn explain_break(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the server closed it".to_owned(),
        _ => error.to_string(),
    }
}

fn try_http(url: &Url) -> String {
    let mut plain = url.clone();
    // https gives way to http without fail: both are special schemes.
    let _ = plain.set_scheme("http");
    format!("Does this server speak https? Try {}", shorten(plain.as_str()))
}

fn explain_certificate(cause: &rustls::Error) -> String {
    match cause {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the server's certificate is not trusted: no known root has signed it. If the root is \
             your own, pass its PEM text to ClientSession::builder().root_certificates()"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(cause) => {
            format!("the server's certificate is not trusted: {cause}")
        }
        cause => format!("the server's certificate is not trusted: {cause}"),
    }
}
