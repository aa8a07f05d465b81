//! Where certificates are kept: in a Secret, or in memory.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, PostParams};
use kube::{Client, Error};

use super::material::Material;

/// Where certificates are kept.
#[derive(Debug)]
pub struct Place(Kind);

enum Kind {
    Memory(Box<Option<Material>>),
    Secret(Box<NamedSecret>),
}

struct NamedSecret {
    api: Api<Secret>,
    namespace: String,
    name: String,
}

/// The Secret can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// There is none.
    #[error("there is no Secret {namespace}/{name}: the chart makes it, empty; the operator may not")]
    Missing {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The API server said no.
    #[error("the Secret {namespace}/{name}: {source}")]
    Api {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// What it said.
        source: Box<Error>,
    },
}

/// What was read, and the Secret that it was read from.
pub(super) struct Held {
    pub(super) material: Option<Material>,
    secret: Option<Secret>,
}

impl Place {
    /// For a process outside of a cluster: they are made anew with each start.
    #[must_use]
    pub fn memory() -> Self {
        Place(Kind::Memory(Box::default()))
    }

    /// In this Secret, which exists.
    #[must_use]
    pub fn secret(client: Client, namespace: &str, name: &str) -> Self {
        let api = Api::namespaced(client, namespace);
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Place(Kind::Secret(Box::new(NamedSecret { api, namespace, name })))
    }

    pub(super) async fn read(&self) -> Result<Held, PlaceError> {
        match &self.0 {
            Kind::Memory(material) => Ok(Held { material: Option::clone(material), secret: None }),
            Kind::Secret(named) => {
                let secret = named.api.get(&named.name).await.map_err(|error| named.fault(error))?;
                Ok(Held { material: material(&secret), secret: Some(secret) })
            }
        }
    }

    /// Puts `material` in the place of what was read; false: another was faster.
    pub(super) async fn write(&mut self, held: Held, material: &Material) -> Result<bool, PlaceError> {
        match &mut self.0 {
            Kind::Memory(kept) => {
                **kept = Some(material.clone());
                Ok(true)
            }
            Kind::Secret(named) => named.write(filled(held.secret.unwrap_or_default(), material)).await,
        }
    }
}

impl NamedSecret {
    async fn write(&self, secret: Secret) -> Result<bool, PlaceError> {
        match self.api.replace(&self.name, &PostParams::default(), &secret).await {
            Ok(_) => Ok(true),
            Err(Error::Api(status)) if status.is_conflict() => Ok(false),
            Err(error) => Err(self.fault(error)),
        }
    }

    fn fault(&self, error: Error) -> PlaceError {
        let (namespace, name) = (self.namespace.clone(), self.name.clone());
        match error {
            Error::Api(status) if status.is_not_found() => PlaceError::Missing { namespace, name },
            error => PlaceError::Api { namespace, name, source: Box::new(error) },
        }
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Kind::Memory(_) => formatter.write_str("memory"),
            Kind::Secret(named) => write!(formatter, "secret {}/{}", named.namespace, named.name),
        }
    }
}

fn material(secret: &Secret) -> Option<Material> {
    let data = secret.data.iter().flatten().map(|(key, value)| (key.clone(), value.0.clone()));
    Material::from_data(&data.collect())
}

/// The Secret as it was, labels and resourceVersion included, with new contents.
fn filled(mut secret: Secret, material: &Material) -> Secret {
    let data = material.to_data().into_iter().map(|(key, value)| (key, ByteString(value)));
    secret.data = Some(data.collect());
    secret
}
