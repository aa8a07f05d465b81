//! Results on their way into the store: since when it is tried, and those that couldn't be stored by the time of the
//! verdict. They are in memory only; a process that takes over finds in the status what has become of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;

use super::runs::Clock;

/// So long a verdict waits for its result to be stored. With the time that a call may take it is less than a minute.
const BEFORE_VERDICT: Duration = Duration::from_secs(30);
/// So long at most after the word to end a load its result is waited for, however long its workers have taken by then.
/// With the time that a call may take, and that until the next try, it is less than a minute too.
const AFTER_WORD: Duration = Duration::from_secs(35);
/// So long it is tried in all.
const IN_ALL: Duration = Duration::from_mins(15);

/// Why a result isn't stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotStored {
    /// In one `CamelCase` word.
    pub reason: &'static str,
    /// In one line.
    pub message: String,
}

impl NotStored {
    /// What was measured has no room, and never will.
    pub const TOO_LARGE: &str = "TooLarge";

    /// Whether trying again is of no use.
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        self.reason == Self::TOO_LARGE
    }
}

/// All results on their way, by the UIDs of their runs.
#[derive(Clone, Debug, Default)]
pub struct Storing(Arc<Mutex<BTreeMap<String, Attempt>>>);

#[derive(Debug)]
struct Attempt {
    since: Clock,
    put_off: Option<(ConfigMap, NotStored)>,
}

impl Storing {
    /// How long the result of this run has been on its way; the first time, it sets out.
    #[must_use]
    pub fn lasted(&self, uid: &str) -> Duration {
        let begun = || Attempt { since: Clock::begun(Duration::ZERO), put_off: None };
        self.lock().entry(uid.to_owned()).or_insert_with(begun).since.lasted().here
    }

    /// Whether a verdict still waits for this result. `ended_for`: how long ago its load was told to end; none: it
    /// wasn't.
    #[must_use]
    pub fn is_awaited(&self, uid: &str, ended_for: Option<Duration>) -> bool {
        self.lasted(uid) < BEFORE_VERDICT && ended_for.is_none_or(|since| since < AFTER_WORD)
    }

    /// The verdict goes out without it; it is tried again later.
    pub fn put_off(&self, uid: &str, map: ConfigMap, why: NotStored) {
        if let Some(attempt) = self.lock().get_mut(uid) {
            attempt.put_off = Some((map, why));
        }
    }

    /// What is still to be stored of this run, and why it isn't.
    #[must_use]
    pub fn left(&self, uid: &str) -> Option<(ConfigMap, NotStored)> {
        self.lock().get(uid)?.put_off.clone()
    }

    /// Whether something is still to be stored of this run. What has been tried for too long is given up.
    #[must_use]
    pub fn is_left(&self, uid: &str) -> bool {
        let mut attempts = self.lock();
        attempts.retain(|_, attempt| attempt.since.lasted().here < IN_ALL);
        attempts.get(uid).is_some_and(|attempt| attempt.put_off.is_some())
    }

    /// It is stored, or needn't be any more.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Attempt>> {
        // Each change is one insert or remove.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
