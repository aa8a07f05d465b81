//! Searches for the breaking point: whatever the target holds is found, by all workers together, whoever leads them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::metrics::{Outcome, PhaseEnd, Tried};
use crate::plan::LegIndex;

/// How long a level lasts, and how long the target is left alone after it.
const HOLD: Duration = Duration::from_millis(40);
const SETTLE: Duration = Duration::from_millis(100);
/// How often a worker tells where it is.
const TICK: Duration = Duration::from_millis(10);

/// A search and a phase after it.
fn searching(workers: u32, from: u32, step: u32, to: u32) -> Plan {
    let text = format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: search}}
spec:
  target: {{baseUrl: "http://127.0.0.1:1"}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  phases:
  - name: search
    load:
      steps:
        users: {{from: {from}, step: {step}, to: {to}}}
        hold: 40ms
        settle: 100ms
        stopWhen: [{{metric: latency.max, is: "> 100ms"}}]
  - {{name: after, load: {{burst: {{iterations: 1}}}}}}
  workers: {{count: {workers}}}
"#
    );
    Document::parse(&text).and_then(|document| document.check(&Options::default())).expect("it is sound").plan
}

/// A worker, and a target that answers in time up to a level.
struct Player<'a> {
    plan: &'a Plan,
    worker: u32,
    epoch: u64,
    stage: Stage,
    /// When it began each leg.
    begun: BTreeMap<LegIndex, Duration>,
    /// How many snapshots it told.
    number: u64,
    /// When it was told to make ready for each leg.
    prepared: BTreeMap<LegIndex, Duration>,
    /// In one of so many reports it tells what it measured, as one does that has much to tell.
    slowness: u64,
    reports: u64,
    holds: u32,
}

impl Player<'_> {
    fn report(&mut self, now: Duration) -> Report {
        if let Stage::Running(leg) = self.stage
            && self.begun[&leg] + HOLD <= now
        {
            let last = leg + 1 == self.plan.legs().count();
            self.stage = if last { Stage::Finished } else { Stage::Arrived(leg + 1) };
        }
        self.reports += 1;
        let begun = self.begun.iter().filter(|(_, start)| **start <= now);
        let begun = begun.map(|(leg, start)| {
            let micros_ago = u64::try_from(now.saturating_sub(*start).as_micros()).expect("it is short");
            Begun { phase: *leg, micros_ago }
        });
        let begun: Vec<Begun> = begun.collect();
        let snapshot = self.reports.is_multiple_of(self.slowness).then(|| self.snapshot());
        Report { begun, snapshot, epoch: self.epoch, ..told(self.worker, self.stage.clone()) }
    }

    /// All legs that it is through with.
    fn snapshot(&mut self) -> Vec<u8> {
        self.number += 1;
        let over = |leg: &LegIndex| self.stage.place() >= Stage::Arrived(leg + 1).place();
        let phases = self.begun.keys().filter(|leg| over(leg)).map(|leg| self.measured(*leg)).collect();
        Snapshot { number: self.number, phases }.to_bytes()
    }

    /// Only one of the workers notices that the target is slow.
    fn measured(&self, leg: LegIndex) -> PhaseSnapshot {
        let mut state = PhaseState { end: Some(PhaseEnd::Completed), ..PhaseState::default() };
        let cell = state.steady.cells.entry((0, Outcome::Succeeded)).or_default();
        let notices = u64::from(self.worker) == leg as u64 % u64::from(self.plan.workers);
        let level = self.plan.load(self.plan.leg(leg)).executor.users();
        cell.requests = 1;
        cell.latency.record_micros(if notices && level > self.holds { 200_000 } else { 50_000 });
        let phase = u32::try_from(leg).expect("there are few");
        PhaseSnapshot { phase, state, seconds: BTreeMap::new() }
    }

    fn hears(&mut self, answer: &Answer, now: Duration) {
        if answer.epoch != self.epoch {
            self.epoch = answer.epoch;
            return;
        }
        match (answer.directive.clone(), self.stage.clone()) {
            (Directive::Prepare { phase }, Stage::Arrived(leg)) if phase == leg => {
                self.prepared.entry(leg).or_insert(now);
                self.stage = Stage::Ready(leg);
            }
            (Directive::Begin { phase, in_micros }, Stage::Ready(leg)) if phase == leg => {
                assert!(self.begun.insert(leg, now + Duration::from_micros(in_micros)).is_none());
                self.stage = Stage::Running(leg);
            }
            (Directive::Skip { to }, Stage::Arrived(leg) | Stage::Ready(leg)) => {
                assert!(leg < to, "{leg} to {to}");
                let is_over = to == self.plan.legs().count();
                self.stage = if is_over { Stage::Finished } else { Stage::Arrived(to) };
            }
            (Directive::Abort, _) => panic!("worker {} is told to stop at {:?}", self.worker, self.stage),
            _ => {}
        }
    }
}

/// What became of the levels, and when each worker made ready for what and began it.
struct Played {
    tried: Vec<Tried>,
    begun: Vec<BTreeMap<LegIndex, Duration>>,
    prepared: Vec<BTreeMap<LegIndex, Duration>>,
}

/// Plays it; the coordinator is another one from each of `restarts` on.
fn play(plan: &Plan, holds: u32, slowness: u64, restarts: &[u64]) -> Played {
    let (mut session, mut epoch) = (Session::new(plan, 7), 7);
    let owners: Vec<String> = (0..plan.workers).map(|worker| format!("p{worker}")).collect();
    let mut players: Vec<Player<'_>> = (0..plan.workers)
        .map(|worker| {
            let process = &owners[worker as usize];
            session.register(&registration(plan, worker, process), UNIX_EPOCH).expect("it is admitted");
            let (stage, begun, prepared) = (Stage::Arrived(0), BTreeMap::new(), BTreeMap::new());
            Player { plan, worker, epoch, stage, begun, prepared, number: 0, slowness, reports: 0, holds }
        })
        .collect();
    for tick in 0..5_000_u32 {
        let now = NOW + TICK * tick;
        if session.has_begun() && restarts.contains(&u64::from(tick)) {
            epoch += 1;
            session = Session::resume(plan, epoch, &owners, now);
        }
        if session.gathered().is_some_and(|gathered| gathered == owners) {
            assert!(session.permit(&owners, now));
        }
        session.look(now);
        for player in &mut players {
            let answer = hear(&mut session, &player.report(now), now).expect("it is taken");
            player.hears(&answer, now);
        }
        let has_all = |player: &Player<'_>| player.stage == Stage::Finished && player.epoch == epoch;
        if session.view(now).finished
            && players.iter().all(has_all)
            && session.measured().aggregate().phases[1].ended == plan.workers
        {
            assert_eq!(session.view(now).lost, 0);
            let tried = session.measured().aggregate().phases[0].tried.clone();
            let (begun, prepared) = players.into_iter().map(|player| (player.begun, player.prepared)).unzip();
            return Played { tried, begun, prepared };
        }
    }
    panic!("it has no end: {:?}", players.iter().map(|player| &player.stage).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_the_target_holds_is_found_to_the_step_by_all_together_whoever_leads(
        workers in 1..4_u32, from in 1..10_u32, step in 1..6_u32, more in 0..24_u32, holds in 0..36_u32,
        slowness in 1..5_u64,
        restarts in proptest::collection::btree_set(0..400_u64, 0..4),
    ) {
        let plan = searching(workers, from, step, from + more);
        let restarts: Vec<u64> = restarts.into_iter().collect();
        let Played { tried, begun, prepared } = play(&plan, holds, slowness, &restarts);
        let levels: Vec<u32> = (from..=from + more).step_by(step as usize).collect();
        let held = levels.iter().filter(|level| **level <= holds).count();
        let told = tried.iter().filter(|tried| **tried == Tried::Held).count();
        prop_assert_eq!(told, held, "{:?}", &tried);
        prop_assert_eq!(tried.len(), (held + 1).min(levels.len()), "{:?}", &tried);
        // All of them take the same levels, and then what comes after the search, each at one moment.
        let want: BTreeSet<LegIndex> = (0..tried.len()).chain([levels.len()]).collect();
        for own in &begun {
            prop_assert_eq!(&own.keys().copied().collect::<BTreeSet<_>>(), &want);
        }
        // Who hears of a start from the next coordinator hears of it a little later: that one learns of it from the others.
        let apart = if restarts.is_empty() { Duration::from_millis(1) } else { 4 * TICK };
        for leg in &want {
            let starts: Vec<Duration> = begun.iter().map(|own| own[leg]).collect();
            let (first, last) = (starts.iter().min().copied(), starts.iter().max().copied());
            prop_assert!(last <= first.map(|first| first + apart), "leg {}: {:?}", leg, starts);
        }
        for level in 1..tried.len() {
            let (one, next) = (begun[0][&(level - 1)], begun[0][&level]);
            prop_assert!(one + HOLD + SETTLE <= next, "level {} begins at {:?}, after {:?}", level, next, one);
            // Connections are opened then.
            let ready = prepared.iter().filter_map(|own| own.get(&level)).min().copied();
            prop_assert!(ready.is_none_or(|ready| one + HOLD + SETTLE <= ready), "level {} at {:?}", level, ready);
        }
    }
}

/// Nobody there knows for how long the target was left alone.
#[test]
fn whoever_takes_up_a_search_leaves_the_target_alone_before_those_who_are_ready_begin() {
    let plan = searching(2, 10, 10, 30);
    let mut session = Session::resume(&plan, 8, &owners(), NOW);
    let begun = [Begun { phase: 0, micros_ago: 500_000 }];
    let mut number = 0;
    let mut ready = |session: &mut Session, worker: u32, level: Option<PhaseSnapshot>, now: Duration| {
        number += 1;
        let snapshot = level.map(|level| Snapshot { number, phases: vec![level] }.to_bytes());
        let told = told(worker, Stage::Ready(1));
        directive_at(session, &Report { epoch: 8, begun: begun.to_vec(), snapshot, ..told }, now)
    };
    let level = || {
        let mut state = PhaseState { end: Some(PhaseEnd::Completed), ..PhaseState::default() };
        let cell = state.steady.cells.entry((0, Outcome::Succeeded)).or_default();
        cell.requests = 1;
        cell.latency.record_micros(50_000);
        PhaseSnapshot { phase: 0, state, seconds: BTreeMap::new() }
    };
    // All are ready, and nobody begins before all have told of the level before.
    ready(&mut session, 0, Some(level()), NOW);
    assert_eq!(ready(&mut session, 1, None, NOW), Directive::Wait);
    assert_eq!(session.next_moment(NOW), None);
    let in_micros = u64::try_from(SETTLE.as_micros()).expect("it is short");
    assert_eq!(ready(&mut session, 1, Some(level()), NOW), Directive::Begin { phase: 1, in_micros });
}
