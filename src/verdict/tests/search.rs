//! What a search for the breaking point has found, and what that is worth.

use super::*;
use crate::metrics::{DropReason, Tried};
use crate::verdict::{Capacity, Verdict, put_together};

const SEARCH: &str = "
phases:
- name: search
  load:
    steps:
      rate: {from: 100/s, step: 100/s, to: 300/s}
      hold: 20s
      stopWhen: [{metric: latency.p95, is: '> 100ms'}]
  expect: [{metric: capacity, target: '>= 200/s'}]
";

/// Twenty seconds at so many times 100/s, all of which take so long.
fn level(times: u64, micros: u64) -> Load {
    Load::every(10 * MILLI / times).of(2000 * times, micros)
}

fn held(times: u64) -> Load {
    level(times, 50 * MILLI)
}

fn broke(times: u64) -> Load {
    level(times, 150 * MILLI)
}

/// Of so many none had a user.
fn dropping(load: Load, count: u64) -> Load {
    load.with(|recorder| {
        recorder.scheduled(count);
        (0..count).for_each(|_| recorder.iteration_dropped(Part::Steady, DropReason::NoFreeUser));
    })
}

/// At their deadline so many were open.
fn cut_off(load: Load, count: u64) -> Load {
    let open = |recorder: &mut Recorder| {
        recorder.scheduled(count);
        for _ in 0..count {
            recorder.iteration_started(Part::Steady, 20 * SECOND, None);
            recorder.iteration_cut();
            recorder.request_cut();
        }
    };
    load.with(open).ending(Some(PhaseEnd::Deadline))
}

fn searched(loads: impl IntoIterator<Item = Load>) -> Aggregate {
    let began = (0..).map(|place: u64| Some(place * 25 * SECOND));
    let mut legs: Vec<PhaseAggregate> = loads
        .into_iter()
        .zip(began)
        .map(|(load, started_micros)| PhaseAggregate { started_micros, ..load.aggregate() })
        .collect();
    legs.resize_with(3, PhaseAggregate::default);
    put_together(&plan(SEARCH), legs)
}

#[track_caller]
fn check(loads: impl IntoIterator<Item = Load>, capacity: (&str, bool, u32), verdict: Verdict, why: &str) {
    let judgement = judge(&plan(SEARCH), &searched(loads), &Circumstances::default());
    let Capacity { held, at_least, levels_held, .. } = judgement.phases[0].capacity.clone().unwrap();
    assert_eq!(
        (held.as_deref().unwrap_or("unknown"), at_least, levels_held),
        capacity,
        "{}",
        judgement.message
    );
    assert_eq!(judgement.verdict, verdict, "{}", judgement.message);
    let gap = judgement.phases[0].expectations[0].gap.clone().unwrap_or_default();
    let said = format!("{}; {gap}", judgement.message);
    assert!(said.contains(why), "{said}");
}

#[test]
fn the_highest_level_that_held_is_the_capacity() {
    let stopped = "300/s broke: latency.p95 = 150 ms (> 100 ms)";
    check([held(1), held(2), broke(3)], ("200/s", false, 2), Verdict::Pass, stopped);
    check([held(1), broke(2)], ("100/s", false, 1), Verdict::Fail, "200/s broke");
    check([broke(1)], ("0", false, 0), Verdict::Fail, "100/s broke");
    let never = "nothing stopped the search: at least that";
    check([held(1), held(2), held(3)], ("300/s", true, 3), Verdict::Pass, never);
}

#[test]
fn a_search_that_did_not_come_to_its_end_has_found_nothing() {
    let why = "wasn't led to the end of its search";
    check([held(1), held(2)], ("unknown", false, 2), Verdict::Inconclusive, why);
    let why = "couldn't tell whether it held 200/s: 7 iterations were cut off, unfinished";
    check([held(1), cut_off(held(2), 7)], ("unknown", false, 1), Verdict::Inconclusive, why);
    let why = "couldn't tell whether it held 200/s: lost data: of 4007 iterations due, 4000 were started, 0 dropped";
    let forgotten = held(2).with(|recorder| recorder.scheduled(7));
    check([held(1), forgotten], ("unknown", false, 1), Verdict::Inconclusive, why);
    let few = Load::every(10 * MILLI).of(100, 50 * MILLI);
    let why = "couldn't tell whether it held 100/s: latency.p95 is unknown: needs 200 samples and has 100";
    check([few], ("unknown", false, 0), Verdict::Inconclusive, why);
}

/// That is what was looked for.
#[test]
fn what_the_target_does_not_get_through_when_it_breaks_is_no_fault_of_the_load() {
    for last in [cut_off(broke(3), 50), dropping(broke(3), 3000)] {
        check([held(1), held(2), last], ("200/s", false, 2), Verdict::Pass, "300/s broke");
    }
    let why = "not sound in phase search at 200/s: only 90.9% of the planned load was sent";
    check([held(1), dropping(held(2), 400), broke(3)], ("200/s", false, 2), Verdict::Inconclusive, why);
}

#[test]
fn levels_stand_behind_each_other_in_their_phase() {
    let aggregate = searched([held(1), held(2), broke(3)]);
    let phase = &aggregate.phases[0];
    assert_eq!(phase.state.books.completed, 2000 + 4000 + 6000);
    let span = phase.state.steady.span().unwrap();
    assert_eq!((span.first_sent, span.last_sent / SECOND), (0, 50 + 19));
    let busy: Vec<u32> =
        phase.seconds.iter().filter(|(_, one)| one.requests > 0).map(|(at, _)| *at).collect();
    assert_eq!(busy.iter().max(), Some(&70));
    assert!(!busy.contains(&22) && !busy.contains(&47), "between levels there is nothing: {busy:?}");
}

#[test]
fn what_is_kept_without_single_levels_knows_what_became_of_them() {
    let mut aggregate = searched([held(1), held(2), broke(3)]);
    aggregate.drop_levels();
    assert!(aggregate.phases[0].levels.is_empty());
    assert!(matches!(aggregate.phases[0].tried[..], [Tried::Held, Tried::Held, Tried::Broke(_)]));
    let judgement = judge(&plan(SEARCH), &aggregate, &Circumstances::default());
    assert_eq!(judgement.phases[0].capacity.clone().unwrap().held.as_deref(), Some("200/s"));
    assert_eq!(judgement.verdict, Verdict::Pass, "{}", judgement.message);
}
