//! TLS to the target: whose certificates are taken, and what the target is shown.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::plan::secrets::Secrets;
use crate::plan::{self, Pem, PemText, SecretKeyRef};

/// TLS to the target; clones are the same.
#[derive(Clone)]
pub struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

/// What keeps TLS from being spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A field refers to a Secret whose value isn't known.
    #[error("{path}: the Secret {name:?} has no value for key {key:?} here")]
    MissingSecret {
        /// The field.
        path: String,
        /// The Secret.
        name: String,
        /// The key in it.
        key: String,
    },
    /// What a field gives isn't what it should be.
    #[error("{path}: {what}")]
    Unfit {
        /// The field.
        path: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Tls {
    /// As the plan asks for it; none: the target speaks none.
    ///
    /// # Errors
    /// When a certificate or key isn't there, can't be read or doesn't fit.
    pub fn of(target: &plan::Target, secrets: &Secrets) -> Result<Option<Self>, TlsFault> {
        target.tls.as_ref().map(|tls| Self::new(tls, target.http.alpn(), secrets)).transpose()
    }

    fn new(tls: &plan::Tls, alpn: Vec<Vec<u8>>, secrets: &Secrets) -> Result<Self, TlsFault> {
        let unfit = |path: &str, what: &dyn fmt::Display| TlsFault::Unfit {
            path: path.to_owned(),
            what: what.to_string(),
        };
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let Ok(builder) = builder.with_safe_default_protocol_versions() else {
            unreachable!("the provider speaks the versions that are built in")
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier(tls, provider, secrets)?);
        let mut config = match &tls.client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let chain = certificates(&client.certificate, secrets)?;
                let key = PrivateKeyDer::from_pem_slice(text(&client.key, secrets)?.as_bytes()).map_err(
                    |error| unfit(&client.key.path, &format_args!("holds no private key: {error}")),
                )?;
                let built = builder.with_client_auth_cert(chain, key);
                built.map_err(|error| {
                    unfit(&client.key.path, &format_args!("doesn't go with its certificate: {error}"))
                })?
            }
        };
        config.alpn_protocols = alpn;
        // Each user is somebody else: nobody goes on with what another has agreed on.
        config.resumption = Resumption::disabled();
        let name = ServerName::try_from(tls.server_name.clone())
            .map_err(|_| unfit("spec.target.tls.serverName", &"isn't a name that a certificate can hold"))?;
        Ok(Tls { config: Arc::new(config), name })
    }

    /// TLS to the token endpoint of `target`: the public authorities, and those that the target's certificate may come from.
    /// None: there is no endpoint, or it speaks no TLS.
    ///
    /// # Errors
    /// When those authorities aren't there or can't be read.
    pub fn to_token_endpoint(
        target: &plan::Target,
        secrets: &Secrets,
    ) -> Result<Option<ClientConfig>, TlsFault> {
        let is_plain = |endpoint: &plan::OAuth2| !endpoint.speaks_tls();
        if target.oauth2.as_ref().is_none_or(is_plain) {
            return Ok(None);
        }
        let mut roots = public();
        if let Some(ca) = target.tls.as_ref().and_then(|tls| tls.ca.as_ref()) {
            add(ca, secrets, &mut roots)?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let Ok(builder) = builder.with_safe_default_protocol_versions() else {
            unreachable!("the provider speaks the versions that are built in")
        };
        Ok(Some(builder.with_root_certificates(roots).with_no_client_auth()))
    }

    /// The same for a client of another make.
    #[must_use]
    pub fn config(&self) -> ClientConfig {
        ClientConfig::clone(&self.config)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}

fn verifier(
    tls: &plan::Tls,
    provider: Arc<CryptoProvider>,
    secrets: &Secrets,
) -> Result<Arc<dyn ServerCertVerifier>, TlsFault> {
    if !tls.verifies {
        return Ok(Arc::new(Anybody(provider)));
    }
    let mut path = "spec.target.tls.ca";
    let roots = match &tls.ca {
        None => public(),
        Some(ca) => {
            path = &ca.path;
            let mut roots = RootCertStore::empty();
            add(ca, secrets, &mut roots)?;
            roots
        }
    };
    match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build() {
        Ok(verifier) => Ok(verifier),
        Err(error) => Err(TlsFault::Unfit { path: path.to_owned(), what: error.to_string() }),
    }
}

/// The public authorities, as Mozilla lists them.
fn public() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

fn add(ca: &Pem, secrets: &Secrets, roots: &mut RootCertStore) -> Result<(), TlsFault> {
    for certificate in certificates(ca, secrets)? {
        roots.add(certificate).map_err(|error| TlsFault::Unfit {
            path: ca.path.clone(),
            what: format!("holds what isn't an authority's certificate: {error}"),
        })?;
    }
    Ok(())
}

fn certificates(pem: &Pem, secrets: &Secrets) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    plan::certificates(text(pem, secrets)?).map_err(|what| TlsFault::Unfit { path: pem.path.clone(), what })
}

fn text<'a>(pem: &'a Pem, secrets: &'a Secrets) -> Result<&'a str, TlsFault> {
    match &pem.text {
        PemText::Given(text) => Ok(text),
        PemText::Secret(reference @ SecretKeyRef { name, key }) => secrets.get(reference).ok_or_else(|| {
            TlsFault::MissingSecret { path: pem.path.clone(), name: name.clone(), key: key.clone() }
        }),
    }
}

/// Takes whatever certificate is shown: asked for by name.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
