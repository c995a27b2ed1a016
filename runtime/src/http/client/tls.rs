//! TLS for the client: the roots it trusts, the handshake, and what its errors mean.
//!
//! For `connect`. rustls does the work, with ring's cryptography. Python: `ssl`.

use std::error::Error;
use std::io;
use std::sync::Arc;

use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::pki_types::pem::PemObject;
use futures_rustls::pki_types::{CertificateDer, ServerName};
use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::{self, CertificateError, ClientConfig, RootCertStore};
use url::{Host, Url};

use super::error::{Failure, Stage, shorten};
use crate::http::io::Socket;

/// The session's half of every handshake.
pub(super) struct Tls {
    connector: TlsConnector,
}

impl Tls {
    /// Trusts the built-in roots and those in `own_roots`, a PEM text that may be empty.
    pub(super) fn available(own_roots: &[u8]) -> Result<Option<Self>, Failure> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        add_own(&mut roots, own_roots)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring offers the cipher suites of TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self { connector: TlsConnector::from(Arc::new(config)) }))
    }

    pub(super) async fn handshake(
        &self,
        url: &Url,
        host: &Host<&str>,
        socket: Socket,
    ) -> Result<TlsStream<Socket>, Failure> {
        let stream = self.connector.connect(server_name(host)?, socket).await;
        stream.map_err(|error| explain(error, url))
    }
}

fn add_own(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), Failure> {
    if pem.is_empty() {
        return Ok(());
    }
    let unreadable = |error: &dyn Error| {
        let message = format!("the root certificates given can't be read: {error}");
        Failure::new(Stage::Tls, message)
    };
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
        found = true;
    }
    if !found {
        return Err(Failure::new(
            Stage::Tls,
            "the root certificates given hold no certificate: \
             a PEM text has `-----BEGIN CERTIFICATE-----` in it",
        ));
    }
    Ok(())
}

fn server_name(host: &Host<&str>) -> Result<ServerName<'static>, Failure> {
    match host {
        Host::Ipv4(address) => Ok(ServerName::from(*address)),
        Host::Ipv6(address) => Ok(ServerName::from(*address)),
        Host::Domain(name) => ServerName::try_from((*name).to_owned()).map_err(|error| {
            let message = format!("no certificate can be for the host {name}: {error}");
            Failure::new(Stage::Tls, message)
        }),
    }
}

fn explain(error: io::Error, url: &Url) -> Failure {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    let (stage, message) = match cause {
        Some(rustls::Error::InvalidCertificate(cause)) => {
            (Stage::Certificate, explain_certificate(cause))
        }
        Some(rustls::Error::InvalidMessage(cause)) => {
            let message = format!("the server doesn't speak TLS ({cause:?}). {}", try_http(url));
            (Stage::Tls, message)
        }
        Some(cause) => (Stage::Tls, format!("TLS handshake failed: {cause}")),
        None => {
            let what = explain_break(&error);
            let message =
                format!("the connection broke during the TLS handshake: {what}. {}", try_http(url));
            (Stage::Tls, message)
        }
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

fn explain_certificate(cause: &CertificateError) -> String {
    match cause {
        CertificateError::UnknownIssuer => {
            "the server's certificate is not trusted: no known root has signed it. If the root is \
             your own, pass its PEM text to ClientSession::builder().root_certificates()"
                .to_owned()
        }
        cause => format!("the server's certificate is not trusted: {cause}"),
    }
}
