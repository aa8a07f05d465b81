//! Rows by key and by window: the figure of each, the worst of all, and what leaves them unknown.

use super::*;
use crate::metrics::{Filter, Keys, Outcome};
use crate::plan::cut::TIMED_KEYS;
use crate::plan::{Cut, Key, OutcomeFilter, Phase};
use crate::verdict::{Row, Tier};

mod keys;
mod windows;

/// The cuts of a phase as a recorder takes them.
fn filters(phase: &Phase) -> Vec<Filter> {
    let filter = |cut: &Cut| Filter {
        name: cut.to_string(),
        keys: cut.key.as_ref().map(|of| match &of.key {
            Key::One(key) => Keys::One(of.place, key.clone()),
            Key::Each => Keys::Each(of.place, TIMED_KEYS),
        }),
        window: cut.window.as_ref().map(|window| (window.start, window.end)),
        steps: cut.steps.clone(),
        outcome: cut.outcome.map(|outcome| match outcome {
            OutcomeFilter::Succeeded => Outcome::Succeeded,
            OutcomeFilter::Failed => Outcome::Failed,
        }),
    };
    phase.cuts.iter().map(filter).collect()
}

/// 100 requests a second: how many, of which key, in milliseconds, whether they failed.
type Story<'a> = &'a [(u64, Option<&'a str>, u64, bool)];

fn told(story: Story<'_>, phase: &Phase) -> Load {
    let mut load = Load::every(10 * MILLI);
    load.recorder = load.recorder.sliced(filters(phase));
    story.iter().fold(load, |load, (count, account, millis, fails)| {
        let (status, error) = if *fails { (503, Some(ErrorClass::Status(503))) } else { (200, None) };
        let hit = Hit { micros: millis * MILLI, account: *account, status: Some(status), error, ..FINE };
        load.sends(*count, hit)
    })
}

/// The row of a requirement on phases of 20 s, each with a story of its own, and the message of the verdict.
#[track_caller]
fn row(requirement: &str, stories: &[Story<'_>]) -> (Row, String) {
    let phase = |place| format!("{{name: p{place}, load: {{constantRate: {{rate: 100/s, duration: 20s}}}}}}");
    let phases: Vec<String> = (0..stories.len()).map(phase).collect();
    let plan = plan(&format!("{}\nphases: [{}]", required(requirement), phases.join(", ")));
    let loads = stories.iter().zip(&plan.phases).map(|(story, phase)| told(story, phase));
    let mut judgement = judge(&plan, &measured(loads), &Circumstances::default());
    (judgement.requirements.remove(0), judgement.message)
}

/// What is measured, and what is told beside it.
#[track_caller]
fn check(requirement: &str, story: Story<'_>, measured: &str, gap: Option<&str>) {
    let (row, _) = row(requirement, &[story]);
    let told = (row.measured.as_deref(), row.gap.as_deref());
    similar_asserts::assert_eq!(told, (Some(measured), gap), "{requirement}");
}

/// Why nothing is.
#[track_caller]
fn check_unknown(requirement: &str, story: Story<'_>, reason: &str) {
    let (row, _) = row(requirement, &[story]);
    let told = (row.tier, row.gap.as_deref());
    similar_asserts::assert_eq!(told, (Tier::Unknown, Some(reason)), "{requirement}");
}

const A: Option<&str> = Some("a");
const B: Option<&str> = Some("b");
const C: Option<&str> = Some("c");
