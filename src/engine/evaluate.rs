//! What a response says: checks, extracts, and how it is classified.

use std::borrow::Cow;

use serde_json::Value;

use super::compiled::{
    CompiledCheck, CompiledClassify, CompiledCondition, CompiledOrigin, CompiledSource, CompiledStep,
};
use super::pieces::{Filling, Pieces};
use super::response::Reader;
use crate::metrics::{CacheHit, ErrorClass};
use crate::plan::condition::{number_of, same, text_of};
use crate::plan::figure::Figure;

/// A response and what is needed to judge it.
pub(super) struct Response<'a> {
    pub(super) reader: &'a Reader,
    /// The body, where something needs it as JSON and it is.
    pub(super) json: Option<Value>,
    /// Microseconds from sending to the last byte.
    pub(super) micros: u64,
}

impl<'a> Response<'a> {
    pub(super) fn new(reader: &'a Reader, step: &CompiledStep, micros: u64) -> Self {
        // What is kept of a body that is too long is a part of it, and says nothing.
        let is_read = step.wants.json && !reader.body_too_long();
        let json = is_read.then(|| serde_json::from_slice(reader.body()).ok()).flatten();
        Response { reader, json, micros }
    }

    /// Why the request failed, if it did: declared classes come first, then the status, then the check.
    pub(super) fn error(
        &self,
        step: &CompiledStep,
        classify: &CompiledClassify,
        filling: &mut Filling<'_>,
    ) -> Option<ErrorClass> {
        if self.reader.body_too_long() && step.wants.body {
            return Some(ErrorClass::BodyLimit);
        }
        if step.checks.iter().all(|check| self.holds(check, filling)) {
            return None;
        }
        let declared = classify.errors.iter().position(|(source, condition)| {
            let value = self.value(source);
            satisfies(value.as_deref(), condition, filling)
        });
        Some(match (declared.map(u8::try_from), self.reader.status()) {
            (Some(Ok(place)), _) => ErrorClass::Declared(place),
            (_, status) if status >= 400 => ErrorClass::Status(status),
            _ => ErrorClass::Check,
        })
    }

    fn holds(&self, check: &CompiledCheck, filling: &mut Filling<'_>) -> bool {
        match check {
            CompiledCheck::BelowFourHundred => self.reader.status() < 400,
            CompiledCheck::Status(patterns) => {
                patterns.iter().any(|pattern| pattern.matches(self.reader.status()))
            }
            CompiledCheck::Value(source, condition) => {
                let value = self.value(source);
                satisfies(value.as_deref(), condition, filling)
            }
            CompiledCheck::BodyContains(text) => rendered(text, filling)
                .is_some_and(|text| memchr::memmem::find(self.reader.body(), text.as_bytes()).is_some()),
            CompiledCheck::Latency(limit) => limit.holds(&Figure::micros(self.micros)),
        }
    }

    fn value(&self, source: &CompiledSource) -> Option<Cow<'_, Value>> {
        match source {
            CompiledSource::Header(place) => {
                self.reader.header(*place).map(|value| Cow::Owned(Value::from(value)))
            }
            CompiledSource::JsonPath(path) => path.query(self.json.as_ref()?).first().map(Cow::Borrowed),
        }
    }

    /// The text of a header or of a value in the body.
    pub(super) fn text(&self, source: &CompiledSource) -> Option<Cow<'_, str>> {
        match source {
            CompiledSource::Header(place) => self.reader.header(*place).map(Cow::Borrowed),
            CompiledSource::JsonPath(path) => path.query(self.json.as_ref()?).first().map(text_of),
        }
    }

    /// What the cache said.
    pub(super) fn cache(&self, classify: &CompiledClassify) -> Option<CacheHit<'_>> {
        let rule = classify.cache.as_ref()?;
        if self.is_one_of(&rule.source, &rule.hit) {
            return Some(CacheHit::Hit(rule.layer.and_then(|place| self.reader.header(place))));
        }
        self.is_one_of(&rule.source, &rule.miss).then_some(CacheHit::Miss)
    }

    fn is_one_of(&self, source: &CompiledSource, values: &[Value]) -> bool {
        match source {
            CompiledSource::Header(place) => self.reader.header(*place).is_some_and(|told| {
                values.iter().any(|value| value.as_str().is_some_and(|value| value == told))
            }),
            CompiledSource::JsonPath(_) => {
                self.value(source).is_some_and(|told| values.iter().any(|value| same(value, &told)))
            }
        }
    }

    /// A declared number, in the unit that the spec gives it.
    pub(super) fn number(&self, source: &CompiledSource) -> Option<f64> {
        number_of(self.value(source)?.as_ref())
    }

    /// Takes what later steps need.
    pub(super) fn extract(&self, step: &CompiledStep, slots: &mut [Option<Value>]) {
        for extract in &step.extract {
            let found = match &extract.from {
                CompiledOrigin::Value(source) => self.value(source).map(Cow::into_owned),
                CompiledOrigin::InHeader(place, regex) => {
                    self.reader.header(*place).and_then(|value| first_match(regex, value.as_bytes()))
                }
                CompiledOrigin::InBody(_) if self.reader.body_too_long() => None,
                CompiledOrigin::InBody(regex) => first_match(regex, self.reader.body()),
            };
            if let Some(slot) = slots.get_mut(extract.slot) {
                *slot = found;
            }
        }
    }
}

/// The first group of the first match, or all of it where there is no group.
fn first_match(regex: &regex::bytes::Regex, body: &[u8]) -> Option<Value> {
    let found = regex.captures(body)?;
    let group = if regex.captures_len() > 1 { found.get(1) } else { found.get(0) };
    std::str::from_utf8(group?.as_bytes()).ok().map(Value::from)
}

fn satisfies(value: Option<&Value>, condition: &CompiledCondition, filling: &mut Filling<'_>) -> bool {
    condition.rule.holds(value, || condition.text.as_ref().and_then(|text| rendered(text, filling)))
}

fn rendered(text: &Pieces, filling: &mut Filling<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    text.render(filling, &mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}
