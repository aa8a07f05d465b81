//! TLS to the target.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::api::SecretKeyRef;

/// TLS to the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Tls {
    /// The name that is asked for and that the certificate must hold.
    pub server_name: String,
    /// The authorities that it may come from; none: the public ones.
    pub ca: Option<Pem>,
    /// What the target is shown.
    pub client: Option<ClientCertificate>,
    /// Whether not just any certificate will do.
    pub verifies: bool,
}

/// A text in PEM.
#[derive(Clone, Debug, PartialEq)]
pub struct Pem {
    /// Where it is.
    pub text: PemText,
    /// Its field path.
    pub path: String,
}

/// Where a text in PEM is.
#[derive(Clone, Debug, PartialEq)]
pub enum PemText {
    /// In the spec.
    Given(String),
    /// In a Secret.
    Secret(SecretKeyRef),
}

/// A certificate and its private key.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientCertificate {
    /// The certificate, and those that lead to its authority.
    pub certificate: Pem,
    /// Its private key.
    pub key: Pem,
}

impl Tls {
    /// All texts that it needs.
    pub(in crate::plan) fn texts(&self) -> impl Iterator<Item = &Pem> {
        let of_client = self.client.iter().flat_map(|client| [&client.certificate, &client.key]);
        self.ca.iter().chain(of_client)
    }
}

/// The certificates of a text in PEM.
///
/// # Errors
/// What it is instead, in words that follow the name of its field.
pub fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err("holds no certificate; it begins with -----BEGIN CERTIFICATE-----".to_owned()),
        Err(error) => Err(format!("isn't PEM: {error}")),
    }
}

impl Pem {
    /// The Secret that it comes from; none: it stands in the spec.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretKeyRef> {
        match &self.text {
            PemText::Secret(reference) => Some(reference),
            PemText::Given(_) => None,
        }
    }
}
