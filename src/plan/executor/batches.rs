//! `batches`: bursts at even distances, one user an iteration.

use std::time::Duration;

use super::read::{Specified, above_zero};
use super::timeline::{Arrivals, Chance, Drive, Timeline, Walk, by_number, part};
use crate::api;
use crate::plan::fault::At;
use crate::plan::from_spec::length;
use crate::plan::hash;
use crate::plan::quick::Scale;
use crate::plan::share::Share;
use crate::plan::units::{LONGEST_DURATION, parse_duration};
use crate::plan::{words, written};

/// `iterations` in `batches`: batch k of n starts at `delay + k · over / n`, the earlier ones take the remainder.
#[derive(Clone, Debug, PartialEq)]
pub struct Batches {
    /// How many in all.
    pub iterations: u32,
    /// In how many batches; each has one at least.
    pub batches: u32,
    /// From the start of the first to where one more would start.
    pub over: Duration,
    /// How long before the first.
    pub delay: Duration,
}

impl Batches {
    /// Which batch an iteration belongs to.
    fn batch(&self, iteration: u64) -> u64 {
        let (all, batches) = (u64::from(self.iterations), u64::from(self.batches));
        let (each, larger) = (all / batches, all % batches);
        let in_larger = larger * (each + 1);
        if iteration < in_larger { iteration / (each + 1) } else { larger + (iteration - in_larger) / each }
    }
}

impl Timeline for Batches {
    fn in_words(&self) -> String {
        let (count, batches) = (words::count(self.iterations.into()), words::count(self.batches.into()));
        let batches = if self.batches == 1 { "1 batch".to_owned() } else { format!("{batches} batches") };
        format!("{count} in {batches} over {}", words::length(self.over))
    }

    fn planned_length(&self) -> Option<Duration> {
        Some(self.delay + self.over)
    }

    fn users(&self) -> u32 {
        self.iterations
    }

    fn total_iterations(&self) -> Option<u64> {
        Some(self.iterations.into())
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Arrivals(self)
    }
}

impl Arrivals for Batches {
    fn walk(&self, share: Share, _chance: Chance) -> Walk<'_> {
        by_number(share, self.iterations.into(), |arrival| {
            self.delay + part(self.over, self.batch(arrival), self.batches.into())
        })
    }

    fn mean_rate(&self) -> f64 {
        f64::from(self.iterations) / (self.delay + self.over).as_secs_f64()
    }

    /// A batch is over before there is a rate.
    fn peak_rate(&self) -> Option<f64> {
        None
    }

    fn comes_in_batches(&self) -> bool {
        true
    }
}

impl Specified for Batches {
    type Spec = api::Batches;

    const NO_PACE: Option<&'static str> = Some("a batch begins all its iterations at once");

    fn read(spec: &api::Batches, at: &At) -> Option<Self> {
        above_zero(spec.iterations, &at.field("iterations"));
        above_zero(spec.batches, &at.field("batches"));
        at.field("batches").require(
            spec.batches <= spec.iterations,
            "must be at most the iterations, so that each batch has one",
        );
        let over = length::required(&spec.over, &at.field("over"));
        let delay = length::or_default(spec.delay.as_ref(), Duration::ZERO, &at.field("delay"));
        let (over, delay) = (over?, delay?);
        at.field("delay").require(
            over + delay <= LONGEST_DURATION,
            "is together with over more than 366 days (8784h); make one of them shorter",
        );
        Some(Batches { iterations: spec.iterations, batches: spec.batches, over, delay })
    }

    fn write_alike(spec: &mut api::Batches) {
        hash::length(&mut spec.over);
        hash::optional_length(&mut spec.delay, "0s");
    }

    /// There are fewer of them, each as large and as far from the next as before, so that they mean the same to the target.
    fn shorten(spec: &mut api::Batches, scale: &mut Scale<'_>) {
        let Ok(over) = parse_duration(&spec.over) else { return };
        let (all, few) = (spec.batches.max(1), (spec.batches / scale.factor()).max(1));
        if few < all {
            let some = u64::from(spec.iterations) * u64::from(few) / u64::from(all);
            let some = u32::try_from(some).unwrap_or(spec.iterations);
            let short = written::duration(part(over, few.into(), all.into()));
            scale.note("iterations", &spec.iterations.to_string(), &some.to_string());
            scale.note("batches", &all.to_string(), &few.to_string());
            scale.note("over", &spec.over, &short);
            (spec.iterations, spec.batches, spec.over) = (some, few, short);
        }
    }
}
