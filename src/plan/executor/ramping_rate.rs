//! `rampingRate`: iterations started at a rate that goes up and down in stages, whatever the target does.

use std::time::Duration;

use super::read::{MAX_USERS, Specified, above_zero};
use super::stages::{self, Said, Stage};
use super::timeline::{Arrivals, Chance, Drive, Timeline, Walk, by_number};
use crate::api;
use crate::plan::fault::At;
use crate::plan::hash;
use crate::plan::quick::Scale;
use crate::plan::share::Share;
use crate::plan::units::Rate;
use crate::plan::words;

/// One iteration is so many of the parts that areas are counted in: they add up without a rest that could be seen.
const ITERATION: u128 = 1_000_000_000_000;

/// Iterations at the rate of each moment. Where the rate has brought k iterations together, number k is due.
#[derive(Clone, Debug, PartialEq)]
pub struct RampingRate {
    /// One after the other.
    stages: Vec<RateStage>,
    /// The most users at the same time.
    max_users: u32,
}

/// A stage, and what has come together before it.
#[derive(Clone, Debug, PartialEq)]
struct RateStage {
    stage: Stage<Option<Rate>>,
    before: u128,
    /// What has come together by its end.
    after: u128,
}

impl RampingRate {
    fn new(stages: Vec<Stage<Option<Rate>>>, max_users: u32) -> Self {
        let mut before = 0;
        let stages = stages.into_iter().map(|stage| {
            let own = RateStage::new(stage, before);
            before = own.after;
            own
        });
        RampingRate { stages: stages.collect(), max_users }
    }

    fn length(&self) -> Duration {
        self.stages.last().map_or(Duration::ZERO, |last| last.stage.ends())
    }

    fn highest(&self) -> Option<Rate> {
        let rates = self.stages.iter().filter_map(|stage| stage.stage.to);
        rates.max_by(|one, other| per_second(Some(*one)).total_cmp(&per_second(Some(*other))))
    }

    /// How many there are.
    fn total(&self) -> u64 {
        let parts = self.stages.last().map_or(0, |last| last.after);
        u64::try_from(parts.div_ceil(ITERATION)).unwrap_or(u64::MAX)
    }

    /// When arrival number `arrival` is due.
    fn due(&self, arrival: u64) -> Duration {
        let parts = u128::from(arrival) * ITERATION;
        let later = self.stages.partition_point(|stage| stage.after <= parts);
        self.stages.get(later).map_or(self.length(), |stage| stage.stage.begins + stage.reaches(parts))
    }
}

impl RateStage {
    /// The area below a line is the sum of two triangles.
    fn new(stage: Stage<Option<Rate>>, before: u128) -> Self {
        let half = |rate: Option<Rate>| rate.map_or(0, |rate| rate.count_parts(stage.length, ITERATION / 2));
        let after = before + half(stage.from) + half(stage.to);
        RateStage { stage, before, after }
    }

    /// When so much has come together, from its start. Only sums, products, quotients and a root, which are the same to the last
    /// bit on every machine.
    fn reaches(&self, parts: u128) -> Duration {
        let wanted = (parts - self.before) as f64 / ITERATION as f64;
        let (from, to) = (per_second(self.stage.from), per_second(self.stage.to));
        let slope = (to - from) / self.stage.length.as_secs_f64();
        let speed = (from * from + 2.0 * slope * wanted).max(0.0).sqrt();
        let seconds = if wanted > 0.0 { 2.0 * wanted / (from + speed) } else { 0.0 };
        Duration::try_from_secs_f64(seconds).map_or(self.stage.length, |after| after.min(self.stage.length))
    }
}

fn per_second(rate: Option<Rate>) -> f64 {
    rate.map_or(0.0, |rate| rate.figure().to_f64())
}

impl Timeline for RampingRate {
    fn in_words(&self) -> String {
        let (count, stages) = (words::count(self.total()), words::of_these(self.stages.len(), "stage"));
        let highest = self.highest().map_or_else(|| "0/s".to_owned(), |rate| rate.to_string());
        format!("{count} at up to {highest} in {stages} over {}", words::length(self.length()))
    }

    fn planned_length(&self) -> Option<Duration> {
        Some(self.length())
    }

    fn users(&self) -> u32 {
        self.max_users
    }

    fn total_iterations(&self) -> Option<u64> {
        Some(self.total())
    }

    fn lasts_to_its_end(&self) -> bool {
        true
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Arrivals(self)
    }
}

impl Arrivals for RampingRate {
    fn walk(&self, share: Share, _chance: Chance) -> Walk<'_> {
        by_number(share, self.total(), |arrival| self.due(arrival))
    }

    fn mean_rate(&self) -> f64 {
        self.total() as f64 / self.length().as_secs_f64()
    }

    fn peak_rate(&self) -> Option<f64> {
        Some(per_second(self.highest()))
    }
}

impl Specified for RampingRate {
    type Spec = api::RampingRate;

    const NO_PACE: Option<&'static str> = Some("the rate says when iterations begin");

    fn read(spec: &api::RampingRate, at: &At) -> Option<Self> {
        let max_users = spec.max_users.unwrap_or(MAX_USERS);
        above_zero(max_users, &at.field("maxUsers"));
        let at = at.field("stages");
        let said = spec.stages.iter().enumerate().map(|(index, stage)| {
            let at = at.item(index);
            let to = at.field("rate").read(Rate::parse_or_none(&stage.rate));
            (Said { to, duration: &stage.duration, ramp: stage.ramp }, at)
        });
        let stages = stages::read(said, None, &at)?;
        let is_some = stages.is_empty() || stages.iter().any(|stage| stage.to.is_some());
        at.require(is_some, "has a rate of 0 all the while; give a stage another one");
        Some(RampingRate::new(stages, max_users))
    }

    fn write_alike(spec: &mut api::RampingRate) {
        for stage in &mut spec.stages {
            if let Ok(rate) = Rate::parse_or_none(&stage.rate) {
                stage.rate = rate.map_or_else(|| "0/s".to_owned(), |rate| rate.to_string());
            }
            hash::length(&mut stage.duration);
            hash::drop_default(&mut stage.ramp, &api::Ramp::Linear);
        }
        hash::drop_default(&mut spec.max_users, &MAX_USERS);
    }

    fn shorten(spec: &mut api::RampingRate, scale: &mut Scale<'_>) {
        stages::shorten(spec.stages.iter_mut().map(|stage| &mut stage.duration), scale);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Executor;
    use super::super::tests::in_stages;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many there are, and when this one is due.
    fn arrivals(stages: &[(&str, u64, bool)], arrival: u64) -> (u64, Duration) {
        let ramping = in_stages("rampingRate", "rate", stages);
        let Executor::RampingRate(ramping) = ramping else { panic!("{ramping:?}") };
        (ramping.total(), ramping.due(arrival))
    }

    #[test]
    fn so_many_are_due_as_the_rate_brings_together() {
        for (stages, want) in [
            (&[("10/s", 10, true)][..], 100),
            (&[("10/s", 10, false)], 50),
            (&[("10/s", 10, false), ("10/s", 10, false), ("0/s", 10, false)], 200),
            (&[("1/m", 60, true), ("1/m", 60, true)], 2),
            (&[("1/m", 30, true), ("1/m", 30, true), ("1/m", 1, true)], 2),
            (&[("1/h", 20, false), ("2/h", 20, true), ("3/h", 20, false)], 1),
            (&[("1000000000/s", 3600, true)], 3_600_000_000_000),
        ] {
            assert_eq!(arrivals(stages, 0).0, want, "{stages:?}");
        }
    }

    #[track_caller]
    fn check(stages: &[(&str, u64, bool)], arrival: u64, micros: u128) {
        assert_eq!(arrivals(stages, arrival).1.as_micros(), micros, "arrival {arrival} of {stages:?}");
    }

    #[test]
    fn each_is_due_when_the_rate_has_brought_so_many_together() {
        // At 10 t² / 2 / 10 s, so number k after the root of 2 k seconds.
        check(&[("10/s", 10, false)], 0, 0);
        check(&[("10/s", 10, false)], 2, 2_000_000);
        check(&[("10/s", 10, false)], 49, 9_899_494);
        check(&[("10/s", 10, true)], 37, 3_700_000);
        check(&[("10/s", 10, true), ("20/s", 10, true)], 110, 10_500_000);
        // Down to nothing: the last are far apart.
        check(&[("10/s", 1, true), ("0/s", 10, false)], 10, 1_000_000);
        check(&[("10/s", 1, true), ("0/s", 10, false)], 58, 9_000_000);
        // A time without any in between.
        check(&[("2/s", 1, true), ("0/s", 5, true), ("2/s", 1, true)], 2, 6_000_000);
    }

    #[test]
    fn none_is_due_before_the_one_before_it_or_after_the_end() {
        let stages = [("500/s", 3, false), ("20/s", 2, false), ("0/s", 1, false), ("700/s", 1, true)];
        let (total, _) = arrivals(&stages, 0);
        let due: Vec<Duration> = (0..total).map(|arrival| arrivals(&stages, arrival).1).collect();
        assert!(due.is_sorted(), "they overtake each other");
        assert!(due.last().is_some_and(|last| *last < 7 * SECOND), "{:?}", due.last());
    }
}
