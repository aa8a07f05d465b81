//! A model of what is around the decisions: an API server's objects, pods with workers, and an operator's memory.
//!
//! Sessions, builders and judgements are the real ones; what the operator writes is written here in the same order.

mod observer;
mod operator;
mod workers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::api::{LoadTest, LoadTestStatus, Run};
use crate::ingest::Session;
use crate::operator::record::Record;
use crate::operator::seen::FrozenSpec;
use crate::operator::tests::makers::{a_test, noon};
use crate::plan::Plan;
use crate::report::kept::KeptRun;
pub(super) use operator::Mishap;
use workers::Worker;

/// Everything.
pub(super) struct World {
    /// The object; none: it is gone.
    pub(super) test: Option<LoadTest>,
    /// What there is of each run, by its UID.
    pub(super) runs: BTreeMap<String, Children>,
    workers: Vec<Worker>,
    memory: Memory,
    /// Seconds since noon.
    now: u64,
    /// Counts what must never have the same name twice.
    made: u64,
    pub(super) truth: Truth,
    /// Whether the status is nobody's.
    pub(super) is_forged: bool,
    /// Whether results can't be stored.
    pub(super) is_shut: bool,
}

/// What is stored of a run.
#[derive(Default)]
pub(super) struct Children {
    pub(super) spec: Option<FrozenSpec>,
    pub(super) record: Option<Record>,
    pub(super) job: Option<String>,
    pub(super) result: Option<KeptRun>,
    /// The run that all of them tell of.
    run: Option<Run>,
}

impl Children {
    fn is_on(&self) -> bool {
        self.spec.is_some() || self.record.is_some() || self.job.is_some()
    }

    fn result_only(&mut self) -> Children {
        Children { result: self.result.take(), run: self.run.take(), ..Children::default() }
    }
}

/// What an operator forgets when it ends.
#[derive(Default)]
struct Memory {
    led: BTreeMap<String, Led>,
    /// The status that it answers for.
    known: Option<LoadTestStatus>,
    waiting: BTreeMap<String, u64>,
    /// Since when results are on their way, and what is put off of them.
    storing: BTreeMap<String, (u64, Option<KeptRun>)>,
}

struct Led {
    job_uid: String,
    plan: Plan,
    session: Session,
    load: Option<(u64, u64)>,
    aborted_at: Option<u64>,
}

/// What really happened, whatever anybody was told.
#[derive(Default)]
pub(super) struct Truth {
    /// The loads that began: run and share; the second one of a share stands in `doubled`.
    begun: BTreeSet<(String, u32)>,
    pub(super) doubled: BTreeSet<(String, u32)>,
    /// The loads that came to their planned end, and whose figures were taken.
    pub(super) told: BTreeSet<(String, u32)>,
    /// Jobs that were made although the run had a record.
    pub(super) jobs_too_many: Vec<String>,
    recorded: BTreeSet<String>,
}

impl World {
    pub(super) fn new() -> Self {
        World {
            test: Some(a_test().object().clone()),
            runs: BTreeMap::new(),
            workers: Vec::new(),
            memory: Memory::default(),
            now: 0,
            made: 0,
            truth: Truth::default(),
            is_forged: false,
            is_shut: false,
        }
    }

    pub(super) fn passes(&mut self, seconds: u64) {
        self.now += seconds;
    }

    /// The operator ends and another begins, with nothing in its memory. Not while only that tells of a load.
    pub(super) fn restarts(&mut self) {
        if !(self.is_forged && self.is_told_by_status_only()) {
            self.memory = Memory::default();
        }
    }

    /// Whether a load may have begun, as its start was written down, and neither that record nor a result says so any more.
    fn is_told_by_status_only(&self) -> bool {
        let says_so = |children: &Children| children.record.is_some() || children.result.is_some();
        self.truth.recorded.iter().any(|run| !self.runs.get(run).is_some_and(says_so))
    }

    /// Somebody changes the object; the API server counts it.
    pub(super) fn edits(&mut self, edit: impl FnOnce(&mut crate::api::LoadTestSpec)) {
        let Some(test) = &mut self.test else { return };
        let before = test.spec.clone();
        edit(&mut test.spec);
        if test.spec != before {
            test.metadata.generation = test.metadata.generation.map(|generation| generation + 1);
        }
    }

    /// Somebody writes another status. Where only the one that is there tells of a load, nobody can find out.
    pub(super) fn forges(&mut self, forge: impl FnOnce(&LoadTest) -> LoadTestStatus) {
        if self.memory.known.is_none() && self.is_told_by_status_only() {
            return;
        }
        let Some(test) = &mut self.test else { return };
        let forged = Some(forge(test));
        if test.status != forged {
            test.status = forged;
            self.is_forged = true;
        }
    }

    pub(super) fn deletes(&mut self) {
        let at = k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(self.time());
        let Some(test) = &mut self.test else { return };
        test.metadata.deletion_timestamp.get_or_insert(at);
        self.collects();
    }

    /// An object that nothing holds is gone, and what belongs to it with it; results belong to nobody.
    fn collects(&mut self) {
        let is_held = |test: &LoadTest| !test.metadata.finalizers.clone().unwrap_or_default().is_empty();
        let is_gone = |test: &LoadTest| test.metadata.deletion_timestamp.is_some() && !is_held(test);
        if self.test.as_ref().is_some_and(is_gone) {
            self.test = None;
            for children in self.runs.values_mut() {
                *children = children.result_only();
            }
        }
    }

    /// Somebody takes away something of the latest run.
    pub(super) fn takes_away(&mut self, take: impl FnOnce(&mut Children)) {
        if let Some(children) = self.runs.values_mut().next_back() {
            take(children);
        }
    }

    /// Whether something else than the record tells of the start. A forged status does so to nobody who doesn't know better.
    pub(super) fn tells_of_the_start(&self) -> bool {
        if self.is_forged && self.memory.known.is_none() {
            return false;
        }
        let status = self.test.as_ref().and_then(|test| test.status.as_ref());
        status.and_then(|status| status.run.as_ref()).is_some_and(|run| run.started_at.is_some())
    }

    fn time(&self) -> Timestamp {
        noon() + Duration::from_secs(self.now)
    }

    fn clock(&self) -> Duration {
        // Beyond any load that began before the session.
        Duration::from_hours(2) + Duration::from_secs(self.now)
    }

    fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}
