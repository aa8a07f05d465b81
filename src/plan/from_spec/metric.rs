//! Metrics that a spec names: parsed, with all that they name declared.

use crate::api::{Classify, LoadTestSpec, Where};
use crate::plan::fault::At;
use crate::plan::figure::Dimension;
use crate::plan::metric::{Declared, Metric};
use crate::plan::model::unit_dimension;

/// The metric `text`, where all that it names is declared.
pub(super) fn known(text: &str, spec: &LoadTestSpec, at: &At) -> Option<Metric> {
    let metric = at.read(Metric::parse(text))?;
    let nothing = Classify::default();
    let classify = spec.classify.as_ref().unwrap_or(&nothing);
    check_cache(&metric, classify, at);
    if let Some(declared) = metric.declared() {
        check_declared(declared, classify, at);
    }
    Some(metric)
}

/// What the metric measures: a value's unit is what the spec says it is.
pub(super) fn dimension(metric: &Metric, spec: &LoadTestSpec) -> Dimension {
    let Metric::Value(name, _) = metric else {
        return metric.dimension();
    };
    let values = spec.classify.iter().flat_map(|classify| &classify.values);
    unit_dimension(values.into_iter().find(|value| value.name == *name).and_then(|value| value.unit))
}

/// Reports a `where` that the metric can't be narrowed by.
pub(super) fn check_narrowing(metric: &Metric, narrow: &Where, at: &At) {
    let by_step = narrow.steps.is_empty() || metric.narrows_by_step();
    at.field("steps").require(by_step, format!("`{metric}` isn't counted by step; leave it out"));
    let by_outcome = narrow.outcome.is_none() || metric.narrows_by_outcome();
    at.field("outcome").require(by_outcome, format!("`{metric}` isn't counted by outcome; leave it out"));
}

fn check_cache(metric: &Metric, classify: &Classify, at: &At) {
    let Metric::Cache(_, layer) = metric else {
        return;
    };
    match &classify.cache {
        None => at.fault("needs spec.classify.cache, which tells hits from misses"),
        Some(rule) => {
            let is_told = layer.is_none() || rule.layer_header.is_some();
            at.require(is_told, "needs spec.classify.cache.layerHeader, which names the layer");
        }
    }
}

/// A layer isn't declared by its name: the target names it in the header.
fn check_declared(declared: Declared, classify: &Classify, at: &At) {
    let names: Vec<&str> = match declared {
        Declared::Group(_) => classify.groups.iter().map(|group| group.name.as_str()).collect(),
        Declared::Value(_) => classify.values.iter().map(|value| value.name.as_str()).collect(),
        Declared::ErrorClass(_) => classify.errors.iter().map(|class| class.name.as_str()).collect(),
        Declared::CacheLayer(_) => return,
    };
    at.take(declared.check(names));
}
