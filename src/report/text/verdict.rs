//! The last line: the verdict and why.

use super::style::{Style, Tone};
use crate::api::Verdict;
use crate::report::Report;
use crate::report::escape::printable;

/// `PASS  Every requirement is met.`
pub(super) fn line(report: &Report, style: Style) -> String {
    let Some(verdict) = report.status.verdict else { return String::new() };
    let message = printable(report.status.message.as_deref().unwrap_or_default());
    let word = if report.status.phase.as_deref() == Some("Aborted") {
        "ABORTED".to_owned()
    } else {
        word(verdict).to_uppercase()
    };
    format!(" {}  {message}", style.paint(tone(verdict), &word))
}

/// The verdict in a word.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warning => "warning",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// The colour of a verdict.
pub(super) fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Warning | Verdict::Inconclusive => Tone::Soft,
        Verdict::Fail => Tone::Bad,
    }
}
