//! `spec.classify`: what is read from each response.

use serde_json::Value;

use crate::api;
use crate::plan::credential::holds_credential;
use crate::plan::fault::At;
use crate::plan::model::{CacheRule, Classify, Condition, Named, Source};

use super::check::{json_path, regex};
use super::header::lower_name;

/// How responses are told apart; by nothing where the spec doesn't say.
pub(super) fn classify(spec: Option<&api::Classify>, at: &At) -> Option<Classify> {
    let Some(api::Classify { cache, groups, errors, values }) = spec else {
        return Some(Classify::default());
    };
    let cache = cache.as_ref().map(|rule| cache_rule(rule, &at.field("cache")));
    let groups = each(groups, &at.field("groups"), group);
    let errors = each(errors, &at.field("errors"), error);
    let values = each(values, &at.field("values"), value);
    Some(Classify {
        cache: cache.map_or(Some(None), |rule| rule.map(Some))?,
        groups: groups?,
        errors: errors?,
        values: values?,
    })
}

fn each<S, T>(list: &[S], at: &At, one: impl Fn(&S, &At) -> Option<T>) -> Option<Vec<T>> {
    let all: Vec<Option<T>> =
        list.iter().enumerate().map(|(index, rule)| one(rule, &at.item(index))).collect();
    all.into_iter().collect()
}

fn group(rule: &api::GroupRule, at: &At) -> Option<Named<Source>> {
    let of = source(rule.header.as_deref(), rule.json_path.as_deref(), at)?;
    check_shown(rule.header.as_deref(), &at.field("header"));
    Some(Named { name: rule.name.clone(), of })
}

/// What tells responses apart is told in reports.
fn check_shown(header: Option<&str>, at: &At) {
    if let Some(name) = header.filter(|name| holds_credential(name)) {
        at.fault(format!(
            "{name} holds credentials, and the values of this header are told in status and reports; choose another"
        ));
    }
}

fn value(rule: &api::ValueRule, at: &At) -> Option<Named<(Source, Option<api::ValueUnit>)>> {
    let source = source(rule.header.as_deref(), rule.json_path.as_deref(), at)?;
    Some(Named { name: rule.name.clone(), of: (source, rule.unit) })
}

fn error(rule: &api::ErrorRule, at: &At) -> Option<Named<(Source, Condition)>> {
    let source = source(rule.header.as_deref(), rule.json_path.as_deref(), at);
    let condition = match (&rule.equals, &rule.matches) {
        (Some(value), None) => Some(Condition::Equals(value.clone())),
        (None, Some(pattern)) => regex(pattern, &at.field("matches")).map(Condition::Matches),
        (None, None) => {
            at.fault("has no condition; give it equals or matches");
            None
        }
        (Some(_), Some(_)) => {
            at.fault("has both equals and matches; keep one");
            None
        }
    };
    let is_text = rule.equals.as_ref().is_none_or(Value::is_string);
    at.field("equals").require(rule.header.is_none() || is_text, TEXTS_ONLY);
    Some(Named { name: rule.name.clone(), of: (source?, condition?) })
}

const TEXTS_ONLY: &str = "must be a text, as all headers are; quote it";

fn cache_rule(rule: &api::CacheRule, at: &At) -> Option<CacheRule> {
    let source = source(rule.header.as_deref(), rule.json_path.as_deref(), at);
    for (field, list) in [("hit", &rule.hit), ("miss", &rule.miss)] {
        let at = at.field(field);
        at.require(!list.is_empty(), format!("is empty; list the values that mean a {field}"));
        for (index, value) in list.iter().enumerate() {
            at.item(index).require(rule.header.is_none() || value.is_string(), TEXTS_ONLY);
        }
    }
    for (index, value) in rule.miss.iter().enumerate() {
        let is_hit = rule.hit.contains(value);
        at.field("miss")
            .item(index)
            .require(!is_hit, format!("{value} means a hit already; keep it in one list"));
    }
    let layer = rule.layer_header.as_deref().map(|name| lower_name(name, &at.field("layerHeader")));
    check_shown(rule.layer_header.as_deref(), &at.field("layerHeader"));
    Some(CacheRule { source: source?, hit: rule.hit.clone(), miss: rule.miss.clone(), layer_header: layer })
}

fn source(header: Option<&str>, path: Option<&str>, at: &At) -> Option<Source> {
    match (header, path) {
        (Some(name), None) => Some(Source::Header(lower_name(name, &at.field("header")))),
        (None, Some(path)) => json_path(path, &at.field("jsonPath")).map(Source::JsonPath),
        (Some(_), Some(_)) => {
            at.fault("has both header and jsonPath; keep one");
            None
        }
        (None, None) => {
            at.fault("needs a header or a jsonPath to read from");
            None
        }
    }
}
