//! From rows, score and doubts to the verdict, and the one line that says why.
//!
//! ```text
//! first that holds                                                          verdict
//! a doubt: aborted, lost data, never began, the generator was unsound       Inconclusive
//! a row fails, or no measurement of the unknown rows could lift the score
//!   to `warning`                                                            Fail
//! a row is unknown                                                          Inconclusive
//! no row was judged                                                         Inconclusive
//! a row warns, as some does wherever the score is below `pass`              Warning
//! none of these                                                             Pass
//! ```
//! A doubt spoils every figure, so it wins over a failed row. An unknown row spoils only itself: a row that fails
//! beside it fails whatever the unknown one would have said.

use super::doubts::Doubt;
use super::requirement::Judged;
use super::score::{best_possible, grade, score};
use crate::plan::FailOn;
use crate::plan::Scoring;
use crate::verdict::{Effect, Tier, Verdict};

/// The most doubts told in the message.
const MOST_DOUBTS: usize = 2;

/// All that decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grounds<'a> {
    pub(super) doubts: &'a [Doubt],
    /// Requirements first, then the phases' expectations, each with the name of its phase.
    pub(super) rows: &'a [(Option<&'a str>, &'a Judged)],
    pub(super) scoring: &'a Scoring,
}

/// The verdict with its message.
pub(super) fn verdict(grounds: &Grounds<'_>) -> (Verdict, String) {
    doubtful(grounds)
        .or_else(|| failed(grounds))
        .or_else(|| unknown(grounds))
        .or_else(|| warned(grounds))
        .unwrap_or_else(|| (Verdict::Pass, passed(grounds)))
}

/// The verdict on one phase: that of its expectations alone. None where none of them was judged.
pub(super) fn phase_verdict(is_doubtful: bool, expectations: &[Judged]) -> Option<Verdict> {
    if is_doubtful {
        return Some(Verdict::Inconclusive);
    }
    match expectations.iter().map(|row| row.row.effect).max()? {
        Effect::Outside => None,
        Effect::Met => Some(Verdict::Pass),
        Effect::Warns => Some(Verdict::Warning),
        Effect::Unknown => Some(Verdict::Inconclusive),
        Effect::Fails => Some(Verdict::Fail),
    }
}

/// Whether the gate closes.
pub(super) fn closes_gate(verdict: Verdict, fail_on: FailOn) -> bool {
    match verdict {
        Verdict::Pass => false,
        Verdict::Warning => fail_on == FailOn::Warning,
        Verdict::Fail | Verdict::Inconclusive => true,
    }
}

fn doubtful(grounds: &Grounds<'_>) -> Option<(Verdict, String)> {
    let doubts = grounds.doubts;
    let told: Vec<&str> = doubts.iter().take(MOST_DOUBTS).map(|doubt| doubt.reason.as_str()).collect();
    let more = match doubts.len().saturating_sub(MOST_DOUBTS) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!told.is_empty()).then(|| (Verdict::Inconclusive, format!("{}{more}", told.join("; "))))
}

fn failed(grounds: &Grounds<'_>) -> Option<(Verdict, String)> {
    if let Some(line) = gravest(grounds, Effect::Fails) {
        return Some((Verdict::Fail, line));
    }
    let warning = f64::from(grounds.scoring.warning);
    let critical = || judged(grounds).filter(|row| row.is_critical);
    // Misses in uncritical phases can't fail the test, through the score neither.
    let is_low = best_possible(judged(grounds))? < warning && best_possible(critical())? < warning;
    let score = score(judged(grounds)).filter(|_| is_low)?;
    Some((Verdict::Fail, format!("score {} is below {warning} (scoring.warning)", shown(score))))
}

fn unknown(grounds: &Grounds<'_>) -> Option<(Verdict, String)> {
    let message = match gravest(grounds, Effect::Unknown) {
        Some(line) => line,
        None if grounds.rows.is_empty() => {
            "nothing is required: give the test spec.requirements or phases with expect".to_owned()
        }
        None if judged(grounds).any(|row| row.row.effect != Effect::Outside) => return None,
        None if judged(grounds).any(|row| row.row.tier == Tier::NotRun) => {
            "no requirement was judged: a quick or partial run left out all of them".to_owned()
        }
        None => "nothing is required: no row has a target or a critical limit".to_owned(),
    };
    Some((Verdict::Inconclusive, message))
}

/// A score below `pass` needs no rule of its own: only a row that misses its target takes points, and that warns.
fn warned(grounds: &Grounds<'_>) -> Option<(Verdict, String)> {
    gravest(grounds, Effect::Warns).map(|line| (Verdict::Warning, line))
}

fn passed(grounds: &Grounds<'_>) -> String {
    let count = |effect| judged(grounds).filter(|row| row.row.effect == effect).count();
    let met = count(Effect::Met);
    let not_run = judged(grounds).filter(|row| row.row.tier == Tier::NotRun).count();
    let left_out = if not_run > 0 { format!(", {not_run} not run") } else { String::new() };
    let score = score(judged(grounds)).map(|score| {
        let grade = grade(score, grounds.scoring).map(|grade| format!(" ({grade})")).unwrap_or_default();
        format!("score {}{grade}: ", shown(score))
    });
    format!("{}{met} of {met} requirements met{left_out}", score.unwrap_or_default())
}

fn judged<'a>(grounds: &Grounds<'a>) -> impl Iterator<Item = &'a Judged> {
    grounds.rows.iter().map(|(_, judged)| *judged)
}

/// The row to name: beyond critical before a must, a must before the others, else the first.
fn gravest(grounds: &Grounds<'_>, effect: Effect) -> Option<String> {
    let rows = grounds.rows.iter().filter(|(_, judged)| judged.row.effect == effect);
    let grave = |judged: &Judged| (judged.row.tier != Tier::Critical, !judged.row.must);
    let (phase, judged) = rows.min_by_key(|(_, judged)| grave(judged))?;
    let others = grounds.rows.iter().filter(|(_, judged)| judged.row.effect == effect).count() - 1;
    let more = if others > 0 { format!("; and {others} more") } else { String::new() };
    let name = judged.row.id.clone().or(phase.map(|phase| format!("phase {phase}:"))).unwrap_or_default();
    Some(format!("{name} {}{more}", judged.because).trim_start().to_owned())
}

/// Rounded down, so that 89.99 never reads as the 90 that it misses.
fn shown(score: f64) -> String {
    let tenths = (score * 10.0).floor() / 10.0;
    format!("{tenths}")
}
