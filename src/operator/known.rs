//! Knows the statuses that this process has written, or found to be what it would write. All others are anybody's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::ListParams;
use kube::{Client, ResourceExt};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::api::{CallError, Namespaced, Objects};
use super::build::read_run;
use super::names;
use super::seen::Author;
use crate::api::LoadTest;

/// So many statuses are known; where there are more tests, some are compared again.
const MOST: usize = 20_000;
/// So many statuses are compared with what is stored at once: a leader that is new to ten thousand tests at rest leads
/// the runs under way meanwhile.
const AT_ONCE: usize = 4;

/// The statuses that this process answers for; clones are the same.
#[derive(Clone, Debug)]
pub struct Known {
    /// A digest of each, by its object's UID.
    digests: Arc<Mutex<BTreeMap<String, [u8; 32]>>>,
    turns: Arc<Semaphore>,
}

impl Default for Known {
    fn default() -> Self {
        Known { digests: Arc::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Known {
    /// From now on this process answers for the status that `test` has.
    pub fn note(&self, test: &LoadTest) {
        let mut digests = self.digests();
        if digests.len() >= MOST {
            digests.clear();
        }
        digests.insert(test.uid().unwrap_or_default(), digest(test));
    }

    /// Whether this process answers for the status that `test` has.
    #[must_use]
    pub fn is_own(&self, test: &LoadTest) -> bool {
        self.digests().get(&test.uid().unwrap_or_default()) == Some(&digest(test))
    }

    /// Waits until a status may be compared with what is stored.
    pub async fn turn(&self) -> impl Sized + use<'_> {
        self.turns.acquire().await
    }

    fn digests(&self) -> MutexGuard<'_, BTreeMap<String, [u8; 32]>> {
        // Each change is one insert or a clear.
        self.digests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(test: &LoadTest) -> [u8; 32] {
    let Ok(status) = serde_json::to_vec(&test.status) else { unreachable!("a status was read from JSON") };
    Sha256::digest(status).into()
}

/// Whose the status of `test` is, and where it is anybody's, what is stored of its runs.
pub async fn author(client: &Client, known: &Known, test: &LoadTest) -> Result<Author, CallError> {
    if known.is_own(test) {
        return Ok(Author::Own);
    }
    let mut stored = metadata::<ConfigMap>(client, test).await?;
    // The finalizer is there before the Job is.
    if !test.finalizers().is_empty() {
        stored.extend(metadata::<Job>(client, test).await?);
    }
    Ok(anybody(test, stored.iter()))
}

/// The metadata of all of this kind that is there of the runs of `test`, or of one that had its name before.
async fn metadata<K: Namespaced>(client: &Client, test: &LoadTest) -> Result<Vec<ObjectMeta>, CallError> {
    let objects = Objects::<K>::new(client, &test.namespace().unwrap_or_default());
    let of_test = format!("{}={}", names::TEST_LABEL, names::label_value(&test.name_any()));
    let parameters = ListParams::default().labels(&of_test);
    let found = objects.call("list", &of_test, objects.api().list_metadata(&parameters)).await?;
    Ok(found.items.into_iter().map(|object| object.metadata).collect())
}

/// The latest of the runs that something is stored of; those of another object that had its name before don't count.
fn anybody<'a>(test: &LoadTest, stored: impl Iterator<Item = &'a ObjectMeta> + Clone) -> Author {
    let runs = stored.clone().filter_map(read_run).filter(|run| names::is_run_of(test, run));
    let latest = runs.max_by_key(|run| run.number);
    let label = |map: &'a ObjectMeta, name: &str| map.labels.as_ref()?.get(name);
    let mut of_latest =
        stored.filter(|map| label(map, names::RUN_LABEL) == latest.as_ref().map(|run| &run.uid));
    let is_on = of_latest.any(|map| label(map, names::ROLE_LABEL).is_some_and(|role| role != "result"));
    Author::Anybody { is_on: latest.is_some() && is_on, latest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{LoadTestStatus, Verdict};
    use crate::operator::build::config_maps;
    use crate::operator::build::status;
    use crate::operator::decide::run_of;
    use crate::operator::tests::makers::{a_test, noon};

    #[test]
    fn a_status_is_its_own_until_another_stands_there() {
        let known = Known::default();
        let mut test = a_test().with_run().object().clone();
        assert!(!known.is_own(&test), "nothing is known at first");
        known.note(&test);
        assert!(known.is_own(&test));
        test.metadata.generation = Some(7);
        assert!(known.is_own(&test), "another spec is no other status");
        test.status = Some(status::hindered(&test, "Forbidden", "forged".to_owned(), noon()));
        assert!(!known.is_own(&test));
        test.status = Some(LoadTestStatus::default());
        assert!(!known.is_own(&test));
    }

    #[test]
    fn the_latest_run_is_found_by_what_is_stored_of_it() {
        let first = a_test().with_run_id("a").with_run();
        let second = first.clone().with_run_id("b").with_run();
        let test = second.object();
        let spec = |test: &LoadTest| config_maps::spec(test, run_of(test).unwrap(), None).metadata;
        let result = |test: &LoadTest| {
            config_maps::result(test, run_of(test).unwrap(), Verdict::Fail, vec![1]).metadata
        };
        let mut other = test.clone();
        other.metadata.uid = Some("1b8f1d2e-3c4d-4e5f-8a9b-0c1d2e3f4a5b".to_owned());
        for (what, test, stored, latest, is_on) in [
            ("nothing", test, vec![], None, false),
            ("both are over", test, vec![result(test), result(first.object())], run_of(test), false),
            ("the second is on", test, vec![result(first.object()), spec(test)], run_of(test), true),
            ("another object had the name", &other, vec![spec(test)], None, false),
        ] {
            let found = anybody(test, stored.iter());
            assert_eq!(found, Author::Anybody { latest: latest.cloned(), is_on }, "{what}");
        }
    }
}
