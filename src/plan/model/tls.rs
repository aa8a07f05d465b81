//! TLS to the target.

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
