//! Metrics that a spec names: parsed, and all that they name declared.

use crate::api::{Classify, LoadTestSpec, ValueUnit, Where};
use crate::plan::fault::At;
use crate::plan::figure::Dimension;
use crate::plan::metric::{Declaration, EngineClass, Metric};
use crate::plan::near;
use crate::plan::objective::Narrowed;

use super::search;

/// The metric `text`, where all that it names is declared.
pub(super) fn known(text: &str, spec: &LoadTestSpec, at: &At) -> Option<Metric> {
    let metric = at.read(Metric::parse(text))?;
    let none = Classify::default();
    let classify = spec.classify.as_ref().unwrap_or(&none);
    let missing = metric.declaration().and_then(|declaration| missing(declaration, classify));
    match missing {
        Some(message) => {
            at.fault(message);
            None
        }
        None => Some(metric),
    }
}

/// What a metric is measured in; a declared value in what its unit says, a capacity in what goes up.
pub(super) fn dimension(measure: &Narrowed, spec: &LoadTestSpec) -> Dimension {
    if measure.metric == Metric::Capacity {
        let is_rate = measure.phases.iter().any(|phase| search::kind(&spec.phases[*phase]) == Some(true));
        return if is_rate { Dimension::Rate } else { Dimension::Count };
    }
    of_metric(&measure.metric, spec)
}

/// The same of a metric that no phase changes.
pub(super) fn of_metric(metric: &Metric, spec: &LoadTestSpec) -> Dimension {
    let Metric::Value(name, _) = metric else { return metric.dimension() };
    let values = spec.classify.iter().flat_map(|classify| &classify.values);
    match values.into_iter().find(|value| value.name == *name).and_then(|value| value.unit) {
        Some(ValueUnit::Micros | ValueUnit::Millis | ValueUnit::Seconds) => Dimension::Time,
        Some(ValueUnit::Bytes) => Dimension::Bytes,
        None => Dimension::Number,
    }
}

/// Reports a `where` that the metric can't be narrowed by.
pub(super) fn check_narrowing(metric: &Metric, text: &str, narrow: &Where, at: &At) {
    let belongs = metric.belongs_to_steps();
    let whole = |kind: &str| format!("{text} is measured for a phase as a whole, not {kind}; leave it out");
    at.field("steps").require(belongs || narrow.steps.is_empty(), whole("step by step"));
    at.field("outcome").require(belongs || narrow.outcome.is_none(), whole("step by step"));
    at.field("group").require(belongs || narrow.group.is_empty(), whole("key by key"));
    let has_parts = belongs || *metric == Metric::LatencySlope;
    at.field("window").require(has_parts || narrow.window.is_none(), whole("part by part"));
    let tells = matches!(metric, Metric::SuccessRate | Metric::ErrorRate | Metric::Errors(_));
    at.field("outcome").require(
        !tells || narrow.outcome.is_none(),
        format!("{text} tells outcomes apart itself; leave it out"),
    );
    if let Some(Declaration::Group(group)) = metric.declaration() {
        let is_other = !narrow.group.contains_key(group);
        at.field("group")
            .require(is_other, format!("{text} tells the keys of {group} apart itself; leave it out"));
    }
}

/// The group `name` and its place among those declared.
pub(super) fn group(name: &str, spec: &LoadTestSpec, at: &At) -> Option<usize> {
    let groups = spec.classify.iter().flat_map(|classify| &classify.groups);
    let known: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
    let place = known.iter().position(|known| *known == name);
    if let Some(message) = unknown("group", "groups", name, known.into_iter()) {
        at.fault(message);
    }
    place
}

/// What must be declared and isn't.
fn missing(declaration: Declaration<'_>, classify: &Classify) -> Option<String> {
    match declaration {
        Declaration::Error(name) => {
            let own = EngineClass::ALL.map(EngineClass::name);
            let known = classify.errors.iter().map(|error| error.name.as_str());
            unknown("error class", "errors", name, known.chain(own))
        }
        Declaration::Group(name) => {
            unknown("group", "groups", name, classify.groups.iter().map(|group| group.name.as_str()))
        }
        Declaration::Value(name) => {
            unknown("value", "values", name, classify.values.iter().map(|value| value.name.as_str()))
        }
        Declaration::Cache { layer } => match &classify.cache {
            None => Some("nothing tells hits from misses; declare spec.classify.cache".to_owned()),
            Some(cache) if layer && cache.layer_header.is_none() => {
                Some("nothing tells the layers apart; set spec.classify.cache.layerHeader".to_owned())
            }
            Some(_) => None,
        },
    }
}

fn unknown<'a>(what: &str, list: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    let is_known = known.contains(&name);
    (!is_known).then(|| format!("{}; declare it in spec.classify.{list}", near::unknown(what, name, known)))
}
