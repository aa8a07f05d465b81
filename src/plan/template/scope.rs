//! Which names `${…}` may use at a place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Name;
use crate::plan::near;

/// The variables of a test or of a phase.
pub(crate) type Variables = BTreeMap<String, Value>;

/// Names that Loadgate gives.
const OWN: [&str; 11] = [
    "user",
    "iteration",
    "index",
    "round",
    "phase",
    "iterations",
    "level",
    "runUID",
    "uuid",
    "random(a,b)",
    "now",
];

/// Whether Loadgate itself gives `name`, so that a spec can't.
pub(crate) fn is_own_name(name: &str) -> bool {
    name == "random" || OWN.contains(&name)
}

/// The names known at a place.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a> {
    /// The test's variables.
    pub(crate) test: &'a Variables,
    /// The phases that the place is filled in for, with their own variables.
    pub(crate) phases: Vec<(&'a str, &'a Variables)>,
    /// What rows have, feeder by feeder.
    pub(crate) rows: Vec<RowNames<'a>>,
    /// Why no row is known here, where that is so.
    pub(crate) no_rows: Option<&'static str>,
    /// Whether the place is filled in once a user and not in each iteration.
    pub(crate) once_a_user: bool,
    /// Whether the place is filled in once a round of a block.
    pub(crate) in_rounds: bool,
    /// What steps extract; none where there is no iteration (preflight).
    pub(crate) extracts: Option<Extracts<'a>>,
    /// Why only variables are known here, where that is so.
    pub(crate) variables_only: Option<&'static str>,
}

/// What can be named of the rows of a feeder.
#[derive(Clone, Debug)]
pub(crate) struct RowNames<'a> {
    /// What stands before the dot.
    pub(crate) name: &'a str,
    /// Whether a user keeps its row.
    pub(crate) is_of_user: bool,
    /// Their fields; none: they are known only where the rows are read.
    pub(crate) fields: Option<BTreeSet<String>>,
}

/// What steps extract.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extracts<'a> {
    /// Names of the scenario's slots that earlier steps fill.
    pub(crate) earlier: Vec<&'a str>,
    /// Names that this step or later ones of the scenario extract, with the step's name.
    pub(crate) later: Vec<(&'a str, &'a str)>,
    /// Names that the scenario extracts in each iteration, and that this step, outside of them, doesn't know.
    pub(crate) in_iterations: Vec<(&'a str, &'a str)>,
    /// Names that other scenarios extract, with the scenario's name.
    pub(crate) elsewhere: Vec<(&'a str, &'a str)>,
}

impl Scope<'_> {
    /// What `${name}` names here, or what is wrong with it.
    pub(crate) fn resolve(&self, name: &str) -> Result<Name, String> {
        if let Some(slot) = self.earlier().iter().position(|known| *known == name) {
            return Ok(Name::Extracted(slot));
        }
        if let Some(field) = self.field(name) {
            return field;
        }
        match (own(name).transpose()?, self.variables_only) {
            (Some(Name::Iteration | Name::Index), None) if self.once_a_user => Err(format!(
                "`${{{name}}}` can't be used here: setup and teardown belong to no iteration; `${{user}}` is known"
            )),
            (Some(Name::Round), None) if !self.in_rounds => {
                Err("`${round}` can't be used here: only steps of a block are taken in rounds".to_owned())
            }
            (Some(own), None) => Ok(own),
            (Some(_), Some(why)) => Err(format!("`${{{name}}}` can't be used here: {why}")),
            (None, _) => self.variable(name),
        }
    }

    /// The values that variable `name` has in the test and in the phases, with the phase's name.
    pub(crate) fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = (Option<&'s str>, &'s Value)> {
        let test = self.test.get(name).map(|value| (None, value));
        let phases = self.phases.iter();
        test.into_iter()
            .chain(phases.filter_map(move |(phase, own)| own.get(name).map(|value| (Some(*phase), value))))
    }

    /// The field of a row that `name` names; none: it names no feeder.
    fn field(&self, name: &str) -> Option<Result<Name, String>> {
        let (of, field) = name.split_once('.')?;
        let feeder = self.rows.iter().position(|rows| rows.name == of)?;
        if let Some(why) = self.no_rows {
            return Some(Err(format!("`${{{name}}}` can't be used here: {why}")));
        }
        if self.once_a_user && !self.rows[feeder].is_of_user {
            return Some(Err(format!(
                "`${{{name}}}` is another row in each iteration, and setup and teardown belong to none; give `{of}` the order perUser"
            )));
        }
        let is_missing = |fields: &&BTreeSet<String>| !fields.contains(field);
        Some(match self.rows[feeder].fields.as_ref().filter(is_missing) {
            None => Ok(Name::Data { feeder, field: field.to_owned() }),
            Some(known) => {
                let instead = near::instead(field, known.iter().map(String::as_str));
                Err(format!("no row of `{of}` has a field `{field}`; {instead}"))
            }
        })
    }

    fn earlier(&self) -> &[&str] {
        self.extracts.as_ref().map_or(&[], |extracts| &extracts.earlier)
    }

    fn variable(&self, name: &str) -> Result<Name, String> {
        let (with, without): (Vec<_>, Vec<_>) =
            self.phases.iter().partition(|(_, variables)| variables.contains_key(name));
        let everywhere = !with.is_empty() && without.is_empty() && self.variables_only.is_none();
        if self.test.contains_key(name) || everywhere {
            return Ok(Name::Variable(name.to_owned()));
        }
        match (with.is_empty(), self.variables_only) {
            (true, _) => Err(self.unknown(name)),
            (false, Some(why)) => {
                Err(format!("variable `{name}` is set by phases only, and {why}; {SET_IT}"))
            }
            (false, None) => {
                let without: Vec<&str> = without.iter().map(|(phase, _)| *phase).collect();
                let phases = near::listed(&without, " and ");
                Err(format!("variable `{name}` isn't set in phase {phases}; set it there, or {SET_IT}"))
            }
        }
    }

    fn unknown(&self, name: &str) -> String {
        let extracts = self.extracts.clone().unwrap_or_default();
        if let Some((_, step)) = extracts.later.iter().find(|(known, _)| *known == name) {
            return format!(
                "`${{{name}}}` is extracted by step `{step}`, which isn't before this one; only what earlier steps extract is known"
            );
        }
        if let Some((_, step)) = extracts.in_iterations.iter().find(|(known, _)| *known == name) {
            return format!(
                "`${{{name}}}` is extracted by step `{step}`, in each iteration; a teardown knows what setup extracts"
            );
        }
        if let Some((_, scenario)) = extracts.elsewhere.iter().find(|(known, _)| *known == name) {
            return format!(
                "`${{{name}}}` is extracted in scenario `{scenario}`; what a step extracts is known within its own iteration only"
            );
        }
        format!("there is no `${{{name}}}`; {}", near::instead(name, self.known()))
    }

    fn known(&self) -> Vec<&str> {
        let own = if self.variables_only.is_none() { &OWN[..] } else { &[] };
        let of_phases = self.phases.iter().flat_map(|(_, variables)| variables.keys());
        let mut known: Vec<&str> = self.test.keys().chain(of_phases).map(String::as_str).collect();
        known.extend(self.earlier());
        known.extend(self.rows.iter().filter(|_| self.no_rows.is_none()).map(|rows| rows.name));
        known.sort_unstable();
        known.dedup();
        known.extend(own);
        known
    }
}

const SET_IT: &str = "set it in spec.variables";

/// A name that Loadgate gives; none when it gives no such name.
fn own(name: &str) -> Option<Result<Name, String>> {
    Some(Ok(match name {
        "user" => Name::User,
        "iteration" => Name::Iteration,
        "index" => Name::Index,
        "round" => Name::Round,
        "phase" => Name::Phase,
        "iterations" => Name::Iterations,
        "level" => Name::Level,
        "runUID" => Name::RunUid,
        "uuid" => Name::Uuid,
        "now" => Name::Now,
        "random" => return Some(Err(RANDOM.to_owned())),
        other => {
            let arguments = other.strip_prefix("random(")?;
            return Some(arguments.strip_suffix(')').and_then(random).ok_or_else(|| RANDOM.to_owned()));
        }
    }))
}

const RANDOM: &str = "`random` takes two whole numbers, the smaller first: `${random(1,100)}`";

fn random(arguments: &str) -> Option<Name> {
    let (least, most) = arguments.split_once(',')?;
    let (least, most) = (least.trim().parse().ok()?, most.trim().parse().ok()?);
    (least <= most).then_some(Name::Random(least, most))
}
