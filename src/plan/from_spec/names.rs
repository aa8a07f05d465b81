//! Names that must be unique, and variables' names that must be possible.

use std::collections::BTreeMap;

use crate::api::{Classify, LoadTestSpec, Scenario};
use crate::plan::fault::At;
use crate::plan::metric::ErrorSelector;
use crate::plan::template::{Variables, is_own_name};

use super::scenario::parts;

/// Reports names that are given twice and variables that can't be named.
pub(super) fn check_all(spec: &LoadTestSpec, at: &At) {
    unique("name", spec.scenarios.iter().map(|scenario| &scenario.name), &at.field("scenarios"));
    unique("name", spec.phases.iter().map(|phase| &phase.name), &at.field("phases"));
    unique("id", spec.requirements.iter().map(|row| &row.id), &at.field("requirements"));
    unique("name", spec.data.iter().map(|data| &data.name), &at.field("data"));
    variables(&spec.variables, &at.field("variables"));
    for (index, phase) in spec.phases.iter().enumerate() {
        variables(&phase.variables, &at.field("phases").item(index).field("variables"));
    }
    for (index, scenario) in spec.scenarios.iter().enumerate() {
        in_scenario(scenario, spec, &at.field("scenarios").item(index));
    }
    if let Some(classify) = &spec.classify {
        in_classify(classify, &at.field("classify"));
    }
}

fn in_scenario(scenario: &Scenario, spec: &LoadTestSpec, at: &At) {
    let (mut names, mut extracts) = (BTreeMap::new(), BTreeMap::new());
    for (part, steps) in parts(scenario) {
        for (index, step) in steps.iter().enumerate() {
            let at = at.field(part.field()).item(index);
            once(&step.name, &mut names, &at.field("name"));
            for (place, extract) in step.extract.iter().enumerate() {
                let at = at.field("extract").item(place).field("name");
                once(&extract.name, &mut extracts, &at);
                extracted(&extract.name, spec, &at);
            }
        }
    }
    for (index, block) in scenario.blocks.iter().enumerate() {
        once(&block.name, &mut names, &at.field("blocks").item(index).field("name"));
    }
}

/// A name that meant two things would mean one of them silently.
fn extracted(name: &str, spec: &LoadTestSpec, at: &At) {
    let is_variable = spec.variables.contains_key(name)
        || spec.phases.iter().any(|phase| phase.variables.contains_key(name));
    let is_field = name.split_once('.').is_some_and(|(of, _)| spec.data.iter().any(|data| data.name == of));
    at.require(!is_field, format!("`{name}` is a field of spec.data already; choose another name"));
    at.require(!is_own_name(name), format!("`{name}` is a name of Loadgate's own; choose another"));
    at.require(!is_variable, format!("`{name}` is a variable already; choose another name"));
}

fn in_classify(classify: &Classify, at: &At) {
    unique("name", classify.groups.iter().map(|group| &group.name), &at.field("groups"));
    unique("name", classify.errors.iter().map(|error| &error.name), &at.field("errors"));
    unique("name", classify.values.iter().map(|value| &value.name), &at.field("values"));
    for (index, error) in classify.errors.iter().enumerate() {
        error_class(&error.name, &at.field("errors").item(index).field("name"));
    }
}

/// A row on `errors(name)` would silently be about what the engine or a status tells.
fn error_class(name: &str, at: &At) {
    let is_free = matches!(ErrorSelector::named(name), ErrorSelector::Declared(_));
    at.require(
        is_free,
        format!(
            "`{name}` is a name of Loadgate's own: errors({name}) counts what the engine saw; choose another"
        ),
    );
}

fn variables(variables: &Variables, at: &At) {
    for name in variables.keys() {
        let at = at.field(name);
        let is_possible =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        at.require(is_possible, "a variable's name has letters, digits, `_` and `-` only");
        at.require(!is_own_name(name), format!("`{name}` is a name of Loadgate's own; choose another"));
    }
}

fn unique<'n>(field: &str, names: impl Iterator<Item = &'n String>, at: &At) {
    let mut first = BTreeMap::new();
    for (index, name) in names.enumerate() {
        once(name, &mut first, &at.item(index).field(field));
    }
}

fn once<'n>(name: &'n str, first: &mut BTreeMap<&'n str, String>, at: &At) {
    match first.get(name) {
        Some(earlier) => at.fault(format!("`{name}` is taken by {earlier}; choose another name")),
        None => _ = first.insert(name, at.path().to_owned()),
    }
}
