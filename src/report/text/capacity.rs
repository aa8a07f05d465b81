//! What searches for the breaking point have found.

use super::style::{Style, Tone};
use crate::api::Capacity;
use crate::report::Report;
use crate::report::figures::of_these;

/// A line for each phase that searched; nothing where none did.
pub(super) fn table(report: &Report, style: Style) -> String {
    let mut table = style.bare_table();
    for phase in &report.phases {
        let Some(capacity) = &phase.capacity else { continue };
        let tone = if capacity.held.is_some() { Tone::Plain } else { Tone::Bad };
        table.add_row([style.cell(Tone::Quiet, &phase.name), style.cell(tone, &told(capacity))]);
    }
    if table.is_empty() { String::new() } else { table.to_string() }
}

/// `300 users (3 levels held); 400 users broke: latency.p95 = 312 ms (> 200 ms)`.
fn told(capacity: &Capacity) -> String {
    let Capacity { held, at_least, levels_held, stopped_at, stopped_by } = capacity;
    let levels = of_these(*levels_held as usize, "level");
    let least = if *at_least { "at least " } else { "" };
    let found = held.as_ref().map_or("not known".to_owned(), |held| format!("{least}{held}"));
    let word = if held.is_some() { "broke" } else { "couldn't be told" };
    let stop = stopped_at.as_ref().zip(stopped_by.as_ref());
    let stop = stop.map(|(at, by)| format!("; {at} {word}: {by}")).unwrap_or_default();
    let never = if *at_least { "; nothing stopped the search" } else { "" };
    format!("{found} ({levels} held){stop}{never}")
}
