//! Knows the statuses that this process has written, or found to be what it would write. All others are anybody's.
//!
//! It also knows what the definition in the cluster has dropped of them, so that nothing is decided, or written, again
//! and again because of that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::ResourceExt;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::decide::run_of;
use super::dropped::{dropped, restored};
use crate::api::{LoadTest, LoadTestStatus, Run};

/// So many statuses are known; where there are more tests, some are compared again.
const MOST: usize = 20_000;

/// The statuses that this process answers for; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// By the UIDs of their objects.
    statuses: Arc<Mutex<BTreeMap<String, Told>>>,
}

/// A status that this process answers for.
#[derive(Debug)]
struct Told {
    /// A digest of what there is of it.
    there: [u8; 32],
    /// A digest of all that it said.
    said: [u8; 32],
    /// What isn't there of it.
    dropped: Option<Value>,
    /// The run that it tells of.
    run: Option<Run>,
}

impl Known {
    /// From now on this process answers for `said`, of which `written` is what there is. Gives the object with all of it.
    #[must_use]
    pub fn note(&self, said: &LoadTestStatus, written: LoadTest) -> LoadTest {
        let dropped = dropped(&json(Some(said)), &json(written.status.as_ref()));
        let there = digest(&written);
        let all = with(written, dropped.as_ref());
        let told = Told { there, said: digest(&all), dropped, run: run_of(&all).cloned() };
        let mut statuses = self.statuses();
        if statuses.len() >= MOST {
            statuses.pop_first();
        }
        statuses.insert(all.uid().unwrap_or_default(), told);
        all
    }

    /// Whether this process answers for the status that `test` has.
    #[must_use]
    pub fn is_own(&self, test: &LoadTest) -> bool {
        let is = digest(test);
        self.of(test, |told| told.there == is || told.said == is).unwrap_or_default()
    }

    /// `test`, with what was dropped of its status if this process has written that.
    #[must_use]
    pub fn restored(&self, test: LoadTest) -> LoadTest {
        let is = digest(&test);
        let dropped = self.of(&test, |told| told.dropped.clone().filter(|_| told.there == is)).flatten();
        with(test, dropped.as_ref())
    }

    /// The run that this process has told of last, whatever stands there now.
    #[must_use]
    pub fn run(&self, test: &LoadTest) -> Option<Run> {
        self.of(test, |told| told.run.clone()).flatten()
    }

    fn of<T>(&self, test: &LoadTest, look: impl FnOnce(&Told) -> T) -> Option<T> {
        self.statuses().get(&test.uid().unwrap_or_default()).map(look)
    }

    fn statuses(&self) -> MutexGuard<'_, BTreeMap<String, Told>> {
        // Each change is one insert or remove.
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with(mut test: LoadTest, dropped: Option<&Value>) -> LoadTest {
    if let Some(dropped) = dropped {
        let all = serde_json::from_value(restored(json(test.status.as_ref()), dropped));
        test.status = all.ok().or(test.status);
    }
    test
}

fn json(status: Option<&LoadTestStatus>) -> Value {
    let Ok(value) = serde_json::to_value(status) else { unreachable!("a status was read from JSON") };
    value
}

fn digest(test: &LoadTest) -> [u8; 32] {
    Sha256::digest(json(test.status.as_ref()).to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::build::status;
    use crate::operator::tests::makers::{a_test, noon};

    fn note(known: &Known, test: &LoadTest) {
        let _ = known.note(test.status.as_ref().unwrap(), test.clone());
    }

    #[test]
    fn a_status_is_its_own_until_another_stands_there() {
        let known = Known::default();
        let mut test = a_test().with_run().object().clone();
        assert!(!known.is_own(&test), "nothing is known at first");
        note(&known, &test);
        assert!(known.is_own(&test));
        test.metadata.generation = Some(7);
        assert!(known.is_own(&test), "another spec is no other status");
        test.status = Some(status::hindered(&test, "Forbidden", "forged".to_owned(), noon()));
        assert!(!known.is_own(&test));
        assert_eq!(known.restored(test.clone()), test);
        test.status = Some(LoadTestStatus::default());
        assert!(!known.is_own(&test));
        assert_eq!(known.run(&test), run_of(a_test().with_run().object()).cloned(), "it was told of once");
    }

    #[test]
    fn what_the_definition_has_dropped_is_known_as_long_as_the_rest_stands() {
        let (known, all) = (Known::default(), a_test().with_run().object().clone());
        let said = all.status.clone().unwrap();
        let mut there = all.clone();
        let status = there.status.as_mut().unwrap();
        (status.run, status.observed_generation, status.conditions) = (None, None, Vec::new());
        assert_eq!(known.note(&said, there.clone()), all);
        assert_eq!(known.restored(there.clone()), all);
        assert!(known.is_own(&there) && known.is_own(&all));
        there.status.as_mut().unwrap().phase = Some("Passed".to_owned());
        assert_eq!(known.restored(there.clone()), there, "it is another's");
    }
}
