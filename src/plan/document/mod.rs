//! From the text of a YAML file to a checked plan, with everything that is wrong on the way.

mod boolean;
mod head;
mod set;
mod structure;
mod yaml;

use serde_json::Value;

use super::fault::Fault;
use super::from_spec::Options;
use super::model::Plan;
use crate::api::LoadTestSpec;

/// A file with a `LoadTest` in it, read but not yet checked.
#[derive(Clone, Debug)]
pub struct Document {
    root: Value,
    /// What is wrong with the text, though it could be read.
    faults: Vec<Fault>,
}

/// A `LoadTest` without a fault.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The object's name.
    pub name: String,
    /// Its spec as it was given, with what `--set` changed.
    pub spec: LoadTestSpec,
    /// What it means.
    pub plan: Plan,
}

impl Document {
    /// Reads YAML; merges (`<<`) are applied. Fails when it isn't YAML, or isn't one object.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        // Some editors begin files with a mark of their byte order.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = yaml::read(text)?;
        Ok(Self { root, faults: boolean::look_alikes(text) })
    }

    /// Gives back the room that checking takes: for whoever checks nothing more, and has better use for it.
    pub fn end_of_checks() {
        structure::forget();
    }

    /// `--set phases[0].load.constantUsers.users=50`: sets a field of the spec. Objects on the way are made, items
    /// of lists are not.
    pub fn set(&mut self, assignment: &str) -> Result<(), Fault> {
        set::set(&mut self.root, assignment)
    }

    /// `--target URL`.
    pub fn set_target(&mut self, url: &str) -> Result<(), Fault> {
        set::set_value(&mut self.root, "target.baseUrl", Value::from(url))
    }

    /// Checks its form, and then what it means as far as its form allows. Each field is told about once.
    pub fn check(&self, options: &Options) -> Result<Checked, Vec<Fault>> {
        let mut faults = self.faults.clone();
        let name = head::check(&self.root, &mut faults);
        let Some(spec) = self.root.get("spec").cloned() else {
            return Err(faults);
        };
        faults.extend(structure::check(&spec));
        // A spec of a wrong form can't always be read, and what is wrong then has been told.
        let plan = serde_json::from_value::<LoadTestSpec>(spec).map(|spec| {
            let plan = Plan::from_spec(&name, &spec, options);
            (spec, plan)
        });
        match plan {
            Ok((spec, Ok(plan))) if faults.is_empty() => Ok(Checked { name, spec, plan }),
            Ok((_, Err(more))) => Err(merged(faults, more)),
            Err(error) if faults.is_empty() => Err(vec![Fault::new("spec", error.to_string())]),
            Ok((_, Ok(_))) | Err(_) => Err(faults),
        }
    }
}

/// `faults`, and of `more` those at other places.
fn merged(mut faults: Vec<Fault>, more: Vec<Fault>) -> Vec<Fault> {
    let told: Vec<String> = faults.iter().map(|fault| fault.path.clone()).collect();
    faults.extend(more.into_iter().filter(|fault| !told.contains(&fault.path)));
    faults
}

#[cfg(test)]
mod tests;
