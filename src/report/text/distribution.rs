//! What responses were like: their keys, by group, and the failed ones by class.

use std::collections::BTreeMap;

use super::style::{Style, Tone};
use crate::report::Report;
use crate::report::figures::{count, share};

/// The width of a full bar.
const BAR: u64 = 24;

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
