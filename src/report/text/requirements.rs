//! The tables of requirements and expectations, and what is said about those that aren't met.

use comfy_table::{Cell, Table};

use super::style::{Style, Tone};
use crate::api::{Compliance, Effect, Row, Tier};
use crate::report::Report;
use crate::report::escape::printable;
use crate::report::progress::NOTHING;

/// Every requirement, then the gaps, then the score.
pub(super) fn table(report: &Report, style: Style) -> String {
    let Some(compliance) = report.status.compliance.as_ref() else { return String::new() };
    let mut parts = Vec::new();
    if !compliance.requirements.is_empty() {
        let mut table = headed("Requirement", style);
        table.add_rows(compliance.requirements.iter().map(|row| cells(name(row), row, style)));
        parts.push(table.to_string());
    }
    let rows = compliance.requirements.iter().map(|row| (name(row), row));
    parts.extend(gaps(rows, style));
    parts.extend(score(compliance, style));
    parts.join("\n")
}

/// Every expectation, phase by phase, then the gaps.
pub(super) fn expectations(report: &Report, style: Style) -> String {
    let phases = report.phases.iter().filter(|phase| !phase.expectations.is_empty());
    let rows: Vec<_> =
        phases.flat_map(|phase| phase.expectations.iter().map(move |row| (phase, row))).collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut table = headed("Phase: expectation", style);
    let name = |phase: &str, row: &Row| format!("{phase}: {}", row.title);
    table.add_rows(rows.iter().map(|(phase, row)| cells(name(&phase.name, row), row, style)));
    let gaps = gaps(rows.iter().map(|(phase, row)| (name(&phase.name, row), *row)), style);
    std::iter::once(table.to_string()).chain(gaps).collect::<Vec<_>>().join("\n")
}

fn headed(what: &str, style: Style) -> Table {
    let mut table = style.table(&[]);
    let figure = |text| style.figure(Tone::Quiet, text);
    let text = |text| style.cell(Tone::Quiet, text);
    table.set_header([text(what), figure("Measured"), figure("Target"), text("Tier"), figure("Points")]);
    table
}

fn name(row: &Row) -> String {
    let id = row.id.as_ref().map(|id| format!("{id}  ")).unwrap_or_default();
    format!("{id}{}", row.title)
}

fn cells(name: String, row: &Row, style: Style) -> [Cell; 5] {
    let name = if row.must { format!("{name} (must)") } else { name };
    let tone = tone(row.effect);
    let points = row.points.map(|points| points.to_string());
    let text = |text: Option<&str>| style.figure(Tone::Plain, text.unwrap_or(NOTHING));
    [
        style.cell(Tone::Plain, &name),
        text(row.measured.as_deref()),
        text(row.target.as_deref()),
        style.cell(tone, tier(row.tier)),
        text(points.as_deref()),
    ]
}

fn tone(effect: Effect) -> Tone {
    match effect {
        Effect::Met => Tone::Good,
        Effect::Warns | Effect::Unknown => Tone::Soft,
        Effect::Fails => Tone::Bad,
        Effect::Outside => Tone::Quiet,
    }
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Target => "✓ target",
        Tier::Acceptable => "≈ acceptable",
        Tier::Missed => "✗ missed",
        Tier::Critical => "✗ critical",
        Tier::Shown => "· shown",
        Tier::Unknown => "? unknown",
        Tier::NotRun => "– not run",
    }
}

/// A line for each row that falls short: by how much, or why it couldn't be judged.
fn gaps<'a>(rows: impl Iterator<Item = (String, &'a Row)>, style: Style) -> Option<String> {
    let short = rows.filter(|(_, row)| !matches!(row.tier, Tier::Target | Tier::Shown));
    let mut table = style.bare_table();
    table.add_rows(short.filter_map(|(name, row)| {
        Some([style.cell(Tone::Quiet, &format!("→ {name}")), style.cell(Tone::Plain, row.gap.as_ref()?)])
    }));
    (table.row_count() > 0).then(|| format!("\n{table}"))
}

fn score(compliance: &Compliance, style: Style) -> Option<String> {
    let score = compliance.score?;
    let grade = compliance.grade.as_ref().map(|grade| format!(" · {}", printable(grade))).unwrap_or_default();
    let missed_must = compliance.requirements.iter().filter(|row| row.must && row.effect == Effect::Fails);
    let musts = match missed_must.count() {
        0 => String::new(),
        1 => style.paint(Tone::Bad, " · 1 must missed"),
        many => style.paint(Tone::Bad, &format!(" · {many} musts missed")),
    };
    Some(format!("\n {}{musts}", style.paint(Tone::Title, &format!("Score {score} of 100{grade}"))))
}
