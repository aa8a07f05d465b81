//! Whether a value is what it must be: one rule for checks of the load, of preflight and of error classes.

use std::borrow::Cow;

use serde_json::Value;

use super::figure::{Dimension, Figure};
use super::model::{Condition, StatusPattern};

impl StatusPattern {
    /// Reads `200` or `2xx`; none where it is neither, or no status can be meant.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Numbers as programs read them may have a sign.
        if !text.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        if let Some(hundreds) = text.strip_suffix("xx") {
            let hundreds = hundreds.parse().ok().filter(|hundreds| (1..=5).contains(hundreds));
            return hundreds.map(StatusPattern::Family);
        }
        let status = text.parse().ok().filter(|status| (100..=599).contains(status))?;
        (text.len() == 3).then_some(StatusPattern::Exact(status))
    }

    /// Whether `status` is meant.
    #[must_use]
    pub fn matches(self, status: u16) -> bool {
        match self {
            StatusPattern::Exact(exact) => status == exact,
            StatusPattern::Family(hundreds) => status / 100 == u16::from(hundreds),
        }
    }
}

impl Condition {
    /// Whether `value` (none: it isn't there) is what it must be. `text` renders the template of an
    /// [`Condition::EqualsText`]; none: it can't be rendered, and nothing equals it.
    pub fn holds(&self, value: Option<&Value>, text: impl FnOnce() -> Option<String>) -> bool {
        match (self, value) {
            (Condition::Exists(wanted), value) => value.is_some() == *wanted,
            (_, None) => false,
            (Condition::Equals(wanted), Some(value)) => same(wanted, value),
            (Condition::EqualsText(_), Some(value)) => {
                // What is filled in has no type: a number is equal to its digits.
                text().is_some_and(|text| text_of(value) == text)
            }
            (Condition::Matches(regex), Some(value)) => regex.is_match(&text_of(value)),
            (Condition::Is(limit), Some(value)) => number_of(value)
                .and_then(|number| Figure::from_f64(number, Dimension::Number))
                .is_some_and(|number| limit.holds(&number)),
        }
    }
}

/// Equality of JSON in which `1` and `1.0` are one number. Whole ones are compared to the last digit, which a float can't hold of
/// long ones such as ids.
#[must_use]
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let is_float = one.is_f64() || other.is_f64();
            one == other || is_float && one.as_f64() == other.as_f64()
        }
        _ => one == other,
    }
}

/// Whether a value is as good as none: null, an empty text, false.
#[must_use]
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The text of a value: without quotes where it is one, else its JSON.
#[must_use]
pub fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The number that a value is or spells.
#[must_use]
pub fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::template::Template;

    #[test]
    fn numbers_are_equal_to_the_last_digit_in_whatever_form() {
        for (one, other, want) in [
            ("1", "1.0", true),
            ("-3", "-3.0", true),
            ("9007199254740993", "9007199254740992", false),
            ("18446744073709551615", "18446744073709551614", false),
            ("1", "\"1\"", false),
            ("0.1", "0.10", true),
        ] {
            let [one, other] = [one, other].map(|text| serde_json::from_str(text).expect("it is JSON"));
            assert_eq!(same(&one, &other), want, "{one} {other}");
        }
    }

    #[test]
    fn what_is_filled_in_is_compared_as_a_text() {
        for (value, text, want) in [
            (json!("ab"), "ab", true),
            (json!(7), "7", true),
            (json!(true), "true", true),
            (json!(7), "8", false),
            (json!(null), "", false),
        ] {
            let condition = Condition::EqualsText(Template::default());
            assert_eq!(condition.holds(Some(&value), || Some(text.to_owned())), want, "{value} {text}");
        }
        assert!(!Condition::EqualsText(Template::default()).holds(Some(&json!("")), || None));
    }
}
