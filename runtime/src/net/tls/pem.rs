//! Certificates and keys as PEM texts. Mirrors `SSLContext.load_verify_locations` and `load_cert_chain`.

use std::fmt::Display;
use std::io::{self, ErrorKind};

use futures_rustls::pki_types::pem::{self, PemObject};
use futures_rustls::pki_types::{CertificateDer, PrivateKeyDer};
use futures_rustls::rustls::RootCertStore;

/// A certificate, those that lead from it to its root, and its key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub(super) fn add_roots(roots: &mut RootCertStore, text: &[u8]) -> io::Result<()> {
    let certificates = certificates(text).map_err(unreadable_roots)?;
    if certificates.is_empty() {
        return Err(no_certificate("root certificates"));
    }
    for certificate in certificates {
        roots.add(certificate).map_err(unreadable_roots)?;
    }
    Ok(())
}

pub(super) fn identity(chain: &[u8], key: &[u8]) -> io::Result<Identity> {
    let certificates = certificates(chain)
        .map_err(|error| invalid(format!("the certificates given can't be read: {error}")))?;
    if certificates.is_empty() {
        return Err(no_certificate("certificates"));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        pem::Error::NoItemsFound => invalid(
            "the private key given holds no key: a PEM text has `-----BEGIN PRIVATE KEY-----` in it",
        ),
        error => invalid(format!("the private key given can't be read: {error}")),
    })?;
    Ok((certificates, key))
}

pub(super) fn unusable_identity(error: impl Display) -> io::Error {
    invalid(format!("the certificate and its private key can't be used: {error}"))
}

pub(super) fn unreadable_roots(error: impl Display) -> io::Error {
    invalid(format!("the root certificates given can't be read: {error}"))
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    CertificateDer::pem_slice_iter(text).collect()
}

fn no_certificate(what: &str) -> io::Error {
    invalid(format!(
        "the {what} given hold no certificate: a PEM text has `-----BEGIN CERTIFICATE-----` in it"
    ))
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, message.into())
}
