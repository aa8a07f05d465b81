//! The report for a terminal: what was run, what came of it, and the verdict last.

mod capacity;
mod distribution;
mod findings;
mod forecast;
mod notes;
mod phases;
mod requirements;
mod steps;
mod style;
mod verdict;

pub use forecast::forecast;
pub use style::Style;
use style::Tone;

use super::Report;
use super::figures::of_these;

/// The report as text, in lines of at most the style's width where its tables allow that.
#[must_use]
pub fn render(report: &Report, style: Style) -> String {
    let sections = [
        head(report, style),
        section("Phases", phases::table(report, style), style),
        section("Capacity", capacity::table(report, style), style),
        section("Steps", steps::table(report, style), style),
        section("Expectations", requirements::expectations(report, style), style),
        section("Requirements", requirements::table(report, style), style),
        section("Distribution", distribution::groups(report, style), style),
        section("Errors", distribution::errors(report, style), style),
        section("Findings", findings::table(report, style), style),
        notes::lines(report, style),
        verdict::line(report, style),
    ];
    joined(&sections)
}

/// The sections that there are, an empty line between them, without blanks at the ends of lines.
fn joined(sections: &[String]) -> String {
    let there: Vec<&str> = sections.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let text = there.join("\n\n");
    let mut trimmed = String::with_capacity(text.len());
    for line in text.lines() {
        trimmed.push_str(line.trim_end());
        trimmed.push('\n');
    }
    trimmed
}

/// A title and what belongs to it; nothing where nothing does.
fn section(title: &str, body: String, style: Style) -> String {
    if body.is_empty() { body } else { format!("{}\n{body}", style.paint(Tone::Title, &format!(" {title}"))) }
}

fn head(report: &Report, style: Style) -> String {
    let title = report.spec.title.as_deref().unwrap_or(&report.metadata.name);
    let status = &report.status;
    let started = status.run.as_ref().and_then(|run| run.started_at.as_deref());
    let workers = status.workers.as_ref().map(|workers| of_these(workers.desired as usize, "worker"));
    let facts = [
        Some(report.spec.target.base_url.clone()),
        status.display.as_ref().map(|display| display.progress.clone()),
        workers,
        started.map(|time| format!("started {time}")),
        report.quick.as_ref().map(|quick| format!("quick run, divided by {}", quick.factor)),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    titled(title, &facts.join(" · "), style)
}

/// The first two lines.
fn titled(title: &str, facts: &str, style: Style) -> String {
    let mut table = style.bare_table();
    table.add_row([style.cell(Tone::Title, title)]).add_row([style.cell(Tone::Quiet, facts)]);
    table.to_string()
}
