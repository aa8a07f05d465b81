//! The table of steps: the mix that was really sent, and what came of it.

use comfy_table::Cell;

use super::style::{Style, Tone};
use crate::metrics::summary::ppm;
use crate::report::Report;
use crate::report::figures::{count, micros, share};
use crate::report::progress::NOTHING;
use crate::report::steps::StepFigures;

/// A step over all phases. Percentiles of phases can't be pooled here, so the worst one stands.
struct Pooled<'a> {
    step: &'a StepFigures,
    requests: u64,
    failed: u64,
    skipped: u64,
    worst_p95: Option<u64>,
}

/// One line a step, where there are several.
pub(super) fn table(report: &Report, style: Style) -> String {
    let steps = pooled(&report.steps);
    if steps.len() < 2 {
        return String::new();
    }
    let all = steps.iter().map(|step| step.requests).sum();
    let mut table = style.table(&[]);
    let left = ["Step", "Request"].map(|text| style.cell(Tone::Quiet, text));
    let right = ["Requests", "Share", "Failed", "Worst p95"].map(|text| style.figure(Tone::Quiet, text));
    let has_skipped = steps.iter().any(|step| step.skipped > 0);
    let skipped = has_skipped.then(|| style.figure(Tone::Quiet, "Skipped"));
    table.set_header(left.into_iter().chain(right).chain(skipped));
    table.add_rows(steps.iter().map(|step| {
        let skipped = has_skipped.then(|| style.figure(Tone::Plain, &count(step.skipped)));
        row(step, all, style).into_iter().chain(skipped)
    }));
    table.to_string()
}

fn pooled(steps: &[StepFigures]) -> Vec<Pooled<'_>> {
    let mut pooled: Vec<Pooled<'_>> = Vec::new();
    for step in steps {
        let name = |step: &StepFigures| (step.scenario.clone(), step.step.clone());
        match pooled.iter_mut().find(|known| name(known.step) == name(step)) {
            Some(known) => known.add(step),
            None => pooled.push(Pooled::new(step)),
        }
    }
    pooled
}

impl<'a> Pooled<'a> {
    fn new(step: &'a StepFigures) -> Self {
        let mut pooled = Pooled { step, requests: 0, failed: 0, skipped: 0, worst_p95: None };
        pooled.add(step);
        pooled
    }

    fn add(&mut self, step: &StepFigures) {
        self.requests += step.requests;
        self.failed += step.failed;
        self.skipped += step.skipped;
        self.worst_p95 = self.worst_p95.max(step.latency.as_ref().map(|latency| latency.p95_micros));
    }
}

fn row(pooled: &Pooled<'_>, all: u64, style: Style) -> [Cell; 6] {
    let Pooled { step, requests, failed, skipped: _, worst_p95 } = pooled;
    let method = format!("{:?}", step.method).to_uppercase();
    [
        style.cell(Tone::Plain, &format!("{}.{}", step.scenario, step.step)),
        style.cell(Tone::Quiet, &format!("{method} {}", step.path)),
        style.figure(Tone::Plain, &count(*requests)),
        style.figure(Tone::Plain, &share(ppm(*requests, all))),
        style.figure(if *failed > 0 { Tone::Bad } else { Tone::Plain }, &count(*failed)),
        style.figure(Tone::Plain, &worst_p95.map_or_else(|| NOTHING.to_owned(), micros)),
    ]
}
