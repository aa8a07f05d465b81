//! The ingest's TLS: a certificate authority of its own, and the server certificate that it signs.
//!
//! Both lie in one Secret, which all operators read and any of them fills or renews: the resourceVersion decides
//! between two that do so at once, and the loser takes what the winner wrote. The Secret must exist, as the
//! operator may not create any (only `get` and `update` this one); its keys are `ca.crt`, `ca.key`, `ca.created`,
//! `tls.crt` and `tls.key`. Outside a cluster they lie in memory.
//!
//! A renewed authority doesn't cut off the workers that began with the old one: the server sends the new authority
//! along, signed by the old one, and the bundle for those that begin now names both.

mod make;
mod material;
mod place;
mod renew;
#[cfg(test)]
mod tests;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

pub use place::{Place, PlaceError};

use material::Material;

/// Between two looks at the Secret: so long it takes until a replica serves what another has renewed.
const EVERY: Duration = Duration::from_mins(5);
/// Until the next try, when one has failed.
const AGAIN: Duration = Duration::from_secs(5);
/// One look at the Secret may take so long, calls and races included.
const PATIENCE: Duration = Duration::from_secs(20);
/// So often a race is lost before it is called a failure.
const RACES: usize = 5;

/// Keeps the certificates: fills, renews, and installs them for the server.
#[derive(Debug)]
pub struct Keeper {
    place: Place,
    names: Vec<String>,
    installed: watch::Sender<Option<Installed>>,
}

/// What the server serves with, and what workers are to trust. Clones see the same.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ServerConfig>,
    installed: watch::Receiver<Option<Installed>>,
}

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The Secret can't be read or written.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A certificate can't be made.
    #[error("a certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
    /// What was made doesn't verify.
    #[error("the certificates don't verify: {0}")]
    Verify(#[from] rustls::Error),
    /// Others have written each time.
    #[error("the Secret is written by others all the time")]
    Races,
    /// The API server doesn't answer.
    #[error("the Secret was not to be had within {} s", PATIENCE.as_secs())]
    Late,
}

#[derive(Clone, Debug)]
struct Installed {
    served: Arc<CertifiedKey>,
    trusted: Arc<str>,
}

/// The names of a Service, by which workers call it.
#[must_use]
pub fn service_names(service: &str, namespace: &str) -> Vec<String> {
    let short = format!("{service}.{namespace}.svc");
    let full = format!("{short}.cluster.local");
    vec![short, full]
}

impl Keeper {
    /// For a server that is called by `names`, DNS names or addresses. Handshakes fail until [`Keeper::run`] has
    /// found or made the certificates.
    pub fn new(place: Place, names: Vec<String>) -> Result<(Self, Tls), TlsError> {
        let (installed, seen) = watch::channel(None);
        let resolver = Resolver(seen.clone());
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tls = Tls { config: Arc::new(config), installed: seen };
        Ok((Keeper { place, names, installed }, tls))
    }

    /// Keeps them until `stop` is true or gone. What fails is told and tried again; what is installed stays.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.keep() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn keep(&mut self) {
        loop {
            let tended = timeout(PATIENCE, self.tend(Timestamp::now())).await;
            match tended.unwrap_or(Err(TlsError::Late)) {
                Ok(()) => sleep(EVERY).await,
                Err(error) => {
                    tracing::warn!(%error, "the ingest's certificates could not be looked after");
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// Looks at the Secret once: renews what is due and installs what is there.
    async fn tend(&mut self, now: Timestamp) -> Result<(), TlsError> {
        for _ in 0..RACES {
            let held = self.place.read().await?;
            let Some(renewed) = renew::renewed(held.material.as_ref(), &self.names, now)? else {
                return held.material.as_ref().map_or(Ok(()), |material| self.install(material));
            };
            if self.place.write(held, &renewed).await? {
                tracing::info!("the ingest's certificates were renewed");
                return self.install(&renewed);
            }
        }
        Err(TlsError::Races)
    }

    fn install(&self, material: &Material) -> Result<(), TlsError> {
        let served = Arc::new(verify::certified_key(material)?);
        let trusted = Arc::from(material.bundle());
        self.installed.send_replace(Some(Installed { served, trusted }));
        Ok(())
    }
}

impl Tls {
    /// For the server. It stays the same: a renewed certificate is served from the next handshake on.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// The authorities that workers are to trust, as PEM; none before there are any.
    #[must_use]
    pub fn trusted(&self) -> Option<Arc<str>> {
        self.installed.borrow().as_ref().map(|installed| Arc::clone(&installed.trusted))
    }

    /// Waits until there are certificates; false: there never will be, as their keeper has ended.
    pub async fn ready(&mut self) -> bool {
        self.installed.wait_for(Option::is_some).await.is_ok()
    }
}

/// Looks up the certificate for each handshake, so that it can be renewed under a server that goes on.
#[derive(Debug)]
struct Resolver(watch::Receiver<Option<Installed>>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.borrow().as_ref().map(|installed| Arc::clone(&installed.served))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
