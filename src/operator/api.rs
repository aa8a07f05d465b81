//! The API server as the operator uses it: each call has its own time limit, and what isn't there is no failure.

use std::fmt::Debug;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest that one call may take.
const LIMIT: Duration = Duration::from_secs(20);

/// What a call came to when not to an answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server refused or couldn't.
    #[error("can't {verb} {what}: {}", told(source))]
    Failed {
        /// What was tried: `create`.
        verb: &'static str,
        /// On what: `Job checkout-run-1`.
        what: String,
        /// What the server said.
        source: Box<kube::Error>,
    },
    /// It gave no answer.
    #[error("no answer within {} s to {verb} {what}", LIMIT.as_secs())]
    Late {
        /// What was tried.
        verb: &'static str,
        /// On what.
        what: String,
    },
}

impl CallError {
    /// The HTTP status that the server answered with.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            CallError::Failed { source, .. } => match &**source {
                kube::Error::Api(status) => Some(status.code),
                _ => None,
            },
            CallError::Late { .. } => None,
        }
    }

    /// Whether a JSON patch found something else than it tests. What the server won't have for what it says, it names.
    #[must_use]
    pub fn is_failed_test(&self) -> bool {
        let CallError::Failed { source, .. } = self else { return false };
        let kube::Error::Api(status) = &**source else { return false };
        let names_something =
            status.details.as_ref().is_some_and(|told| !told.name.is_empty() || !told.causes.is_empty());
        status.code == 422 && !names_something
    }

    /// Whether the object was changed by somebody else since it was read.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// Whether a right is missing.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether the server won't have it, so that somebody must change something: a right, an admission policy.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.status(), Some(400 | 403 | 422))
    }
}

/// What the server said, without the whole of its answer: this line stands in the status and in logs.
fn told(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}

/// A kind whose objects are in namespaces.
pub trait Namespaced:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned + Serialize
{
}

impl<K> Namespaced for K where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize
{
}

/// Objects of one kind in one namespace.
#[derive(Clone, Debug)]
pub struct Objects<K> {
    api: Api<K>,
    kind: String,
}

impl<K: Namespaced> Objects<K> {
    /// Those of `namespace`.
    #[must_use]
    pub fn new(client: &Client, namespace: &str) -> Self {
        Objects { api: Api::namespaced(client.clone(), namespace), kind: K::kind(&()).into_owned() }
    }

    /// The object of this name; none: there is none.
    pub async fn get(&self, name: &str) -> Result<Option<K>, CallError> {
        self.call("get", name, self.api.get_opt(name)).await
    }

    /// Those with these labels.
    pub async fn list(&self, labels: &str) -> Result<Vec<K>, CallError> {
        let parameters = ListParams::default().labels(labels);
        let list = self.call("list", labels, self.api.list(&parameters)).await?;
        Ok(list.items)
    }

    /// Makes it.
    pub async fn create(&self, object: &K) -> Result<K, CallError> {
        let name = object.meta().name.clone().unwrap_or_default();
        self.call("create", &name, self.api.create(&PostParams::default(), object)).await
    }

    /// Takes it away, and in the background what belongs to it. It may be gone already.
    pub async fn delete(&self, name: &str) -> Result<(), CallError> {
        let background = DeleteParams::background();
        match self.call("delete", name, self.api.delete(name, &background)).await {
            Err(error) if error.status() == Some(404) => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// The calls that only one kind needs.
    #[must_use]
    pub fn api(&self) -> &Api<K> {
        &self.api
    }

    /// Waits for `call`, but not for ever.
    pub async fn call<T>(
        &self,
        verb: &'static str,
        name: &str,
        call: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, CallError> {
        let what = || format!("{} {name}", self.kind);
        match tokio::time::timeout(LIMIT, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(source)) => Err(CallError::Failed { verb, what: what(), source: Box::new(source) }),
            Err(_) => Err(CallError::Late { verb, what: what() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn a_missing_right_is_told_in_one_line() {
        let said = "events is forbidden: User \"loadgate\" cannot list resource \"events\"";
        let status = Status { code: 403, message: said.to_owned(), ..Status::default() };
        let error = CallError::Failed {
            verb: "list",
            what: "Event of the Job".to_owned(),
            source: Box::new(kube::Error::Api(Box::new(status))),
        };
        assert_eq!(error.to_string(), format!("can't list Event of the Job: {said}"));
        assert!(error.is_forbidden());
    }

    #[test]
    fn a_failed_test_of_a_patch_is_told_from_what_the_server_will_not_have() {
        let refused = |name: &str| {
            let told = serde_json::json!({"code": 422, "reason": "Invalid", "details": {"name": name}});
            let status = serde_json::from_value(told).unwrap();
            let source = Box::new(kube::Error::Api(Box::new(status)));
            CallError::Failed { verb: "patch", what: "LoadTest shop".to_owned(), source }
        };
        assert!(refused("").is_failed_test());
        assert!(!refused("shop").is_failed_test());
    }
}
