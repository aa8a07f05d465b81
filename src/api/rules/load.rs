//! Rules of phases and their executors.

use serde_json::{Value, json};

use super::texts::compared;
use super::{at_most_one_of, rule_at, some_of};

const EXECUTORS: [&str; 9] = [
    "constantUsers",
    "rampingUsers",
    "iterations",
    "sharedIterations",
    "constantRate",
    "rampingRate",
    "burst",
    "batches",
    "idle",
];

pub(in crate::api) fn load() -> Value {
    let (others, last) = (&EXECUTORS[..EXECUTORS.len() - 1], EXECUTORS[EXECUTORS.len() - 1]);
    json!([
        some_of(&EXECUTORS, &format!("has no executor; give it one of {} and {last}", others.join(", "))),
        at_most_one_of(&EXECUTORS, "has more than one of the executors; keep one"),
    ])
}

pub(in crate::api) fn constant_users() -> Value {
    let is_inside = compared("self.rampUp", "<", "self.duration");
    json!([rule_at(
        ".rampUp",
        format!("!has(self.rampUp) || {is_inside}"),
        "lies inside the duration; make it shorter than that"
    )])
}

pub(in crate::api) fn constant_rate() -> Value {
    json!([
        some_of(&["duration", "total"], "needs a duration or a total"),
        at_most_one_of(&["duration", "total"], "has both duration and total; keep one"),
        rule_at(
            ".total",
            "!has(self.total) || !has(self.arrivals) || self.arrivals != 'poisson'",
            "isn't known where arrivals are poisson; give a duration instead"
        ),
    ])
}

pub(in crate::api) fn ramping_users() -> Value {
    json!([rule_at(
        ".stages",
        "self.stages.exists(stage, stage.users > 0)",
        "has no users at all; give a stage some"
    )])
}

pub(in crate::api) fn ramping_rate() -> Value {
    json!([rule_at(
        ".stages",
        "self.stages.exists(stage, stage.rate.matches('[1-9]'))",
        "has a rate of 0 all the while; give a stage another one"
    )])
}

pub(in crate::api) fn batches() -> Value {
    json!([rule_at(
        ".batches",
        "self.batches <= self.iterations",
        "must be at most the iterations, so that each batch has one"
    )])
}

pub(in crate::api) fn phase() -> Value {
    let no_pace = |executor: &str, message| {
        rule_at(".pace", format!("!has(self.load.{executor}) || !has(self.pace)"), message)
    };
    let empty = |list: &str, message| {
        let holds = format!("!has(self.load.idle) || !has(self.{list}) || self.{list}.size() == 0");
        rule_at(&format!(".{list}"), holds, message)
    };
    json!([
        no_pace("idle", "an idle phase has no iterations; leave it out"),
        no_pace("burst", "a burst begins all its iterations at once; leave it out"),
        no_pace("constantRate", "the rate says when iterations begin; leave it out"),
        no_pace("rampingRate", "the rate says when iterations begin; leave it out"),
        no_pace("batches", "a batch begins all its iterations at once; leave it out"),
        empty("scenarios", "an idle phase sends nothing; leave it out"),
        empty("expect", "an idle phase sends nothing that could be measured; leave it out"),
        rule_at(
            ".maxDuration",
            format!("!has(self.maxDuration) || ({})", takes_less_than("self.maxDuration")),
            "is shorter than the load itself; give at least as much"
        ),
    ])
}

/// Whether the executor's own duration, where it has one, is within `limit`. What a rate needs for a total is left to
/// `plan`.
fn takes_less_than(limit: &str) -> String {
    let one = |executor: &str| {
        let own = format!("self.load.{executor}");
        let fits = compared(&format!("{own}.duration"), "<=", limit);
        format!("(!has({own}) || !has({own}.duration) || {fits})")
    };
    ["constantUsers", "constantRate", "idle"].map(one).join(" && ")
}
