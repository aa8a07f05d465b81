//! Holds certificates against what a worker checks when it connects.

use std::time::Duration;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};

use super::material::Material;

/// The server's chain with its key, which must belong to it.
pub(super) fn certified_key(material: &Material) -> Result<CertifiedKey, Error> {
    let chain = material.chain.iter().map(|pem| certificate(pem)).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(material.key.as_bytes()).map_err(|error| unreadable(&error))?;
    CertifiedKey::from_der(chain, key, &super::provider())
}

/// Whether whoever trusts this authority accepts the server under all its names at that time.
pub(super) fn accepted(
    material: &Material,
    authority: &str,
    names: &[String],
    at: Timestamp,
) -> Result<(), Error> {
    let shown = certified_key(material)?;
    let (server, others) = shown.cert.split_first().ok_or(Error::NoCertificatesPresented)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate(authority)?)?;
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), super::provider())
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    for name in names {
        let name = ServerName::try_from(name.as_str()).map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(server, others, &name, &[], moment(at))?;
    }
    Ok(())
}

fn certificate(pem: &str) -> Result<CertificateDer<'static>, Error> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| unreadable(&error))
}

fn unreadable(error: &rustls::pki_types::pem::Error) -> Error {
    Error::General(error.to_string())
}

fn moment(at: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(at.as_second().try_into().unwrap_or(0)))
}
