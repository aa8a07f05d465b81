//! The last line: the verdict and why.

use super::style::{Style, Tone};
use crate::api::Verdict;
use crate::report::Report;

/// `PASS  Every requirement is met.`
pub(super) fn line(report: &Report, style: Style) -> String {
    let Some(verdict) = report.status.verdict else { return String::new() };
    let is_aborted = report.status.phase.as_deref() == Some("Aborted");
    let word = if is_aborted { "ABORTED".to_owned() } else { word(verdict).to_uppercase() };
    let message = report.status.message.as_deref().unwrap_or_default();
    let mut table = style.bare_table();
    table.add_row([style.cell(tone(verdict), &word), style.cell(Tone::Plain, message)]);
    table.to_string()
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
