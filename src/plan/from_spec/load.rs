//! `spec.phases[].load`: exactly one executor.

use std::time::Duration;

use crate::api::{self, Load};
use crate::plan::executor::Executor;
use crate::plan::fault::At;
use crate::plan::near;
use crate::plan::units::{LONGEST_DURATION, Rate};

use super::length;

const MAX_USERS: u32 = 1000;

/// The executor of a phase.
pub(super) fn executor(load: &Load, at: &At) -> Option<Executor> {
    let Load { constant_users, iterations, constant_rate, burst, idle } = load;
    let mut executors = Vec::new();
    if let Some(spec) = constant_users {
        executors.push(("constantUsers", self::constant_users(spec, &at.field("constantUsers"))));
    }
    if let Some(spec) = iterations {
        executors.push(("iterations", Some(self::iterations(spec, &at.field("iterations")))));
    }
    if let Some(spec) = constant_rate {
        executors.push(("constantRate", self::constant_rate(spec, &at.field("constantRate"))));
    }
    if let Some(spec) = burst {
        executors.push(("burst", Some(self::burst(spec, &at.field("burst")))));
    }
    if let Some(spec) = idle {
        executors.push(("idle", self::idle(spec, &at.field("idle"))));
    }
    let names: Vec<&str> = executors.iter().map(|(name, _)| *name).collect();
    match executors.len() {
        1 => executors.pop().and_then(|(_, executor)| executor),
        0 => {
            at.fault(
                "has no executor; give it one of constantUsers, iterations, constantRate, burst and idle",
            );
            None
        }
        more => {
            at.fault(format!("has {more} executors: {}; keep one", near::listed(&names, " and ")));
            None
        }
    }
}

fn constant_users(spec: &api::ConstantUsers, at: &At) -> Option<Executor> {
    above_zero(spec.users, &at.field("users"));
    let duration = length::required(&spec.duration, &at.field("duration"));
    let ramp_up = length::or_default(spec.ramp_up.as_ref(), Duration::ZERO, &at.field("rampUp"));
    let (duration, ramp_up) = (duration?, ramp_up?);
    at.field("rampUp").require(
        ramp_up < duration,
        format!("lies inside the duration ({}); make it shorter than that", spec.duration),
    );
    let judge_ramp_up = spec.judge_ramp_up.unwrap_or(false);
    Some(Executor::ConstantUsers { users: spec.users, duration, ramp_up, judge_ramp_up })
}

fn iterations(spec: &api::Iterations, at: &At) -> Executor {
    above_zero(spec.users, &at.field("users"));
    above_zero(spec.per_user, &at.field("perUser"));
    Executor::Iterations { users: spec.users, per_user: spec.per_user }
}

fn constant_rate(spec: &api::ConstantRate, at: &At) -> Option<Executor> {
    let rate: Option<Rate> = at.field("rate").read(Rate::parse(&spec.rate));
    let max_users = spec.max_users.unwrap_or(MAX_USERS);
    above_zero(max_users, &at.field("maxUsers"));
    let duration = length::if_given(spec.duration.as_ref(), &at.field("duration"));
    above_zero(spec.total.unwrap_or(1), &at.field("total"));
    match (&spec.duration, spec.total) {
        (Some(_), None) => {
            let (rate, length) = (rate?, duration??);
            Some(Executor::ConstantRate { total: rate.count_in(length), rate, length, max_users })
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
            Some(Executor::ConstantRate { rate, total, length, max_users })
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

fn burst(spec: &api::Burst, at: &At) -> Executor {
    above_zero(spec.iterations, &at.field("iterations"));
    Executor::Burst { iterations: spec.iterations }
}

fn idle(spec: &api::Idle, at: &At) -> Option<Executor> {
    length::required(&spec.duration, &at.field("duration")).map(|duration| Executor::Idle { duration })
}

fn above_zero(number: impl Into<u64>, at: &At) {
    at.require(number.into() > 0, "must be above 0");
}
