//! Reports and answers that are lost, doubled, overtaken and late, and coordinators that begin anew in between: what a
//! finished run has counted is what its workers counted, or it isn't called finished.
//!
//! Ledger, snapshots and session are the real ones; a worker's way through its stages is played, without an engine.

use std::time::Duration;

use proptest::prelude::*;

use crate::ingest::{Answer, Begun, Directive, PROTOCOL, Registration, Report, Session, Stage};
use crate::metrics::phase::Seconds;
use crate::metrics::{PhaseEnd, PhaseState, Second, Snapshot};
use crate::plan::{Document, Options, PhaseIndex, Plan};
use crate::worker::ledger::Ledger;

const WORKERS: u32 = 3;
const PHASES: PhaseIndex = 2;
/// How many reports a worker makes in each phase before it has ended there.
const TICKS: u64 = 3;
/// Each thing that happens takes so long, so that nobody is late.
const STEP: Duration = Duration::from_millis(1);

fn plan() -> Plan {
    let text = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: two}
spec:
  target: {baseUrl: "http://127.0.0.1:1"}
  scenarios: [{name: visit, steps: [{name: get, request: {path: /}}]}]
  phases: [{name: one, load: {burst: {iterations: 1}}}, {name: two, load: {burst: {iterations: 1}}}]
  workers: {count: 3}
"#;
    Document::parse(text).and_then(|document| document.check(&Options::default())).expect("it is sound").plan
}

/// A worker without an engine.
struct Played {
    index: u32,
    ledger: Ledger,
    stage: Stage,
    begun: Vec<(PhaseIndex, Duration)>,
    ticks: u64,
    /// What it counted, phase by phase.
    counted: [u64; PHASES],
    left: bool,
}

impl Played {
    fn new(index: u32) -> Self {
        let (stage, begun) = (Stage::Arrived(0), Vec::new());
        Played { index, ledger: Ledger::new(1), stage, begun, ticks: 0, counted: [0; PHASES], left: false }
    }

    /// What it tells now. In a phase, more has been measured by then.
    fn report(&mut self, now: Duration) -> Report {
        if let Stage::Running(phase) = self.stage {
            self.measure(phase);
        }
        let snapshot = self.ledger.snapshot().map(|snapshot| snapshot.to_bytes());
        let stage = match self.stage.clone() {
            Stage::Finished if self.ledger.has_more() => Stage::Running(PHASES - 1),
            stage => stage,
        };
        let begun = self.begun.iter().map(|(phase, start)| Begun {
            phase: *phase,
            micros_ago: u64::try_from(now.saturating_sub(*start).as_micros()).expect("it is short"),
        });
        let (worker, process, epoch) = (self.index, format!("p{}", self.index), self.ledger.epoch());
        let begun = begun.collect();
        Report { protocol: PROTOCOL, worker, process, epoch, stage, clock_ahead: 0, begun, snapshot }
    }

    /// One more tick of a phase; with the last one it has ended here.
    fn measure(&mut self, phase: PhaseIndex) {
        self.ticks += 1;
        self.counted[phase] += 10 + u64::from(self.index);
        let mut state = PhaseState::default();
        state.books.completed = self.counted[phase];
        let at = u32::try_from(self.ticks - 1).expect("there are few");
        let second = Second { requests: self.counted[phase], ..Second::default() };
        let seconds = Seconds::from([(at, second)]);
        if self.ticks < TICKS {
            self.ledger.update(phase, state, seconds);
        } else {
            state.end = Some(PhaseEnd::Completed);
            self.ledger.close(phase, state, seconds);
            self.ticks = 0;
            self.stage = if phase + 1 < PHASES { Stage::Arrived(phase + 1) } else { Stage::Finished };
        }
    }

    fn hear(&mut self, answer: &Answer, now: Duration) {
        self.ledger.acknowledge(answer.epoch, answer.acknowledged);
        match (&answer.directive, &self.stage) {
            (Directive::Prepare { phase }, Stage::Arrived(at)) if phase == at => {
                self.stage = Stage::Ready(*at);
            }
            (Directive::Begin { phase, in_micros }, Stage::Ready(at)) if phase == at => {
                self.begun.push((*phase, now + Duration::from_micros(*in_micros)));
                self.stage = Stage::Running(*phase);
            }
            (Directive::Leave, Stage::Finished) if self.ledger.is_safe() => self.left = true,
            (Directive::Abort, _) => self.stage = Stage::Finished,
            _ => {}
        }
    }
}

/// What becomes of things.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A worker reports; the answer arrives.
    Told(u32),
    /// A worker reports; the report is taken and the answer lost.
    Unanswered(u32),
    /// A worker gives up a report, which stays on its way.
    Delayed(u32),
    /// One of those that are on their way arrives, perhaps again. Nobody waits for the answer.
    Arrives { place: usize, stays: bool },
    /// Another coordinator takes the run up.
    Anew,
}

fn event() -> impl Strategy<Value = Event> {
    let worker = 0..WORKERS;
    prop_oneof![
        6 => worker.clone().prop_map(Event::Told),
        2 => worker.clone().prop_map(Event::Unanswered),
        2 => worker.prop_map(Event::Delayed),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(place, stays)| Event::Arrives { place, stays }),
        1 => Just(Event::Anew),
    ]
}

/// A run, with what is on its way.
struct World {
    plan: Plan,
    session: Session,
    epoch: u64,
    workers: Vec<Played>,
    on_the_way: Vec<Report>,
    now: Duration,
}

impl World {
    fn new() -> Self {
        let plan = plan();
        let mut session = Session::new(&plan, 1);
        for worker in 0..WORKERS {
            let (plan_hash, process) = (plan.hash.clone(), format!("p{worker}"));
            let registration =
                Registration { protocol: PROTOCOL, plan_hash, data_hash: String::new(), worker, process };
            session.register(&registration, std::time::UNIX_EPOCH).expect("it is admitted");
        }
        let workers = (0..WORKERS).map(Played::new).collect();
        World { plan, session, epoch: 1, workers, on_the_way: Vec::new(), now: Duration::from_hours(1) }
    }

    fn owners() -> Vec<String> {
        (0..WORKERS).map(|worker| format!("p{worker}")).collect()
    }

    fn happens(&mut self, event: Event) {
        self.now += STEP;
        match event {
            Event::Told(worker) => {
                let report = self.report(worker);
                let answer = self.arrives(&report);
                self.workers[worker as usize].hear(&answer, self.now);
            }
            Event::Unanswered(worker) => {
                let report = self.report(worker);
                self.arrives(&report);
            }
            Event::Delayed(worker) => {
                let report = self.report(worker);
                self.on_the_way.push(report);
            }
            Event::Arrives { place, stays } if !self.on_the_way.is_empty() => {
                let place = place % self.on_the_way.len();
                let report = self.on_the_way[place].clone();
                self.arrives(&report);
                if !stays {
                    self.on_the_way.swap_remove(place);
                }
            }
            // Before there is a record, nobody could take the run up.
            Event::Anew if self.session.has_begun() => {
                self.epoch += 1;
                self.session = Session::resume(&self.plan, self.epoch, &Self::owners(), self.now);
            }
            Event::Arrives { .. } | Event::Anew => {}
        }
    }

    fn report(&mut self, worker: u32) -> Report {
        self.workers[worker as usize].report(self.now)
    }

    fn arrives(&mut self, report: &Report) -> Answer {
        let snapshot =
            report.snapshot.as_deref().map(|bytes| Snapshot::from_bytes(bytes).expect("it is sound"));
        let answer = self.session.report(report, snapshot, self.now).expect("it is taken");
        if self.session.gathered().is_some() {
            assert!(self.session.permit(&Self::owners(), self.now));
        }
        answer
    }

    /// Whatever is called finished has been counted in full.
    fn holds(&self) {
        if !self.session.view(self.now).finished {
            return;
        }
        let aggregate = self.session.measured().aggregate();
        for (phase, measured) in aggregate.phases.iter().enumerate() {
            let counted: Vec<u64> = self.workers.iter().map(|worker| worker.counted[phase]).collect();
            let told = (measured.state.books.completed, measured.ended, measured.workers);
            assert_eq!(told, (counted.iter().sum(), WORKERS, WORKERS), "phase {phase}");
            let seconds: Vec<u64> = measured.seconds.values().map(|second| second.requests).collect();
            let want: Vec<u64> =
                (1..=TICKS).map(|tick| counted.iter().map(|all| all / TICKS * tick).sum()).collect();
            assert_eq!(seconds, want, "phase {phase}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn a_finished_run_has_counted_what_its_workers_counted(events in prop::collection::vec(event(), 0..120)) {
        let mut world = World::new();
        for event in events {
            world.happens(event);
            world.holds();
        }
        // Then everything goes well, but for what is still on its way.
        for _ in 0..60 {
            (0..WORKERS).for_each(|worker| world.happens(Event::Told(worker)));
            world.holds();
        }
        prop_assert!(world.session.view(world.now).finished, "{:?}", world.session.view(world.now));
        prop_assert_eq!(world.session.view(world.now).lost, 0);
        prop_assert!(world.workers.iter().all(|worker| !worker.left), "it isn't stored yet");
        while let Some(report) = world.on_the_way.pop() {
            world.arrives(&report);
            world.holds();
        }
        world.session.release();
        // The first may be the one that tells of another epoch.
        for _ in 0..8 {
            (0..WORKERS).for_each(|worker| world.happens(Event::Told(worker)));
        }
        prop_assert!(world.workers.iter().all(|worker| worker.left));
        world.holds();
    }
}
