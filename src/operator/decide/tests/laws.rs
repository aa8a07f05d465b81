//! What holds in whatever order things happen: loads aren't doubled, nothing passes without all of its data, and
//! every test comes to an end once the world is quiet.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::Decision;
use super::world::{Mishap, World};
use crate::api::{LoadTest, LoadTestSpec, LoadTestStatus, Run};
use crate::operator::build::status;
use crate::operator::tests::makers::last_for;

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Reconcile(Mishap),
    Restart,
    Time(u64),
    Pods,
    Work,
    PodDies(u32),
    JobGoes,
    SpecGoes,
    RecordGoes,
    Edit(Edit),
    Forge(Forgery),
    /// From now on results can't be stored, or can.
    Store(bool),
    Delete,
}

/// What somebody may write over the status.
#[derive(Clone, Copy, Debug)]
enum Forgery {
    Pass,
    Removal,
    Another(u64),
}

/// What a person may do to the spec.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Load(u64),
    Requirement(&'static str),
    Name(&'static str),
    Spoil,
    Mend,
    Abort(bool),
}

fn mishaps() -> impl Strategy<Value = Mishap> {
    let write = 1..5_u32;
    prop_oneof![
        4 => Just(Mishap::None),
        1 => write.clone().prop_map(Mishap::Refused),
        1 => write.clone().prop_map(Mishap::Unanswered),
        1 => write.prop_map(Mishap::Killed),
    ]
}

fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        select(vec![0, 7]).prop_map(Edit::Load),
        select(vec!["< 1%", "< 2%"]).prop_map(Edit::Requirement),
        select(vec!["one", "two"]).prop_map(Edit::Name),
        Just(Edit::Spoil),
        Just(Edit::Mend),
        any::<bool>().prop_map(Edit::Abort),
    ]
}

fn forgeries() -> impl Strategy<Value = Forgery> {
    prop_oneof![Just(Forgery::Pass), Just(Forgery::Removal), (0..3_u64).prop_map(Forgery::Another)]
}

fn happenings() -> impl Strategy<Value = Happening> {
    prop_oneof![
        16 => mishaps().prop_map(Happening::Reconcile),
        12 => Just(Happening::Work),
        6 => Just(Happening::Pods),
        6 => select(vec![1, 5, 20]).prop_map(Happening::Time),
        1 => Just(Happening::Time(90)),
        2 => Just(Happening::Restart),
        1 => (0..2_u32).prop_map(Happening::PodDies),
        1 => select(vec![Happening::JobGoes, Happening::SpecGoes, Happening::RecordGoes]),
        2 => edits().prop_map(Happening::Edit),
        2 => forgeries().prop_map(Happening::Forge),
        2 => any::<bool>().prop_map(Happening::Store),
    ]
}

fn happens(world: &mut World, happening: Happening) {
    match happening {
        Happening::Reconcile(mishap) => world.reconciles(mishap),
        Happening::Restart => world.restarts(),
        Happening::Time(seconds) => world.passes(seconds),
        Happening::Pods => world.makes_pods(),
        Happening::Work => world.works(),
        Happening::PodDies(index) => world.kills_pod(index),
        Happening::JobGoes => world.takes_away(|children| children.job = None),
        Happening::SpecGoes => world.takes_away(|children| children.spec = None),
        // Until the status tells that the load is on, only the record does.
        Happening::RecordGoes if !world.tells_of_the_start() => {}
        Happening::RecordGoes => world.takes_away(|children| children.record = None),
        Happening::Edit(edit) => world.edits(|spec| apply(edit, spec)),
        Happening::Forge(forgery) => world.forges(|test| forged(forgery, test)),
        Happening::Store(is_open) => world.is_shut = !is_open,
        Happening::Delete => world.deletes(),
    }
    holds(world);
}

/// A status of nobody's; what it doesn't change is as it was.
fn forged(forgery: Forgery, test: &LoadTest) -> LoadTestStatus {
    let status = super::forged::passed(test);
    match forgery {
        Forgery::Pass => status,
        Forgery::Removal => LoadTestStatus { observed_generation: Some(-1), ..LoadTestStatus::default() },
        Forgery::Another(number) => {
            let run = status.run.map(|run| Run { number, ..run });
            LoadTestStatus { run, ..status }
        }
    }
}

fn apply(edit: Edit, spec: &mut LoadTestSpec) {
    match edit {
        Edit::Load(seed) => spec.seed = Some(seed),
        Edit::Requirement(target) => spec.requirements[0].objective.target = Some(target.to_owned()),
        Edit::Name(name) => spec.run_id = Some(name.to_owned()),
        Edit::Spoil => last_for(spec, "never"),
        Edit::Mend => last_for(spec, "2m"),
        Edit::Abort(abort) => spec.abort = Some(abort),
    }
}

/// What must hold at any moment.
fn holds(world: &World) {
    assert!(world.truth.doubled.is_empty(), "loads were doubled: {:?}", world.truth.doubled);
    assert!(world.truth.jobs_too_many.is_empty(), "Jobs of runs that have a record");
    let Some(status) = world.test.as_ref().and_then(|test| test.status.as_ref()) else { return };
    if world.is_forged {
        return;
    }
    let is = |type_: &str| status.conditions.iter().any(|c| c.type_ == type_ && c.status == "True");
    if is("Passed") {
        let run = status.run.as_ref().expect("what passed is a run");
        let told = |share| world.truth.told.contains(&(run.uid.clone(), share));
        assert!(is("Complete") && told(0) && told(1), "it passed without all of its data: {status:#?}");
        // That it isn't stored stands beside the verdict, until another operator comes.
        let is_told = status::is_unstored(world.test.as_ref().expect("it has a status"));
        let is_stored = world.runs.get(&run.uid).is_some_and(|run| run.result.is_some());
        assert!(is_stored || is_told, "it passed and nothing is stored");
    }
}

/// The world is quiet: everybody does their part, again and again, until there is nothing left to do.
fn settles(world: &mut World) {
    happens(world, Happening::Store(true));
    // Start deadline, run deadline, silence and the time to abort, for the run under way and the one that it kept waiting.
    for _ in 0..2 * (60 + 120 + 60 + 60) / 5 {
        if world.next().is_none_or(|next| next == Decision::Rest) {
            break;
        }
        for _ in 0..4 {
            happens(world, Happening::Reconcile(Mishap::None));
            happens(world, Happening::Pods);
            happens(world, Happening::Work);
        }
        happens(world, Happening::Time(5));
    }
    let Some(next) = world.next() else { return };
    assert_eq!(next, Decision::Rest, "{:#?}", world.test.as_ref().map(|test| &test.status));
    let test = world.test.as_ref().expect("it is there");
    let status = test.status.as_ref().expect("it was told");
    assert!(super::super::is_complete(test), "it rests without an end: {status:#?}");
    assert_eq!(status.observed_generation, test.metadata.generation, "gates wait for ever");
    assert!(!world.is_forged, "a forged status stands: {status:#?}");
}

/// Nothing is left but what was measured.
fn leaves_nothing(world: &World) {
    for (run, children) in &world.runs {
        let left = (children.job.is_some(), children.spec.is_some(), children.record.is_some());
        assert_eq!(left, (false, false, false), "{run} has left something: job, spec, record");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_load_is_doubled_nothing_passes_without_its_data_and_it_ends(
        story in prop::collection::vec(happenings(), 0..120),
    ) {
        let mut world = World::new();
        for happening in story {
            happens(&mut world, happening);
        }
        settles(&mut world);
        leaves_nothing(&world);
    }

    #[test]
    fn whenever_it_is_deleted_it_goes_and_leaves_nothing(
        story in prop::collection::vec(happenings(), 0..80),
    ) {
        let mut world = World::new();
        for happening in story {
            happens(&mut world, happening);
        }
        happens(&mut world, Happening::Delete);
        settles(&mut world);
        prop_assert!(world.test.is_none(), "it is still there");
        leaves_nothing(&world);
    }
}

#[test]
fn a_quiet_world_brings_a_pass() {
    let mut world = World::new();
    settles(&mut world);
    let status = world.test.as_ref().and_then(|test| test.status.clone()).unwrap();
    assert_eq!(status.verdict, Some(crate::api::Verdict::Pass), "{status:#?}");
}
