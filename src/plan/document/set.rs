//! `--set spec.path=value` on a document.

use serde_json::Value;

use super::boolean;
use crate::plan::fault::Fault;

/// Sets a field of the spec from `path=value`; the value is read as YAML.
pub(super) fn set(root: &mut Value, assignment: &str) -> Result<(), Fault> {
    let Some((path, text)) = assignment.split_once('=') else {
        return Err(Fault::new(format!("--set {assignment}"), "needs a value: --set path=value"));
    };
    if let Some(Fault { message, .. }) = boolean::look_alikes(text).into_iter().next() {
        return Err(Fault::new(format!("--set {path}"), message));
    }
    let value = serde_yaml::from_str(text)
        .map_err(|error| Fault::new(format!("--set {path}"), format!("the value isn't YAML: {error}")))?;
    set_value(root, path, value)
}

/// Sets a field of the spec.
pub(super) fn set_value(root: &mut Value, path: &str, value: Value) -> Result<(), Fault> {
    let fault = |message: String| Fault::new(format!("--set {path}"), message);
    let mut place = &mut *root;
    let mut walked = String::new();
    for step in steps(path).map_err(fault)? {
        place = enter(place, &step, &walked).map_err(fault)?;
        walked = step.behind(&walked);
    }
    *place = value;
    Ok(())
}

/// One step of a path.
enum Step<'p> {
    Field(&'p str),
    Item(usize),
}

impl Step<'_> {
    fn behind(&self, walked: &str) -> String {
        match self {
            Step::Field(name) if walked.is_empty() => (*name).to_owned(),
            Step::Field(name) => format!("{walked}.{name}"),
            Step::Item(index) => format!("{walked}[{index}]"),
        }
    }
}

/// `phases[0].load` as its steps, beginning at the spec.
fn steps(path: &str) -> Result<Vec<Step<'_>>, String> {
    let mut steps = vec![Step::Field("spec")];
    for part in path.strip_prefix("spec.").unwrap_or(path).split('.') {
        let (name, items) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return Err(MALFORMED.to_owned());
        }
        steps.push(Step::Field(name));
        for item in items.split_inclusive(']') {
            let index = item.strip_prefix('[').and_then(|item| item.strip_suffix(']'));
            let index = index.and_then(|index| index.parse().ok()).ok_or(MALFORMED)?;
            steps.push(Step::Item(index));
        }
    }
    Ok(steps)
}

const MALFORMED: &str = "isn't a path such as phases[0].load.burst.iterations";

/// The place behind one step. A field that isn't there is made; whether it may be is checked with the document.
fn enter<'v>(place: &'v mut Value, step: &Step, walked: &str) -> Result<&'v mut Value, String> {
    match (step, place) {
        (Step::Field(name), Value::Object(fields)) => Ok(fields.entry(*name).or_insert(Value::Null)),
        (Step::Field(name), place @ Value::Null) => {
            *place = Value::Object([((*name).to_owned(), Value::Null)].into_iter().collect());
            Ok(&mut place[*name])
        }
        (Step::Field(name), Value::Array(_)) => {
            Err(format!("{walked} is a list; say which item: {walked}[0].{name}"))
        }
        (Step::Field(name), found) => Err(format!("{walked} is {found}, which has no field {name}")),
        (Step::Item(index), Value::Array(items)) => {
            let last =
                items.len().checked_sub(1).map_or("is empty".to_owned(), |last| format!("ends at [{last}]"));
            items.get_mut(*index).ok_or_else(|| format!("{walked} {last}; there is no [{index}]"))
        }
        (Step::Item(_), Value::Null) => Err(format!("{walked} isn't there")),
        (Step::Item(_), _) => Err(format!("{walked} isn't a list")),
    }
}
