//! Checks on a response: one subject, and the condition that goes with it.
//!
//! | subject        | goes with                            |
//! |----------------|--------------------------------------|
//! | `status`       | nothing: the list is the condition   |
//! | `jsonPath`     | one of `exists equals matches is`    |
//! | `header`       | one of `exists equals matches`       |
//! | `bodyContains` | nothing                              |
//! | `latency`      | nothing                              |

use regex::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::api::{self, IntOrString};
use crate::plan::fault::At;
use crate::plan::figure::Dimension;
use crate::plan::limit::Limit;
use crate::plan::model::{Check, Condition, StatusPattern};
use crate::plan::near;
use crate::plan::template::{Encoding, Scope, compile};

use super::header::lower_name;

/// The checks of a step or an action. Without any, the status is below 400.
pub(super) fn checks(list: &[api::Check], scope: &Scope, at: &At) -> Option<Vec<Check>> {
    if list.is_empty() {
        return Some(vec![Check::BelowFourHundred]);
    }
    let checks: Vec<Option<Check>> =
        list.iter().enumerate().map(|(index, check)| one(check, scope, &at.item(index))).collect();
    checks.into_iter().collect()
}

fn one(check: &api::Check, scope: &Scope, at: &At) -> Option<Check> {
    let subjects = given(&[
        ("status", check.status.is_some()),
        ("jsonPath", check.json_path.is_some()),
        ("header", check.header.is_some()),
        ("bodyContains", check.body_contains.is_some()),
        ("latency", check.latency.is_some()),
    ]);
    match subjects[..] {
        ["status"] => without_condition(check, at, status(check.status.as_deref().unwrap_or_default(), at)),
        ["bodyContains"] => without_condition(check, at, body_contains(check, scope, at)),
        ["latency"] => without_condition(check, at, latency(check, at)),
        ["jsonPath"] => on_json_path(check, scope, at),
        ["header"] => on_header(check, scope, at),
        [] => {
            at.fault("checks nothing; give it status, jsonPath, header, bodyContains or latency");
            None
        }
        _ => {
            let subjects = near::listed(&subjects, " and ");
            at.fault(format!("checks {subjects} at once; make a check of each"));
            None
        }
    }
}

/// The names of the fields that are there.
fn given<'f>(fields: &[(&'f str, bool)]) -> Vec<&'f str> {
    fields.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect()
}

fn conditions(check: &api::Check) -> Vec<&'static str> {
    given(&[
        ("exists", check.exists.is_some()),
        ("equals", check.equals.is_some()),
        ("matches", check.matches.is_some()),
        ("is", check.is.is_some()),
    ])
}

fn without_condition(check: &api::Check, at: &At, checked: Option<Check>) -> Option<Check> {
    for condition in conditions(check) {
        at.field(condition).fault("goes with jsonPath or header only");
    }
    checked
}

fn status(patterns: &[IntOrString], at: &At) -> Option<Check> {
    let at = at.field("status");
    let patterns: Vec<_> =
        patterns.iter().enumerate().map(|(index, one)| status_pattern(one, &at.item(index))).collect();
    at.require(!patterns.is_empty(), "is empty; list statuses such as 200 or 2xx");
    patterns.into_iter().collect::<Option<_>>().map(Check::Status)
}

fn status_pattern(pattern: &IntOrString, at: &At) -> Option<StatusPattern> {
    let parsed = match pattern {
        IntOrString::Int(status) => StatusPattern::parse(&status.to_string()),
        IntOrString::String(text) => StatusPattern::parse(text),
    };
    at.require(parsed.is_some(), "isn't a status: 100 to 599, or a family such as 2xx");
    parsed
}

fn body_contains(check: &api::Check, scope: &Scope, at: &At) -> Option<Check> {
    let text = check.body_contains.as_deref()?;
    Some(Check::BodyContains(compile(text, Encoding::Raw, scope, &at.field("bodyContains"))))
}

fn latency(check: &api::Check, at: &At) -> Option<Check> {
    limit(check.latency.as_deref()?, Dimension::Time, &at.field("latency")).map(Check::Latency)
}

fn on_json_path(check: &api::Check, scope: &Scope, at: &At) -> Option<Check> {
    let path = json_path(check.json_path.as_deref()?, &at.field("jsonPath"));
    let condition = condition(check, "one of exists, equals, matches and is", scope, at);
    Some(Check::JsonPath(path?, condition?))
}

fn on_header(check: &api::Check, scope: &Scope, at: &At) -> Option<Check> {
    let name = lower_name(check.header.as_deref()?, &at.field("header"));
    if check.is.is_some() {
        at.field("is").fault("goes with jsonPath only; a header takes exists, equals or matches");
        return None;
    }
    let equals = check.equals.as_ref();
    at.field("equals")
        .require(equals.is_none_or(Value::is_string), "must be a text, as all headers are; quote it");
    condition(check, "one of exists, equals and matches", scope, at)
        .map(|condition| Check::Header(name, condition))
}

fn condition(check: &api::Check, choice: &str, scope: &Scope, at: &At) -> Option<Condition> {
    match (&check.exists, &check.equals, &check.matches, &check.is) {
        (Some(exists), None, None, None) => Some(Condition::Exists(*exists)),
        (None, Some(value), None, None) => Some(equals(value, scope, &at.field("equals"))),
        (None, None, Some(pattern), None) => regex(pattern, &at.field("matches")).map(Condition::Matches),
        (None, None, None, Some(text)) => limit(text, Dimension::Number, &at.field("is")).map(Condition::Is),
        (None, None, None, None) => {
            at.fault(format!("has no condition; give it {choice}"));
            None
        }
        _ => {
            let found = conditions(check);
            at.fault(format!(
                "has {} conditions: {}; keep {choice}",
                found.len(),
                near::listed(&found, " and ")
            ));
            None
        }
    }
}

/// A text with a name in it is filled in; every other value is compared as it stands.
fn equals(value: &Value, scope: &Scope, at: &At) -> Condition {
    match value {
        Value::String(text) if text.contains("${") => {
            Condition::EqualsText(compile(text, Encoding::Raw, scope, at))
        }
        value => Condition::Equals(value.clone()),
    }
}

/// A limit on a figure of `dimension`.
pub(super) fn limit(text: &str, dimension: Dimension, at: &At) -> Option<Limit> {
    at.read(Limit::parse(text, dimension))
}

/// A JSON path (RFC 9535).
pub(super) fn json_path(text: &str, at: &At) -> Option<JsonPath> {
    at.take(JsonPath::parse(text).map_err(|error| {
        let place = text.get(..error.position()).unwrap_or(text).chars().count() + 1;
        format!("isn't a JSON path from character {place} on; write one such as $.items[0].id")
    }))
}

/// A regular expression.
pub(super) fn regex(text: &str, at: &At) -> Option<Regex> {
    at.take(Regex::new(text).map_err(not_a_regex))
}

/// A regular expression for whatever bytes there are.
pub(super) fn bytes_regex(text: &str, at: &At) -> Option<regex::bytes::Regex> {
    at.take(regex::bytes::Regex::new(text).map_err(not_a_regex))
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn not_a_regex(error: regex::Error) -> String {
    format!("isn't a regular expression: {}", last_line(&error.to_string()))
}

/// The regex crate draws the place over several lines; its last one says what is wrong.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
