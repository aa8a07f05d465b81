//! Reads a histogram from a page of metrics.

use std::fmt;

/// A histogram as it was told: the bounds in seconds, and how many stayed within each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets(Vec<(f64, f64)>);

impl Buckets {
    /// The histogram of this name.
    pub(crate) fn of(metrics: &str, name: &str) -> Self {
        let prefix = format!("{name}_bucket{{le=\"");
        let lines = metrics.lines().filter_map(|line| line.strip_prefix(&prefix)?.split_once("\"} "));
        let bound = |text: &str| if text == "+Inf" { Some(f64::INFINITY) } else { text.parse().ok() };
        Buckets(lines.filter_map(|(le, count)| Some((bound(le)?, count.trim().parse().ok()?))).collect())
    }

    /// What has come since `before`.
    pub(crate) fn since(&self, before: &Buckets) -> Buckets {
        let earlier = |place: usize| before.0.get(place).map_or(0.0, |(_, count)| *count);
        Buckets(
            self.0
                .iter()
                .enumerate()
                .map(|(place, (bound, count))| (*bound, count - earlier(place)))
                .collect(),
        )
    }

    /// How many there are.
    pub(crate) fn count(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// The least bound that this share stayed within.
    fn bound(&self, share: f64) -> Option<f64> {
        let wanted = self.count() * share;
        self.0.iter().find(|(_, count)| *count >= wanted && wanted > 0.0).map(|(bound, _)| *bound)
    }
}

impl fmt::Display for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told =
            |share| self.bound(share).map_or_else(|| "none".to_owned(), |bound| format!("{}", bound * 1e3));
        write!(f, "p50 ≤ {} ms, p99 ≤ {} ms, of {}", told(0.5), told(0.99), self.count())
    }
}
