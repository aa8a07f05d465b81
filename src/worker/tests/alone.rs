//! Workers that are cut off between two phases: who goes on, when, and what is called complete.

use super::played::Takes;
use super::world::{Cut, GLANCE, How, Mail, Outcome, Script, Stretch, play};
use super::*;
use crate::plan::PhaseIndex;

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);
/// A phase that ends by itself after 20 s, and is over by then: the next one begins by itself at 31 s.
const SHORT: Kind = Kind::Users(20, 10);

/// From one second of the load to another. It is let begin when the coordinator looks at the run for the second time.
fn stretch(from: u64, to: u64) -> Stretch {
    Stretch { from: GLANCE + Duration::from_secs(from), lasts: Duration::from_secs(to - from) }
}

/// Two workers; phases take as long as planned, bursts a second.
fn script(kinds: &[Kind]) -> Script {
    let takes = |kind: &Kind| {
        let length = kind.executor().planned_length().unwrap_or(SECOND);
        Takes { making_ready: MILLI, length }
    };
    let takes: Vec<_> = kinds.iter().map(takes).collect();
    let plan = plan_of(2, kinds);
    Script { plan, takes: vec![takes.clone(), takes], cuts: Vec::new(), away: Vec::new(), mail: Mail::SOUND }
}

fn cut(worker: u32, from: u64, to: u64, how: How) -> Cut {
    Cut { worker: Some(worker), when: stretch(from, to), how }
}

/// When each worker began a phase, in seconds from the run's first start, and how many phases ended everywhere.
fn begun(outcome: &Outcome, phase: PhaseIndex) -> Vec<Option<u64>> {
    let all = outcome.truth.all();
    let first = all.iter().map(|ran| ran.start).min().expect("it began");
    let at = |worker| Some(outcome.truth.of(worker, phase)?.start.duration_since(first).as_secs());
    vec![at(0), at(1)]
}

/// How many are lost, and how many phases are complete.
fn told(outcome: &Outcome) -> (u32, usize) {
    let judged = outcome.judged.as_ref().expect("it is judged");
    (judged.view.lost, judged.aggregate.phases.iter().filter(|phase| phase.ended == 2).count())
}

#[test]
fn workers_without_a_coordinator_go_on_together() {
    let mut script = script(&[SHORT, SHORT, Kind::Idle(5)]);
    script.away = vec![stretch(5, 120)];
    let outcome = play(&script);
    assert_eq!((begun(&outcome, 1), begun(&outcome, 2)), (vec![Some(31); 2], vec![Some(62); 2]));
    assert_eq!(told(&outcome), (0, 3));
}

#[test]
fn whoever_is_cut_off_goes_on_when_the_others_do() {
    for how in [How::Refused, How::Hole, How::Deaf] {
        let mut script = script(&[SHORT, Kind::Burst, SHORT]);
        // The burst's connections are opened when the phase before is over, which takes five seconds and one more at most.
        script.takes[1][1].making_ready = 4 * SECOND;
        script.cuts = vec![cut(1, 15, 55, how)];
        let outcome = play(&script);
        let connect = plan_of(2, &[]).target.connect_timeout.as_secs();
        assert_eq!(begun(&outcome, 1), [Some(32 + connect); 2], "{how:?}");
        // It is heard again in time for the next one, or it isn't, and then that one waits for it.
        assert_eq!(told(&outcome), (0, 3), "{how:?}");
    }
}

#[test]
fn whoever_hears_again_before_the_next_phase_begins_does_as_it_is_told() {
    for (from, to, want) in [(15, 19, 20), (5, 26, 26), (15, 30, 31), (15, 33, 31)] {
        let mut script = script(&[SHORT, SHORT]);
        script.cuts = vec![cut(1, from, to, How::Refused)];
        let outcome = play(&script);
        assert_eq!(begun(&outcome, 1), [Some(want); 2], "cut off from {from} s to {to} s");
        assert_eq!(told(&outcome), (0, 2), "cut off from {from} s to {to} s");
    }
}

#[test]
fn whoever_has_said_that_it_is_ready_or_has_heard_something_lately_waits_instead() {
    let burst_is_on = script(&[Kind::Burst, SHORT]);
    // Eleven seconds before the next phase would begin: an answer may be held back for as long.
    let heard_lately = script(&[Kind::Idle(12), SHORT]);
    let mut ready = script(&[Kind::Users(20, 30), SHORT]);
    // The other one makes ready for so long that it is waited for when the coordinator goes.
    ready.takes[1][1].making_ready = 60 * SECOND;
    for (mut script, from) in [(burst_is_on, 0), (heard_lately, 2), (ready, 22)] {
        let mut when = stretch(from, 300);
        when.from += 500 * MILLI;
        script.cuts = vec![Cut { worker: None, when, how: How::Refused }];
        let outcome = play(&script);
        assert_eq!(begun(&outcome, 1)[0], None, "cut off from {from} s");
        assert!(
            outcome.workers.iter().all(Result::is_ok),
            "they tell what they measured: {:?}",
            outcome.workers
        );
    }
}

#[test]
fn whoever_was_ready_too_late_does_not_begin() {
    for (making_ready, want) in [(3500 * MILLI, Some(31)), (4500 * MILLI, None)] {
        let mut script = script(&[SHORT, SHORT]);
        script.away = vec![stretch(10, 200)];
        script.takes[0][1].making_ready = making_ready;
        let outcome = play(&script);
        assert_eq!(begun(&outcome, 1), [want, Some(31)], "{making_ready:?}");
        assert_eq!(told(&outcome), (0, if want.is_some() { 2 } else { 1 }));
    }
}

#[test]
fn nobody_goes_on_behind_the_deadline_of_the_run() {
    let mut script = script(&[SHORT, SHORT]);
    let mut plan = Plan::clone(&script.plan);
    plan.deadlines.run = 31 * SECOND;
    script.plan = Arc::new(plan);
    script.away = vec![stretch(5, 60)];
    let outcome = play(&script);
    assert_eq!(begun(&outcome, 1).iter().flatten().filter(|begun| **begun == 31).count(), 0);
}
