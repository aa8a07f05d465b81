//! Steps, distributions, errors and the notes that tell what the figures are worth.

use std::collections::BTreeMap;

use super::style::{Style, Tone};
use crate::api::{Generator, Summary};
use crate::metrics::summary::ppm;
use crate::report::Report;
use crate::report::figures::{bytes, count, micros, share};
use crate::report::progress::NOTHING;
use crate::report::steps::StepFigures;

/// The width of a full bar.
const BAR: u64 = 24;

/// Each step over all phases. Percentiles of phases can't be pooled here, so the worst one stands.
pub(super) fn steps(report: &Report, style: Style) -> String {
    let mut steps: Vec<(&StepFigures, Pooled)> = Vec::new();
    for step in &report.steps {
        match steps
            .iter_mut()
            .find(|(known, _)| (&known.scenario, &known.step) == (&step.scenario, &step.step))
        {
            Some((_, pooled)) => pooled.add(step),
            None => steps.push((step, Pooled::default().with(step))),
        }
    }
    if steps.len() < 2 {
        return String::new();
    }
    let all = steps.iter().map(|(_, pooled)| pooled.requests).sum();
    let mut table = style.table(&[]);
    let figure = |text| style.figure(Tone::Quiet, text);
    let text = |text| style.cell(Tone::Quiet, text);
    table.set_header([
        text("Step"),
        text("Request"),
        figure("Requests"),
        figure("Share"),
        figure("Failed"),
        figure("Worst p95"),
    ]);
    for (step, pooled) in &steps {
        table.add_row([
            style.cell(Tone::Plain, &format!("{}.{}", step.scenario, step.step)),
            style.cell(Tone::Quiet, &format!("{} {}", method(step), step.path)),
            style.figure(Tone::Plain, &count(pooled.requests)),
            style.figure(Tone::Plain, &share(ppm(pooled.requests, all))),
            style.figure(if pooled.failed > 0 { Tone::Bad } else { Tone::Plain }, &count(pooled.failed)),
            style.figure(Tone::Plain, &pooled.worst_p95.map_or_else(|| NOTHING.to_owned(), micros)),
        ]);
    }
    table.to_string()
}

/// A step over several phases.
#[derive(Default)]
struct Pooled {
    requests: u64,
    failed: u64,
    worst_p95: Option<u64>,
}

impl Pooled {
    fn add(&mut self, step: &StepFigures) {
        self.requests += step.requests;
        self.failed += step.failed;
        self.worst_p95 = self.worst_p95.max(step.latency.as_ref().map(|latency| latency.p95_micros));
    }

    fn with(mut self, step: &StepFigures) -> Self {
        self.add(step);
        self
    }
}

fn method(step: &StepFigures) -> String {
    format!("{:?}", step.method).to_uppercase()
}

/// How responses spread over the keys of each group.
pub(super) fn groups(report: &Report, style: Style) -> String {
    let groups = report.status.summary.iter().flat_map(|summary| &summary.groups);
    let mut table = style.bare_table();
    for group in groups {
        for (place, key) in group.keys.iter().enumerate() {
            let bar = "█".repeat(usize::try_from(u64::from(key.share_ppm) * BAR / 1_000_000).unwrap_or(0));
            table.add_row([
                style.cell(Tone::Quiet, if place == 0 { &group.name } else { "" }),
                style.cell(Tone::Plain, &key.key),
                style.figure(Tone::Plain, &count(key.count)),
                style.figure(Tone::Plain, &share(key.share_ppm)),
                style.cell(Tone::Good, &bar),
            ]);
        }
    }
    if table.is_empty() { String::new() } else { table.to_string() }
}

/// Failed requests by class, and where they happened.
pub(super) fn errors(report: &Report, style: Style) -> String {
    let mut classes: BTreeMap<&str, (u64, Vec<&str>)> = BTreeMap::new();
    for phase in &report.phases {
        for error in phase.summary.iter().flat_map(|summary| &summary.errors) {
            let (count, phases) = classes.entry(&error.class).or_default();
            *count += error.count;
            phases.push(&phase.name);
        }
    }
    let mut ranked: Vec<_> = classes.into_iter().collect();
    ranked.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    let mut table = style.bare_table();
    table.add_rows(ranked.iter().map(|(class, (number, phases))| {
        let figure = style.figure(Tone::Bad, &count(*number));
        [
            figure,
            style.cell(Tone::Plain, class),
            style.cell(Tone::Quiet, &format!("in {}", phases.join(", "))),
        ]
    }));
    if table.is_empty() { String::new() } else { table.to_string() }
}

/// Short lines on what the figures are worth: traffic, what was dropped or cut, the generator, a quick run.
pub(super) fn notes(report: &Report, style: Style) -> String {
    let summary = report.status.summary.as_ref();
    let mut lines: Vec<(&str, Tone, String)> = Vec::new();
    lines.extend(summary.map(|summary| ("Traffic", Tone::Plain, traffic(summary))));
    lines.extend(summary.and_then(books).map(|text| ("Lost", Tone::Soft, text)));
    let sender = report.status.generator.as_ref();
    lines.extend(sender.map(generator));
    lines.extend(
        sender.iter().flat_map(|sender| &sender.reasons).map(|why| ("Generator", Tone::Bad, why.clone())),
    );
    let notes = report.quick.iter().flat_map(|quick| &quick.notes);
    lines.extend(notes.map(|note| ("Quick run", Tone::Soft, note.clone())));
    lines.extend(
        report.status.results.as_ref().map(|results| ("Results", Tone::Plain, results.location.clone())),
    );
    let mut table = style.bare_table();
    let mut last = "";
    for (name, tone, text) in &lines {
        table.add_row([
            style.cell(Tone::Quiet, if *name == last { "" } else { name }),
            style.cell(*tone, text),
        ]);
        last = name;
    }
    if table.is_empty() { String::new() } else { table.to_string() }
}

fn traffic(summary: &Summary) -> String {
    format!(
        "{} iterations, {} sent, {} received",
        count(summary.iterations),
        bytes(summary.bytes_sent),
        bytes(summary.bytes_received)
    )
}

fn books(summary: &Summary) -> Option<String> {
    let dropped =
        (summary.dropped > 0).then(|| format!("{} iterations dropped: no free user", count(summary.dropped)));
    let cut = (summary.cut > 0).then(|| format!("{} requests cut off in flight", count(summary.cut)));
    let told: Vec<String> = dropped.into_iter().chain(cut).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn generator(generator: &Generator) -> (&'static str, Tone, String) {
    let lag = micros(generator.lag_p99_micros);
    let state = if generator.healthy { "healthy" } else { "not healthy" };
    let text = format!(
        "{state}, engine {}, {} of the plan started, p99 of the lag {lag}",
        generator.engine,
        share(generator.achieved_ppm)
    );
    ("Generator", if generator.healthy { Tone::Plain } else { Tone::Bad }, text)
}
