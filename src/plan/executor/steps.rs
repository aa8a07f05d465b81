//! `steps`: a load that goes up level by level until the target doesn't hold it any more.
//!
//! ```text
//! load │               ┌──┐ stopped: what the level before had is its capacity
//!      │       ┌──┐    │  │
//!      │┌──┐   │  │    │  │
//!      └┴──┴───┴──┴────┴──┴── time
//!       hold settle
//! ```

use std::time::Duration;

use super::read::{MAX_USERS, Specified, above_zero};
use super::timeline::{Drive, Timeline};
use super::{Burst, ConstantRate, ConstantUsers, Executor};
use crate::api::{self, Spread};
use crate::plan::fault::At;
use crate::plan::figure::Figure;
use crate::plan::from_spec::length;
use crate::plan::hash;
use crate::plan::quick::Scale;
use crate::plan::units::Rate;
use crate::plan::words;

/// So many are enough to find what is looked for within one percent, and each of them is measured by itself.
const MOST_LEVELS: u64 = 100;

/// Levels of load, one after the other. Each is a load of its own and begins at a moment of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// From the lowest to the highest; never empty.
    pub levels: Vec<Rung>,
    /// How long the target is left alone before the next.
    pub settle: Duration,
    /// How long each lasts; none: until all of it is through.
    hold: Option<Duration>,
}

/// One level.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// How much it is: a number of users or of iterations at once, or a rate.
    pub figure: Figure,
    /// `300 users`, `300 at once`, `200/s`.
    pub name: String,
    /// Its load.
    pub executor: Executor,
}

impl Timeline for Steps {
    fn in_words(&self) -> String {
        let name = |rung: Option<&Rung>| rung.map_or_else(String::new, |rung| rung.name.clone());
        let (first, last) = (name(self.levels.first()), name(self.levels.last()));
        // `100 to 300 at once`: what they are stands there once.
        let first = first.split(' ').next().unwrap_or_default();
        let levels = words::of_these(self.levels.len(), "level");
        let each = self.hold.map_or_else(String::new, |hold| format!(" of {}", words::length(hold)));
        format!("{first} to {last} in {levels}{each}")
    }

    /// It goes on until the target breaks.
    fn planned_length(&self) -> Option<Duration> {
        None
    }

    fn users(&self) -> u32 {
        self.levels.iter().map(|rung| rung.executor.users()).max().unwrap_or(0)
    }

    fn total_iterations(&self) -> Option<u64> {
        None
    }

    fn drive(&self) -> Drive<'_> {
        Drive::Levels(&self.levels, self.settle)
    }

    fn is_open_loop(&self) -> bool {
        self.levels.iter().any(|rung| rung.executor.is_open_loop())
    }
}

impl Specified for Steps {
    type Spec = api::Steps;

    fn no_pace(spec: &api::Steps) -> Option<&'static str> {
        let of_rate = spec.rate.as_ref().and(ConstantRate::NO_PACE);
        spec.burst.as_ref().and(Burst::NO_PACE).or(of_rate)
    }

    fn heeds_no_pace(&self) -> Option<&'static str> {
        self.levels.first().and_then(|rung| rung.executor.no_pace())
    }

    fn read(spec: &api::Steps, at: &At) -> Option<Self> {
        let api::Steps { burst, users, rate, hold, settle, stop_when, max_users } = spec;
        let hold = length::if_given(hold.as_ref(), &at.field("hold"));
        let settle = length::or_default(settle.as_ref(), Duration::ZERO, &at.field("settle"));
        above_zero(max_users.unwrap_or(MAX_USERS), &at.field("maxUsers"));
        at.field("stopWhen").require(!stop_when.is_empty(), "is empty; give it one at least");
        at.field("maxUsers").require(
            max_users.is_none() || rate.is_some(),
            "goes with rate only: users and bursts have as many as their level says",
        );
        at.field("hold").require(
            spec.hold.is_none() || burst.is_none(),
            "goes with users and rate only: a burst lasts until all of it is through",
        );
        at.require(
            spec.hold.is_some() || burst.is_some(),
            "needs a hold, which is how long each level lasts",
        );
        let given = usize::from(burst.is_some()) + usize::from(users.is_some()) + usize::from(rate.is_some());
        at.require(given > 0, "needs burst, users or rate, which is what goes up");
        at.require(given < 2, "has more than one of burst, users and rate; keep one");
        let bursts = burst.as_ref().map(|counts| counted(counts, &at.field("burst"), burst_of));
        let users = users.as_ref().map(|counts| {
            let duration = hold.flatten().unwrap_or_default();
            counted(counts, &at.field("users"), |count| users_of(count, duration))
        });
        let rates = rate.as_ref().map(|rates| {
            let (length, most) = (hold.flatten().unwrap_or_default(), max_users.unwrap_or(MAX_USERS));
            rated(rates, &at.field("rate"), |rate| rate_of(rate, length, most))
        });
        let levels = bursts.or(users).or(rates).flatten();
        Some(Steps { levels: levels?, settle: settle?, hold: hold? })
    }

    fn write_alike(spec: &mut api::Steps) {
        for rate in spec.rate.iter_mut().flat_map(|rates| [&mut rates.from, &mut rates.step, &mut rates.to]) {
            let parsed = Rate::parse(rate);
            hash::rewrite(rate, parsed);
        }
        spec.hold.iter_mut().for_each(hash::length);
        hash::optional_length(&mut spec.settle, "0s");
        hash::drop_default(&mut spec.max_users, &MAX_USERS);
    }

    /// What is found depends on how long a level lasts.
    fn shorten(_spec: &mut api::Steps, _scale: &mut Scale<'_>) {}
}

fn burst_of(iterations: u32) -> Rung {
    let executor = Burst { iterations };
    Rung { figure: Figure::count(iterations.into()), name: executor.in_words(), executor: executor.into() }
}

fn users_of(users: u32, duration: Duration) -> Rung {
    let executor = ConstantUsers { users, duration, ramp_up: Duration::ZERO, judge_ramp_up: false };
    Rung { figure: Figure::count(users.into()), name: words::people(users), executor: executor.into() }
}

fn rate_of(rate: Rate, length: Duration, max_users: u32) -> Rung {
    let executor =
        ConstantRate { rate, total: rate.count_in(length), length, spread: Spread::Uniform, max_users };
    Rung { figure: rate.figure(), name: rate.to_string(), executor: executor.into() }
}

/// Levels of whole numbers.
fn counted(counts: &api::CountSteps, at: &At, rung: impl Fn(u32) -> Rung) -> Option<Vec<Rung>> {
    let api::CountSteps { from, step, to } = *counts;
    above_zero(from, &at.field("from"));
    above_zero(step, &at.field("step"));
    let count = u64::from(to.checked_sub(from).map_or(0, |way| way / step.max(1) + 1));
    is_sound(count, at).then(|| (from..=to).step_by(step.max(1) as usize).map(rung).collect())
}

/// Levels of rates, exactly.
fn rated(rates: &api::RateSteps, at: &At, rung: impl Fn(Rate) -> Rung) -> Option<Vec<Rung>> {
    let read = |field, text: &String| at.field(field).read(Rate::parse(text));
    let (from, step, to) = (read("from", &rates.from), read("step", &rates.step), read("to", &rates.to));
    let (from, step, to) = (from?, step?, to?);
    let count = from.steps_to(step, to);
    is_sound(count, at).then(|| (0..count).map(|number| rung(from.plus(step, number))).collect())
}

fn is_sound(count: u64, at: &At) -> bool {
    at.field("to").require(count > 0, "is below from; give at least as much");
    at.field("step")
        .require(count <= MOST_LEVELS, format!("makes more than {MOST_LEVELS} levels; make it larger"));
    (1..=MOST_LEVELS).contains(&count)
}
