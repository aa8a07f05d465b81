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
    when: When,
}

/// What a run came to, and what was written on the way.
type Played = (Value, Vec<Write>);

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
    let Some((end, writes)) = play_soundly(course, None).await else { return };
    let end = Arc::new(end);
    let cases: Vec<Case> = distinct(course.own_writes(&writes))
        .into_iter()
        .flat_map(|label| [When::Before, When::After].map(|when| Case { label: label.clone(), when }))
        .collect();
    let playing: Vec<_> =
        cases.iter().map(|case| tokio::spawn(ends_as(course, case.clone(), Arc::clone(&end)))).collect();
    let mut swept = format!("\n{course:?}: killed before (B) and after (A) {} writes:\n", cases.len() / 2);
    let mut failed = 0;
    for (case, playing) in cases.iter().zip(playing) {
        let side = if case.when == When::Before { 'B' } else { 'A' };
        let ended = playing.await;
        failed += usize::from(ended.is_err());
        let ended =
            ended.map_or_else(|error| format!("NOT AS WITHOUT: {error}"), |()| "as without".to_owned());
        writeln!(swept, "  {side} {:<58} {ended}", case.label).unwrap();
    }
    // Told also where all is well.
    eprintln!("{swept}in {:.0?}", began.elapsed());
    assert_eq!(failed, 0, "kills that changed the end:\n{swept}");
}

/// Each write once, in order. A stage that is told twice in other words is one: it is killed at the first.
fn distinct(writes: &[Write]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for label in labels(writes) {
        if !distinct.iter().any(|known| known == label) {
            distinct.push(label.to_owned());
        }
    }
    assert!(!distinct.is_empty(), "nothing to sweep");
    distinct
}

async fn ends_as(course: Course, case: Case, without: Arc<Value>) {
    let Some((with, _)) = play_soundly(course, Some(case)).await else { return };
    similar_asserts::assert_eq!(without: *without, with: with);
}

/// Plays until the generator was sound. None: this machine has no nginx.
async fn play_soundly(course: Course, case: Option<Case>) -> Option<Played> {
    for _ in 0..TRIES {
        let case = case.clone();
        let (end, writes) = on_stage(move |stage| play(stage, course, case)).await?;
        if let Some(end) = end {
            return Some((end, writes));
        }
    }
    panic!("the generator wasn't sound in {TRIES} runs: this machine is too busy");
}

async fn play(stage: Stage, course: Course, case: Option<Case>) -> (Option<Value>, Vec<Write>) {
    if let Some(Case { label, when }) = &case {
        stage.proxy.arm(label, *when, Arc::clone(&stage.operator));
    }
    stage.keep_old_result().await;
    stage.apply_with(course.per_user()).await;
    stage.operator.start();
    course.take(&stage).await;
    if case.is_some() {
        // Here at the latest: a case whose write never comes fails.
        stage.proxy.has_killed().await;
        stage.start_another().await;
    }
    let heard = stage.proxy.hearing();
    let end = course.ends(stage).await;
    let writes = heard.borrow().writes.clone();
    (end, writes)
}
