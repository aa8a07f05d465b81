//! Results that are kept: a long run fits, and says the same when it is read again.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "packing/large.rs"]
mod large;

use jiff::Timestamp;

use loadgate::metrics::{Aggregate, Layout, Part, PhaseAggregate, PhaseEnd, Recorder, Sample, Timing};
use loadgate::plan::{Document, Options, Plan};
use loadgate::report::RunFacts;
use loadgate::report::kept::KeptRun;
use loadgate::store::{LARGEST, PackError, pack, unpack};

const MINUTE: u64 = 60;

/// The example with the most phases, run for `seconds` in all.
fn velro(seconds: u64) -> KeptRun {
    let text = include_str!("../examples/velro-prd.yaml");
    let checked = Document::parse(text).and_then(|document| document.check(&Options::default())).unwrap();
    let plan = &checked.plan;
    let each = seconds / plan.phases.len() as u64;
    let phases = (0..plan.phases.len() as u64).map(|phase| measured(plan, phase * each, each)).collect();
    let facts = RunFacts {
        number: 3,
        uid: "35c788f0-65c7-5f9a-8a0f-11088b6e0cf4".to_owned(),
        generation: Some(2),
        started_at: Some(Timestamp::UNIX_EPOCH),
        workers_desired: plan.workers,
        workers_ready: plan.workers,
        ..RunFacts::default()
    };
    KeptRun::new(&checked.name, &checked.spec, facts, Aggregate { phases })
}

fn measured(plan: &Plan, since: u64, seconds: u64) -> PhaseAggregate {
    let classify = &plan.classify;
    let layout = Layout { groups: classify.groups.len(), values: classify.values.len(), open_loop: true };
    let mut recorder = Recorder::new(layout);
    for number in 0..seconds * 40 {
        one_iteration(&mut recorder, plan.steps.len(), number, layout.groups);
    }
    recorder.state_mut().end = Some(PhaseEnd::Completed);
    let (state, seconds) = recorder.so_far(seconds * 1_000_000, 0);
    let mut phase = PhaseAggregate { started_micros: Some(since * 1_000_000), ..PhaseAggregate::default() };
    phase.add(&state, &seconds);
    phase
}

fn one_iteration(recorder: &mut Recorder, steps: usize, number: u64, groups: usize) {
    let sent = number * 25_000;
    // A spread with a tail and no randomness.
    let draw = number * 2_654_435_761 % 1_000;
    let end = sent + 5_000 + draw * draw / 2;
    recorder.scheduled(1);
    recorder.iteration_started(Part::Steady, sent, Some(draw));
    recorder.request(&Sample {
        step: usize::try_from(number).unwrap() % steps,
        part: Part::Steady,
        timing: Timing { intended: sent, sent, first_byte: Some(end), end },
        status: Some(200),
        error: None,
        cache: None,
        groups: &vec![Some("one"); groups],
        values: &[],
        bytes_sent: 120,
        bytes_received: 900,
    });
    recorder.iteration_completed(Part::Steady, end);
}

fn requests(run: &KeptRun) -> Vec<u64> {
    let seconds = |phase: &PhaseAggregate| phase.seconds.values().map(|second| second.requests).sum();
    run.aggregate.phases.iter().map(seconds).collect()
}

#[test]
fn an_hour_of_a_large_test_fits() {
    let run = velro(60 * MINUTE);
    let packed = pack(&run).unwrap().bytes;
    assert!(packed.len() <= LARGEST, "{} bytes", packed.len());
    assert_eq!(requests(&unpack(&packed).unwrap()), requests(&run), "a shorter series counts as much");
}

#[test]
fn what_is_read_again_is_judged_alike() {
    let run = velro(10 * MINUTE);
    let again = unpack(&pack(&run).unwrap().bytes).unwrap();
    let status = |run: &KeptRun| run.report(&run.spec, Some(2)).unwrap().status;
    similar_asserts::assert_eq!(
        serde_json::to_value(status(&run)).unwrap(),
        serde_json::to_value(status(&again)).unwrap()
    );
}

#[test]
fn other_requirements_are_judged_on_the_same_figures() {
    let run = velro(MINUTE);
    let mut spec = run.spec.clone();
    spec.requirements.truncate(1);
    let (before, after) = (run.report(&run.spec, Some(2)).unwrap(), run.report(&spec, Some(3)).unwrap());
    assert_eq!(after.status.summary, before.status.summary);
    assert_eq!(after.status.compliance.unwrap().requirements.len(), 1);
    assert_eq!(after.status.observed_generation, Some(3));
}

#[test]
fn what_does_not_fit_is_told_with_its_size() {
    let mut run = velro(MINUTE);
    let noise: Vec<String> =
        (0..60_000_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    run.spec.title = Some(noise.concat());
    let Err(PackError::TooLarge(size)) = pack(&run) else { panic!("it fits") };
    assert!(size > LARGEST);
}

#[test]
fn damaged_bytes_are_no_result() {
    let mut packed = pack(&velro(MINUTE)).unwrap().bytes;
    packed.truncate(packed.len() / 2);
    assert!(unpack(&packed).is_err());
    assert!(unpack(b"nothing of ours").is_err());
}
