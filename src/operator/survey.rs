//! What is stored of many tests at rest, asked for in one call: a list has the API server go through all that the namespace has, and
//! wait until it is up to date. For each of ten thousand tests that would be ten thousand times ten thousand objects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::ListParams;
use kube::runtime::reflector::ObjectRef;
use kube::{Client, ResourceExt};
use tokio::time::Instant;

use super::api::{CallError, Objects};
use super::names;
use super::reading::Watched;
use crate::api::LoadTest;

/// So many tests are asked for in one call: their names have to fit into its address.
pub const AT_ONCE: usize = 50;
/// So long an answer counts.
const LASTS: Duration = Duration::from_secs(10);

/// A namespace, and how a test of it is called by the label of what is stored of it.
type Key = (String, String);

/// What was found; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Survey(Arc<Mutex<BTreeMap<Key, Found>>>);

#[derive(Debug)]
struct Found {
    /// Before it was asked for.
    asked_at: Instant,
    stored: Vec<ObjectMeta>,
}

impl Survey {
    /// Asks what is stored of these tests, which are of one namespace.
    pub async fn ask(&self, client: &Client, tests: &[ObjectRef<Watched>]) -> Result<(), CallError> {
        let asked_at = Instant::now();
        let keys: Vec<Key> = tests.iter().map(|test| key(test.namespace.as_ref(), &test.name)).collect();
        let Some((namespace, _)) = keys.first() else { return Ok(()) };
        let names: Vec<&str> = keys.iter().map(|(_, name)| name.as_str()).collect();
        let of_tests = format!("{} in ({})", names::TEST_LABEL, names.join(","));
        let maps = Objects::<ConfigMap>::new(client, namespace);
        let parameters = ListParams::default().labels(&of_tests);
        let found = maps.call("list", &of_tests, maps.api().list_metadata(&parameters)).await?;
        let mut all = self.lock();
        all.retain(|_, found| found.is_fresh());
        for key in &keys {
            all.insert(key.clone(), Found { asked_at, stored: Vec::new() });
        }
        for metadata in found.items.into_iter().map(|map| map.metadata) {
            let name = metadata.labels.as_ref().and_then(|labels| labels.get(names::TEST_LABEL)).cloned();
            if let Some(found) = name.and_then(|name| all.get_mut(&(namespace.clone(), name))) {
                found.stored.push(metadata);
            }
        }
        Ok(())
    }

    /// Whether it was asked what is stored of this test.
    #[must_use]
    pub fn has(&self, test: &ObjectRef<Watched>) -> bool {
        self.lock().get(&key(test.namespace.as_ref(), &test.name)).is_some_and(Found::is_fresh)
    }

    /// What was found of `test`; none: it wasn't asked for, or too long ago. It is told once: whoever looks at the test
    /// again may have stored something since.
    #[must_use]
    pub fn take(&self, test: &LoadTest) -> Option<Vec<ObjectMeta>> {
        let found = self.lock().remove(&key(test.namespace().as_ref(), &test.name_any()))?;
        found.is_fresh().then_some(found.stored)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Found>> {
        // Whatever is missing in it is asked for again.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Found {
    fn is_fresh(&self) -> bool {
        self.asked_at.elapsed() < LASTS
    }
}

fn key(namespace: Option<&String>, name: &str) -> Key {
    (namespace.cloned().unwrap_or_default(), names::label_value(name))
}
