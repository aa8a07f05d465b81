//! The table of phases.

use comfy_table::Cell;

use super::style::{Style, Tone};
use super::verdict::{tone, word};
use crate::api::Summary;
use crate::report::Report;
use crate::report::figures::{count, micros, rate, share};
use crate::report::phases::PhaseReport;
use crate::report::progress::NOTHING;

/// Which columns there is something to say in.
struct Columns {
    cache: bool,
    grade: bool,
}

/// One line a phase, and one for all of them where there are several.
pub(super) fn table(report: &Report, style: Style) -> String {
    let phases = &report.phases;
    let columns = Columns {
        cache: phases.iter().filter_map(|phase| phase.summary.as_ref()).any(|s| s.cache_hit_ppm.is_some()),
        grade: phases.iter().any(|phase| phase.grade.is_some()),
    };
    let mut table = style.table(&[]);
    table.set_header(head(&columns, style));
    for phase in phases {
        table.add_row(row(phase, &columns, style));
    }
    if let Some(summary) = report.status.summary.as_ref().filter(|_| phases.len() > 1) {
        table.add_row(total(summary, &columns, style));
    }
    table.to_string()
}

fn head(columns: &Columns, style: Style) -> Vec<Cell> {
    let left = ["Phase", "Load"].map(|text| style.cell(Tone::Quiet, text));
    let right =
        ["Requests", "Rate", "p50", "p95", "p99", "Errors"].map(|text| style.figure(Tone::Quiet, text));
    let mut cells: Vec<Cell> = left.into_iter().chain(right).collect();
    cells.extend(columns.cache.then(|| style.figure(Tone::Quiet, "Cache")));
    cells.push(style.cell(Tone::Quiet, "Verdict"));
    cells.extend(columns.grade.then(|| style.cell(Tone::Quiet, "Grade")));
    cells
}

fn row(phase: &PhaseReport, columns: &Columns, style: Style) -> Vec<Cell> {
    let tone = if phase.summary.is_some() { Tone::Plain } else { Tone::Quiet };
    let mut cells = vec![style.cell(tone, &phase.name), style.cell(Tone::Quiet, &phase.load)];
    cells.extend(figures(phase.summary.as_ref(), columns, style));
    cells.push(outcome(phase, style));
    cells.extend(columns.grade.then(|| style.cell(Tone::Plain, phase.grade.as_deref().unwrap_or(NOTHING))));
    cells
}

fn total(summary: &Summary, columns: &Columns, style: Style) -> Vec<Cell> {
    let mut cells = vec![style.cell(Tone::Title, "all"), style.cell(Tone::Plain, "")];
    cells.extend(figures(Some(summary), columns, style));
    cells
}

fn figures(summary: Option<&Summary>, columns: &Columns, style: Style) -> Vec<Cell> {
    let latency = summary.and_then(|summary| summary.latency.as_ref());
    let sent = summary.filter(|summary| summary.requests > 0);
    let text = |text: Option<String>| style.figure(Tone::Plain, text.as_deref().unwrap_or(NOTHING));
    let mut cells = vec![
        text(sent.map(|summary| count(summary.requests))),
        text(sent.map(|summary| rate(summary.requests_per_second))),
        text(latency.map(|latency| micros(latency.p50_micros))),
        text(latency.map(|latency| micros(latency.p95_micros))),
        text(latency.map(|latency| micros(latency.p99_micros))),
        errors(sent, style),
    ];
    cells.extend(columns.cache.then(|| text(sent.and_then(|summary| summary.cache_hit_ppm).map(share))));
    cells
}

fn errors(sent: Option<&Summary>, style: Style) -> Cell {
    match sent {
        Some(summary) if summary.failed > 0 => style.figure(Tone::Bad, &share(summary.error_ppm.max(1))),
        Some(_) => style.figure(Tone::Plain, "0%"),
        None => style.figure(Tone::Plain, NOTHING),
    }
}

/// The verdict on a phase, or why there is none.
fn outcome(phase: &PhaseReport, style: Style) -> Cell {
    match phase.verdict {
        _ if phase.left_out => style.cell(Tone::Quiet, "left out"),
        Some(verdict) => style.cell(tone(verdict), word(verdict)),
        None if phase.summary.is_none() => style.cell(Tone::Quiet, "not begun"),
        None => style.cell(Tone::Quiet, NOTHING),
    }
}
