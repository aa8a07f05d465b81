//! `constantRate`: iterations started at a fixed rate, whatever the target does.

use std::time::Duration;

use super::read::{MAX_USERS, Specified, above_zero};
use super::timeline::{Arrivals, Drive, Level, Timeline};
use crate::api;
use crate::plan::fault::At;
use crate::plan::from_spec::length;
use crate::plan::hash;
use crate::plan::quick::{SHORTEST, Scale};
use crate::plan::units::{LONGEST_DURATION, Rate};
use crate::plan::words;

/// `total` iterations, one every `1/rate`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantRate {
    /// The rate.
    pub rate: Rate,
    /// How many iterations are started in all.
    pub total: u64,
    /// The time in which they are started.
    pub length: Duration,
    /// The most users at the same time.
    pub max_users: u32,
}

impl Timeline for ConstantRate {
    fn in_words(&self) -> String {
        format!("{} at {}", words::count(self.total), self.rate)
    }

    fn planned_length(&self) -> Option<Duration> {
        Some(self.length)
    }

    fn users(&self) -> u32 {
        self.max_users
    }

    fn total_iterations(&self) -> Option<u64> {
        Some(self.total)
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Arrivals(self)
    }

    fn level(&self) -> Option<Level> {
        Some(Level { load: self.rate.figure().to_f64(), name: self.rate.to_string() })
    }
}

impl Arrivals for ConstantRate {
    fn total(&self) -> u64 {
        self.total
    }

    fn due(&self, arrival: u64) -> Duration {
        Duration::from_nanos(self.rate.offset_nanos(arrival))
    }

    fn mean_rate(&self) -> f64 {
        self.total as f64 / self.length.as_secs_f64()
    }
}

impl Specified for ConstantRate {
    type Spec = api::ConstantRate;

    const NO_PACE: Option<&'static str> = Some("the rate says when iterations begin");

    fn read(spec: &api::ConstantRate, at: &At) -> Option<Self> {
        let rate: Option<Rate> = at.field("rate").read(Rate::parse(&spec.rate));
        let max_users = spec.max_users.unwrap_or(MAX_USERS);
        above_zero(max_users, &at.field("maxUsers"));
        let duration = length::if_given(spec.duration.as_ref(), &at.field("duration"));
        above_zero(spec.total.unwrap_or(1), &at.field("total"));
        match (&spec.duration, spec.total) {
            (Some(_), None) => {
                let (rate, length) = (rate?, duration??);
                Some(ConstantRate { total: rate.count_in(length), rate, length, max_users })
            }
            (None, Some(total)) => {
                let rate = rate?;
                let length = Duration::from_nanos(rate.offset_nanos(total));
                at.field("total").require(
                    length <= LONGEST_DURATION,
                    format!(
                        "at {rate} so many take longer than 366 days (8784h); make it smaller, or raise the rate"
                    ),
                );
                Some(ConstantRate { rate, total, length, max_users })
            }
            (Some(_), Some(_)) => {
                at.fault("has both duration and total; keep one");
                None
            }
            (None, None) => {
                at.fault("needs a duration or a total");
                None
            }
        }
    }

    fn write_alike(spec: &mut api::ConstantRate) {
        let rate = Rate::parse(&spec.rate);
        hash::rewrite(&mut spec.rate, rate);
        spec.duration.iter_mut().for_each(hash::length);
        hash::drop_default(&mut spec.max_users, &MAX_USERS);
    }

    fn shorten(spec: &mut api::ConstantRate, scale: &mut Scale<'_>) {
        if let Some(duration) = &mut spec.duration {
            scale.length("duration", duration, SHORTEST);
        }
        if let Some(total) = &mut spec.total {
            scale.count("total", total);
        }
    }
}
