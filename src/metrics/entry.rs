//! How one request is entered into a cell.

use super::cell::Cell;
use super::dist::{Digits, GREATEST_VALUE, LONGEST_MICROS};
use super::outcome::ErrorClass;
use super::phase::Span;
use super::recorder::Layout;
use super::sample::{CacheHit, Sample};

impl Cell {
    /// Adds `sample`: its counts, and in so many digits its times and values; none: the counts only.
    pub(super) fn enter(&mut self, sample: &Sample<'_>, layout: Layout, digits: Option<Digits>) {
        self.requests += 1;
        self.span = Span::union(self.span, Some(Span::of(&sample.timing)));
        self.bytes_sent += sample.bytes_sent;
        self.bytes_received += sample.bytes_received;
        if let Some(error) = sample.error {
            self.errors.count(&error, ErrorClass::clone);
        }
        if let Some(status) = sample.status {
            self.statuses.count(&status, u16::clone);
        }
        self.classify(sample, layout);
        if let Some(digits) = digits {
            self.measure(sample, layout, digits);
        }
    }

    fn classify(&mut self, sample: &Sample<'_>, layout: Layout) {
        match sample.cache {
            Some(CacheHit::Hit(layer)) => {
                self.cache.hits += 1;
                if let Some(layer) = layer {
                    self.cache.layers.count_text(layer);
                }
            }
            Some(CacheHit::Miss) => self.cache.misses += 1,
            None => {}
        }
        if layout.groups > 0 {
            self.groups.resize_with(layout.groups, Default::default);
            for (tally, key) in self.groups.iter_mut().zip(sample.groups) {
                if let Some(key) = key {
                    tally.count_text(key);
                }
            }
        }
    }

    fn measure(&mut self, sample: &Sample<'_>, layout: Layout, digits: Digits) {
        let timing = &sample.timing;
        self.latency.record(timing.response_micros(), LONGEST_MICROS, digits);
        if layout.open_loop {
            self.service.record(timing.end.saturating_sub(timing.sent), LONGEST_MICROS, digits);
        }
        if let Some(first_byte) = timing.first_byte {
            self.ttfb.record(first_byte.saturating_sub(timing.sent), LONGEST_MICROS, digits);
        }
        if layout.values > 0 {
            self.values.resize_with(layout.values, Default::default);
            for (dist, value) in self.values.iter_mut().zip(sample.values) {
                match value.and_then(thousandths) {
                    Some(value) => dist.record(value, GREATEST_VALUE, digits),
                    None => self.unreadable_values += 1,
                }
            }
        }
    }
}

/// A number in thousandths; none where it is negative, not finite or too great to be exact.
fn thousandths(value: f64) -> Option<u64> {
    let scaled = (value * 1000.0).round();
    // The range was checked just before.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and 2^53")]
    (0.0..=GREATEST_VALUE as f64).contains(&scaled).then_some(scaled as u64)
}
