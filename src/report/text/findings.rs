//! The findings: what is wrong, what shows it, what to do.

use super::style::{Style, Tone};
use crate::api::{Finding, Severity};
use crate::report::Report;

/// One block a finding, gravest first.
pub(super) fn table(report: &Report, style: Style) -> String {
    let mut table = style.bare_table();
    for finding in &report.status.findings {
        let (tone, word) = severity(finding.severity);
        table.add_row([style.cell(tone, word), style.cell(Tone::Title, &finding.issue)]);
        for (name, text) in details(finding) {
            table.add_row([style.cell(Tone::Quiet, name), style.cell(Tone::Plain, text)]);
        }
    }
    if table.is_empty() { String::new() } else { table.to_string() }
}

fn details(finding: &Finding) -> impl Iterator<Item = (&'static str, &str)> {
    let parts = [
        ("  evidence", finding.evidence.as_str()),
        ("  impact", finding.impact.as_str()),
        ("  do", finding.recommendation.as_str()),
    ];
    parts.into_iter().filter(|(_, text)| !text.is_empty())
}

fn severity(severity: Severity) -> (Tone, &'static str) {
    match severity {
        Severity::Low => (Tone::Quiet, "low"),
        Severity::Medium => (Tone::Soft, "medium"),
        Severity::High => (Tone::Bad, "high"),
        Severity::Critical => (Tone::Bad, "critical"),
    }
}
