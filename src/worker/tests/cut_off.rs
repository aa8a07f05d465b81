//! Whoever is cut off, and whenever, and whichever coordinators come and go: what is called complete was run in step,
//! phases never overlap, counts are exact, and everybody comes to an end.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::played::{Ran, Takes};
use super::world::{Cut, How, Judged, Mail, Outcome, Script, Stretch, play};
use super::*;
use crate::ingest::Unreachable;
use crate::plan::PhaseIndex;
use crate::plan::onward::LATE;
use crate::worker::WorkerError;

const CASES: u32 = 250;
/// A report may be so long on its way to a coordinator that took the run up: so much later the phases that it tells of
/// seem to have begun.
const SLOW: Duration = Duration::from_millis(300);

/// Milliseconds.
fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn kind() -> impl Strategy<Value = Kind> {
    let graceful = prop_oneof![1 => Just(0), 1 => 1..5_u64, 2 => Just(14)];
    prop_oneof![
        2 => (1..9_u64).prop_map(Kind::Idle),
        4 => (1..9_u64, graceful.clone()).prop_map(|(seconds, more)| Kind::Users(seconds, more)),
        2 => (1..9_u64, graceful).prop_map(|(seconds, more)| Kind::Rate(seconds, more)),
        1 => Just(Kind::Burst),
        1 => Just(Kind::Iterations),
    ]
}

/// How long a phase takes at a worker, of how long it may take.
fn takes(kind: Kind, (ready, part): (u64, u64)) -> Takes {
    // One in twenty makes ready for long.
    let making_ready = Duration::from_millis(if ready % 20 == 0 { ready * 20 } else { ready });
    let length = match kind {
        Kind::Idle(_) => kind.deadline(),
        Kind::Users(seconds, graceful) | Kind::Rate(seconds, graceful) => {
            let more = if part > 900 { 1000 } else { part / 10 };
            Duration::from_millis(seconds * 1000 + graceful * more)
        }
        Kind::Burst | Kind::Iterations => Duration::from_millis(100 + part * 12),
    };
    Takes { making_ready, length }
}

fn cut() -> impl Strategy<Value = Cut> {
    let how = prop_oneof![1 => Just(How::Refused), 3 => Just(How::Hole), 1 => Just(How::Deaf)];
    let lasts =
        prop_oneof![3 => millis(500..5_000), 5 => millis(10_000..45_000), 2 => millis(50_000..150_000)];
    let for_good = (Just(Duration::from_hours(2)), Just(How::Hole));
    let (worker, from) = (prop::option::weighted(0.75, 0..3_u32), millis(1_000..40_000));
    (worker, from, prop_oneof![12 => (lasts, how), 1 => for_good])
        .prop_map(|(worker, from, (lasts, how))| Cut { worker, when: Stretch { from, lasts }, how })
}

fn away() -> impl Strategy<Value = Stretch> {
    let lasts = prop_oneof![3 => millis(0..8_000), 4 => millis(10_000..60_000), 1 => millis(60_000..300_000)];
    (millis(1_000..40_000), lasts).prop_map(|(from, lasts)| Stretch { from, lasts })
}

fn mail(is_taken_up: bool) -> impl Strategy<Value = Mail> {
    let slow = if is_taken_up { SLOW } else { Duration::from_secs(4) };
    let report = prop_oneof![Just(Duration::from_millis(50)), Just(slow)];
    let answer = prop_oneof![3 => Just(Duration::from_millis(50)), 1 => Just(Duration::from_secs(4))];
    let strays = prop_oneof![Just(0), Just(10)];
    (any::<u64>(), report, answer, strays).prop_map(|(seed, report, answer, strays)| Mail {
        seed,
        report,
        answer,
        strays,
    })
}

fn script() -> impl Strategy<Value = Script> {
    let phases = prop::collection::vec((kind(), prop::array::uniform3((0..100_u64, 0..1000_u64))), 2..5);
    let away = prop::collection::vec(away(), 0..3);
    let cuts = prop::collection::vec(cut(), 0..4);
    (1..4_u32, phases, cuts, away).prop_flat_map(|(workers, phases, cuts, away)| {
        let kinds: Vec<_> = phases.iter().map(|(kind, _)| *kind).collect();
        let of =
            |worker: u32| phases.iter().map(|(kind, each)| takes(*kind, each[worker as usize])).collect();
        let takes: Vec<Vec<Takes>> = (0..workers).map(of).collect();
        let plan = plan_of(workers, &kinds);
        mail(!away.is_empty()).prop_map(move |mail| Script {
            plan: Arc::clone(&plan),
            takes: takes.clone(),
            cuts: cuts.clone(),
            away: away.clone(),
            mail,
        })
    })
}

/// What a run must hold to.
struct Law<'a> {
    script: &'a Script,
    outcome: &'a Outcome,
    judged: &'a Judged,
}

impl Law<'_> {
    /// Everything that those who aren't lost ran.
    fn ran(&self) -> Vec<Ran> {
        let all = self.outcome.truth.all();
        all.into_iter().filter(|ran| !self.judged.lost.contains(&ran.worker)).collect()
    }

    fn of(ran: &[Ran], phase: PhaseIndex) -> impl Iterator<Item = &Ran> + Clone {
        ran.iter().filter(move |ran| ran.phase == phase)
    }

    /// How far what a coordinator knows may be from the truth.
    fn slack(&self) -> Duration {
        if self.judged.is_taken_up { SLOW } else { Duration::ZERO }
    }

    fn phases_never_overlap(&self) {
        let ran = self.ran();
        for phase in 0..self.script.plan.phases.len() {
            let starts = || Self::of(&ran, phase).map(|ran| ran.start);
            if let (Some(first), Some(last)) = (starts().min(), starts().max()) {
                let apart = last - first;
                assert!(apart <= LATE + self.slack(), "phase {phase} begins {apart:?} apart");
            }
            let end = Self::of(&ran, phase).filter_map(|ran| ran.end).max();
            let next = Self::of(&ran, phase + 1).map(|ran| ran.start).min();
            if let (Some(end), Some(next)) = (end, next) {
                let over = end.saturating_duration_since(next);
                assert!(over <= self.slack(), "phase {phase} is on for {over:?} of the next one");
            }
        }
    }

    /// Whether nothing is missing by what the coordinator tells.
    fn is_complete(&self) -> bool {
        let workers = self.script.plan.workers;
        let are_whole = self.judged.aggregate.phases.iter().all(|phase| phase.ended == workers);
        self.judged.view.lost == 0 && are_whole
    }

    fn what_is_complete_is_counted_exactly(&self) {
        let ran = self.ran();
        for (phase, measured) in self.judged.aggregate.phases.iter().enumerate() {
            let counted: u64 = Self::of(&ran, phase).map(|ran| ran.counted).sum();
            let of_seconds: u64 = measured.seconds.values().map(|second| second.requests).sum();
            assert_eq!((measured.state.books.completed, of_seconds), (counted, counted), "phase {phase}");
        }
    }

    fn everybody_ends(&self) {
        let phases = &self.script.plan.phases;
        let loads: Duration =
            (0..phases.len()).map(|phase| self.longest(phase) + LATE + Duration::from_secs(100)).sum();
        let bound = loads + Duration::from_mins(11);
        assert!(self.outcome.lasted < bound, "it lasted {:?} of {bound:?}", self.outcome.lasted);
        for ended in &self.outcome.workers {
            let is_well = matches!(ended, Ok(()) | Err(WorkerError::Coordinator(Unreachable::Silent(_))));
            assert!(is_well, "{ended:?}");
        }
    }

    /// The longest that a phase takes, or that a worker waits for it to be over.
    fn longest(&self, phase: PhaseIndex) -> Duration {
        let each = self.script.takes.iter().map(|takes| takes[phase].making_ready + takes[phase].length);
        let executor = &self.script.plan.phases[phase].executor;
        let deadline = executor.planned_length().map(|_| self.script.plan.phases[phase].deadline);
        each.chain(deadline).max().unwrap_or_default()
    }

    /// Whether somebody went on without a word.
    fn went_alone(&self) -> bool {
        self.script.plan.phases.iter().enumerate().skip(1).any(|(phase, _)| {
            self.outcome.truth.all().iter().filter(|ran| ran.phase == phase).any(|ran| {
                let Some(before) = self.outcome.truth.of(ran.worker, phase - 1) else { return false };
                let onward = self.script.plan.onward(phase - 1, phase);
                onward.is_some_and(|onward| before.start + onward.begins == ran.start)
            })
        })
    }
}

#[test]
fn what_is_complete_was_run_in_step_whoever_was_cut_off() {
    let (complete, alone, both) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    let count = |counter: &AtomicU32, is: bool| counter.fetch_add(u32::from(is), Ordering::Relaxed);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let ran = runner.run(&script(), |script| {
        let outcome = play(&script);
        let Some(judged) = &outcome.judged else {
            // Nobody was ever called finished: nothing is claimed.
            return Ok(());
        };
        let law = Law { script: &script, outcome: &outcome, judged };
        law.everybody_ends();
        law.phases_never_overlap();
        if law.is_complete() {
            law.what_is_complete_is_counted_exactly();
        }
        count(&complete, law.is_complete());
        count(&alone, law.went_alone());
        count(&both, law.is_complete() && law.went_alone());
        Ok(())
    });
    ran.unwrap_or_else(|failure| panic!("{failure}"));
    let [complete, alone, both] = [complete, alone, both].map(AtomicU32::into_inner);
    let told = format!("of {CASES} runs {complete} complete, {alone} with workers on their own, {both} both");
    assert!(complete > CASES / 4 && alone > CASES / 20 && both > CASES / 40, "too few to tell: {told}");
}
