//! Short lines at the end, on what the figures are worth.

use super::style::{Style, Tone};
use crate::api::{DropCount, Generator, Summary};
use crate::report::Report;
use crate::report::figures::{bytes, count, micros, share};

/// Short lines on what the figures are worth: traffic, what was dropped or cut, the generator, a quick run.
pub(super) fn lines(report: &Report, style: Style) -> String {
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
    let dropped = (summary.dropped > 0)
        .then(|| format!("{} iterations dropped: {}", count(summary.dropped), reasons(&summary.dropped_by)));
    let cut = (summary.cut > 0).then(|| format!("{} requests cut off in flight", count(summary.cut)));
    let told: Vec<String> = dropped.into_iter().chain(cut).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// `no free user`, or with counts where there are several.
fn reasons(drops: &[DropCount]) -> String {
    let words = |reason: &str| match reason {
        "noFreeUser" => "no free user".to_owned(),
        "late" => "begun too late, and no user was free any more".to_owned(),
        "noTimer" => "no timer".to_owned(),
        "noRow" => "no row of the data left".to_owned(),
        other => other.to_owned(),
    };
    match drops {
        [one] => words(&one.reason),
        several => {
            let each = several.iter().map(|drop| format!("{} {}", count(drop.count), words(&drop.reason)));
            each.collect::<Vec<_>>().join(", ")
        }
    }
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
