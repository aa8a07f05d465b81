//! `constantRate`: iterations started at a fixed rate, whatever the target does.

use std::time::Duration;

use super::read::{MAX_USERS, Specified, above_zero};
use super::timeline::{Arrival, Arrivals, Chance, Drive, Level, Timeline, Walk, by_number};
use crate::api::{self, Spread};
use crate::plan::draw::Draws;
use crate::plan::fault::At;
use crate::plan::from_spec::length;
use crate::plan::hash;
use crate::plan::quick::{SHORTEST, Scale};
use crate::plan::share::Share;
use crate::plan::units::{LONGEST_DURATION, Rate};
use crate::plan::words;

const NANOS_PER_SECOND: f64 = 1e9;

/// Iterations at a rate: one every `1/rate`, or at random.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantRate {
    /// The rate.
    pub rate: Rate,
    /// How many iterations are started in all; where they come at random: how many are to be expected.
    pub total: u64,
    /// The time in which they are started.
    pub length: Duration,
    /// How they are spread over it.
    pub spread: Spread,
    /// The most users at the same time.
    pub max_users: u32,
}

impl Timeline for ConstantRate {
    fn in_words(&self) -> String {
        let (count, rate) = (words::count(self.total), self.rate);
        match self.spread {
            Spread::Uniform => format!("{count} at {rate}"),
            Spread::Poisson => format!("about {count} at {rate}, at random"),
        }
    }

    fn planned_length(&self) -> Option<Duration> {
        Some(self.length)
    }

    fn users(&self) -> u32 {
        self.max_users
    }

    fn total_iterations(&self) -> Option<u64> {
        (self.spread == Spread::Uniform).then_some(self.total)
    }

    /// The last of what comes at random may come long before the end.
    fn lasts_to_its_end(&self) -> bool {
        self.spread == Spread::Poisson
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Arrivals(self)
    }

    fn level(&self) -> Option<Level> {
        Some(Level { load: self.rate.figure().to_f64(), name: self.rate.to_string() })
    }
}

impl Arrivals for ConstantRate {
    fn walk(&self, share: Share, chance: Chance) -> Walk<'_> {
        match self.spread {
            Spread::Uniform => {
                by_number(share, self.total, |arrival| Duration::from_nanos(self.rate.offset_nanos(arrival)))
            }
            Spread::Poisson => Box::new(self.drawn(chance).filter(move |arrival| share.holds(arrival.index))),
        }
    }

    fn mean_rate(&self) -> f64 {
        match self.spread {
            Spread::Uniform => self.total as f64 / self.length.as_secs_f64(),
            Spread::Poisson => self.rate.figure().to_f64(),
        }
    }
}

impl ConstantRate {
    /// All that come at random: the gap before each is drawn by its number, so that whoever walks along meets the same.
    fn drawn(&self, Chance { seed, phase }: Chance) -> impl Iterator<Item = Arrival> {
        let (mean, mut due) = (NANOS_PER_SECOND / self.rate.figure().to_f64(), 0_u64);
        let all = (0..).map(move |index| {
            due = due.saturating_add(whole(mean * Draws::gap(seed, phase, index).exponential()));
            Arrival { index, due: Duration::from_nanos(due) }
        });
        all.take_while(|arrival| arrival.due < self.length)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn whole(nanos: f64) -> u64 {
    nanos.round() as u64
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
        let spread = spec.arrivals.unwrap_or_default();
        at.field("total").require(
            spec.total.is_none() || spread == Spread::Uniform,
            "isn't known where arrivals are poisson; give a duration instead",
        );
        match (&spec.duration, spec.total) {
            (Some(_), None) => {
                let (rate, length) = (rate?, duration??);
                Some(ConstantRate { total: rate.count_in(length), rate, length, spread, max_users })
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
                Some(ConstantRate { rate, total, length, spread, max_users })
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
        hash::drop_default(&mut spec.arrivals, &Spread::Uniform);
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
