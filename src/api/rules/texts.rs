//! Rules of texts that stand for figures: durations, rates, shares.

use serde_json::{Value, json};

use super::rule;

/// CEL reads durations as Go does, which takes their parts in any order.
const DURATION: &str = "'^([0-9.]+h)?([0-9.]+m)?([0-9.]+s)?([0-9.]+ms)?([0-9.]+us)?$'";
const SHARE: &str = "'^[0-9.]+%$'";
const RATE: &str = "'^[0-9.]+/(s|m|h|day)$'";

/// Whether two durations compare so; what is none is told where it stands.
pub(super) fn compared(one: &str, how: &str, other: &str) -> String {
    format!(
        "!{one}.matches({DURATION}) || !{other}.matches({DURATION}) || duration({one}) {how} duration({other})"
    )
}

pub(in crate::api) fn duration() -> Value {
    json!([
        rule(
            format!("self.matches({DURATION})"),
            "expected a duration such as 30s, its parts from large to small, such as 7m30s"
        ),
        rule(is_possible("self"), TOO_LITTLE_OR_TOO_MUCH),
    ])
}

/// Both ends of a range; of a single duration both are that. To split a text would cost more than the API server allows.
const LEAST: &str = "self.substring(0, (self + '..').indexOf('..'))";
const MOST: &str = "self.substring(self.contains('..') ? self.indexOf('..') + 2 : 0)";

/// What a pause is drawn from. What its lengths are is left to `plan`.
const DRAWN: &str = "'^(exponential|normal)[(] *T *(, *T *)?(, *T *[.][.] *T *)?[)]$'";

pub(in crate::api) fn pause() -> Value {
    let drawn = DRAWN.replace('T', "[0-9][0-9.a-z]*");
    json!([
        rule(
            format!("self.matches({drawn}) || ({LEAST}.matches({DURATION}) && {MOST}.matches({DURATION}))"),
            "expected a duration such as 30s, a range such as 1s..3s, exponential(2s) or normal(2s, 500ms), the parts of \
             a duration from large to small, such as 7m30s"
        ),
        rule(format!("{} && {}", is_possible(LEAST), is_possible(MOST)), TOO_LITTLE_OR_TOO_MUCH),
        rule(
            compared(LEAST, "<=", MOST),
            "the range runs backwards, expected the smaller first, such as 1s..3s"
        ),
    ])
}

const TOO_LITTLE_OR_TOO_MUCH: &str = "must be above 0 and at most 366 days (8784h)";

/// Whether a duration is within bounds; what is none is told by its own rule.
fn is_possible(text: &str) -> String {
    format!(
        "(!{text}.matches({DURATION}) || (duration({text}) > duration('0s') && duration({text}) <= duration('8784h')))"
    )
}

pub(in crate::api) fn rate() -> Value {
    rate_within("> 0.0", "must be above 0 and at most 1000000000/s")
}

pub(in crate::api) fn rate_or_none() -> Value {
    rate_within(">= 0.0", "must be at most 1000000000/s")
}

fn rate_within(least: &str, message: &str) -> Value {
    let number = "double(self.split('/')[0])";
    let most = "1e9 * {'s': 1.0, 'm': 60.0, 'h': 3600.0, 'day': 86400.0}[self.split('/')[1]]";
    json!([rule(format!("!self.matches({RATE}) || ({number} {least} && {number} <= {most})"), message)])
}

pub(in crate::api) fn probability() -> Value {
    json!([
        rule(
            format!("!self.matches({SHARE}) || self.matches('[1-9]')"),
            "must be above 0%; leave out a step that is never taken"
        ),
        at_most_all(),
    ])
}

fn at_most_all() -> Value {
    rule(format!("!self.matches({SHARE}) || {} <= 100.0", percent("self")), "must be at most 100%")
}

fn percent(text: &str) -> String {
    format!("double({text}.split('%')[0])")
}

pub(in crate::api) fn moment() -> Value {
    json!([
        at_most_all(),
        rule(
            format!("self.endsWith('%') || self.matches({DURATION})"),
            "expected a duration such as 30s or a share such as 75%; a duration's parts from large to small, such as 7m30s"
        ),
        rule(
            format!("!self.matches({DURATION}) || duration(self) <= duration('8784h')"),
            "must be at most 366 days (8784h)"
        ),
    ])
}

/// A part of a phase. How long the phase is, `plan` knows.
pub(in crate::api) fn window() -> Value {
    let (share, time) =
        (format!("{} < {}", percent("self.from"), percent("self.to")), compared("self.from", "<", "self.to"));
    let are_shares = format!("self.from.matches({SHARE}) && self.to.matches({SHARE})");
    json!([
        super::some_of(&["from", "to"], "needs from or to"),
        rule(
            format!("!has(self.from) || !has(self.to) || ({are_shares} ? {share} : ({time}))"),
            "ends where it begins or earlier; choose a later end"
        ),
    ])
}
