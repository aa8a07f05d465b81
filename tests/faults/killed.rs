//! Kills the operator on either side of each of its writes: the end is the same.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use crate::courses::Course;
use crate::outcome::labels;
use crate::proxy::When;
use crate::stage::{Stage, on_stage};
use crate::write::Write;

/// So often a run is repeated whose generator wasn't sound, as on a machine that is busy with other things.
const TRIES: usize = 5;

/// Where the operator is killed.
#[derive(Clone, Debug)]
struct Case {
    label: String,
    /// At the how manieth write of this label, from 1.
    nth: usize,
    when: When,
}

/// What a run came to, what was written on the way, and whether the operator was killed.
type Played = (Value, Vec<Write>, bool);

/// A stage that is told more often than so is always told in the same way.
const MOST: usize = 2;
/// The last write of each run.
const LAST: &str = "PATCH loadtests shop: let go";

pub(crate) async fn a_kill_before_or_after_any_write_of_a_run_changes_nothing() {
    sweep(Course::Planned).await;
}

pub(crate) async fn a_kill_before_or_after_any_write_of_an_abort_changes_nothing() {
    sweep(Course::Aborted).await;
}

pub(crate) async fn a_kill_before_or_after_any_write_of_a_deletion_changes_nothing() {
    sweep(Course::Deleted).await;
}

async fn sweep(course: Course) {
    let began = Instant::now();
    let Some((end, writes, _)) = play_soundly(course, None).await else { return };
    let end = Arc::new(end);
    let writes = counted(course, &writes);
    let sides = |(label, nth): &(String, usize)| {
        [When::Before, When::After].map(|when| Case { label: label.clone(), nth: *nth, when })
    };
    let cases: Vec<Case> = writes.iter().flat_map(sides).collect();
    let playing: Vec<_> =
        cases.iter().map(|case| tokio::spawn(ends_as(course, case.clone(), Arc::clone(&end)))).collect();
    let mut swept = format!("\n{course:?}: killed before (B) and after (A) {} writes:\n", cases.len() / 2);
    let mut failed = 0;
    for (case, playing) in cases.iter().zip(playing) {
        let side = if case.when == When::Before { 'B' } else { 'A' };
        let ended = playing.await;
        failed += usize::from(ended.is_err());
        let ended = match ended {
            Ok(true) => "as without".to_owned(),
            Ok(false) => "wasn't written so often this time".to_owned(),
            Err(error) => format!("NOT AS WITHOUT: {error}"),
        };
        writeln!(swept, "  {side}{} {:<58} {ended}", case.nth, case.label).unwrap();
    }
    // Told also where all is well.
    eprintln!("{swept}in {:.0?}", began.elapsed());
    assert_eq!(failed, 0, "kills that changed the end:\n{swept}");
}

/// Each write of this course, in order, with the how manieth of its label it is. How often the stages are told depends on
/// how long they last.
fn counted(course: Course, writes: &[Write]) -> Vec<(String, usize)> {
    let (all, own) = (labels(writes), course.own_writes(writes).len());
    let nth = |place: usize| all[..=place].iter().filter(|label| **label == all[place]).count();
    let places = all.len() - own..all.len();
    let counted: Vec<_> = places.map(|place| (all[place].to_owned(), nth(place))).collect();
    assert!(!counted.is_empty(), "nothing to sweep");
    counted.into_iter().filter(|(_, nth)| *nth <= MOST).collect()
}

/// Whether it was killed.
async fn ends_as(course: Course, case: Case, without: Arc<Value>) -> bool {
    let Some((with, _, was_killed)) = play_soundly(course, Some(case)).await else { return false };
    similar_asserts::assert_eq!(without: *without, with: with);
    was_killed
}

/// Plays until the generator was sound. None: this machine has no nginx.
async fn play_soundly(course: Course, case: Option<Case>) -> Option<Played> {
    for _ in 0..TRIES {
        let case = case.clone();
        let (end, writes, was_killed) = on_stage(move |stage| play(stage, course, case)).await?;
        if let Some(end) = end {
            return Some((end, writes, was_killed));
        }
    }
    panic!("the generator wasn't sound in {TRIES} runs: this machine is too busy");
}

async fn play(stage: Stage, course: Course, case: Option<Case>) -> (Option<Value>, Vec<Write>, bool) {
    if let Some(Case { label, nth, when }) = &case {
        stage.proxy.arm(label, *nth, *when, Arc::clone(&stage.operator));
    }
    stage.keep_old_result().await;
    stage.apply_with(course.per_user()).await;
    stage.operator.start();
    course.take(&stage).await;
    let was_killed = match &case {
        None => false,
        // Here at the latest: a case whose write never comes fails.
        Some(Case { nth: 1, .. }) => stage.proxy.has_killed_or("the kill", |_| false).await,
        // A stage may be told less often than in the run before.
        Some(_) => {
            let is_over =
                |writes: &[Write]| writes.iter().any(|write| write.label == LAST && write.is_done());
            stage.proxy.has_killed_or("the kill, or the end", is_over).await
        }
    };
    if was_killed {
        stage.start_another().await;
    }
    let heard = stage.proxy.hearing();
    let end = course.ends(stage).await;
    let writes = heard.borrow().writes.clone();
    (end, writes, was_killed)
}
