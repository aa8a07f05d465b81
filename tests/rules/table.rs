//! The table of changes to the good test, and what is said of each.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::support::path;

/// A change of the good test's spec, and what is said of it.
#[derive(Debug)]
pub(crate) struct Case {
    set: BTreeMap<String, Value>,
    pub(crate) server: Wanted,
    pub(crate) validate: Wanted,
}

/// What is to be said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    Nothing,
    /// At this field, a message with this in it.
    Fault(String, String),
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) at: String,
    pub(crate) message: String,
}

/// A row as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    set: BTreeMap<String, Value>,
    at: Option<String>,
    says: Option<String>,
    server: Option<Value>,
    validate: Option<Value>,
}

/// The good test.
pub(crate) fn good() -> Value {
    static GOOD: LazyLock<Value> = LazyLock::new(|| read("tests/rules/good.yaml"));
    GOOD.clone()
}

/// All rows.
pub(crate) fn cases() -> Vec<Case> {
    let rows: Vec<Row> = read("tests/rules/cases.yaml");
    rows.into_iter().map(Case::from).collect()
}

/// What a YAML file of the repository holds.
pub(crate) fn read<T: for<'d> Deserialize<'d>>(name: &str) -> T {
    serde_yaml::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

impl From<Row> for Case {
    fn from(Row { set, at, says, server, validate }: Row) -> Self {
        let both = match (at, says) {
            (Some(at), Some(says)) => Wanted::Fault(format!("spec.{at}"), says),
            (None, None) => Wanted::Nothing,
            (at, says) => panic!("{set:?}: {at:?} and {says:?} go together"),
        };
        let own = |given: Option<Value>| given.map_or_else(|| both.clone(), |given| Wanted::read(&given));
        Case { server: own(server), validate: own(validate), set }
    }
}

impl Case {
    /// What both say at one field.
    pub(crate) fn new(set: BTreeMap<String, Value>, at: &str, server: String, validate: String) -> Self {
        let [server, validate] = [server, validate].map(|says| Wanted::Fault(at.to_owned(), says));
        Case { set, server, validate }
    }

    /// The good test with the changes.
    pub(crate) fn object(&self) -> Value {
        let mut object = good();
        for (pointer, value) in &self.set {
            change(&mut object["spec"], pointer, value);
        }
        object
    }
}

/// Sets what a JSON pointer names; null takes it out.
fn change(spec: &mut Value, pointer: &str, value: &Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match spec.pointer_mut(parent).unwrap_or_else(|| panic!("the good test has no {parent}")) {
        Value::Array(items) if value.is_null() => drop(items.remove(name.parse().unwrap())),
        Value::Array(items) => match items.get_mut(name.parse::<usize>().unwrap()) {
            Some(item) => *item = value.clone(),
            None => items.push(value.clone()),
        },
        Value::Object(fields) if value.is_null() => drop(fields.remove(name)),
        Value::Object(fields) => drop(fields.insert(name.to_owned(), value.clone())),
        other => panic!("{parent} is {other}"),
    }
}

impl Wanted {
    fn read(given: &Value) -> Self {
        match given {
            Value::String(word) if word == "nothing" => Wanted::Nothing,
            Value::Array(fault) => {
                let [at, says] = &fault[..] else { panic!("{given} isn't [at, says]") };
                Wanted::Fault(format!("spec.{}", at.as_str().unwrap()), says.as_str().unwrap().to_owned())
            }
            _ => panic!("{given} is neither `nothing` nor [at, says]"),
        }
    }

    /// What to tell if something else was said.
    pub(crate) fn missing(&self, by: &str, case: &Case, said: &[Said]) -> Option<String> {
        let is_said = match self {
            Wanted::Nothing => said.is_empty(),
            Wanted::Fault(at, says) => said.iter().any(|said| said.at == *at && said.message.contains(says)),
        };
        let said: Vec<String> =
            said.iter().map(|said| format!("\n    {} | {}", said.at, said.message)).collect();
        (!is_said).then(|| format!("{case}\n  wants of {by} {self}, which says:{}", said.concat()))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes = self.set.iter().map(|(pointer, value)| {
            let value = value.to_string();
            format!("{pointer}: {}", value.chars().take(200).collect::<String>())
        });
        out.write_str(&changes.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wanted::Nothing => out.write_str("nothing"),
            Wanted::Fault(at, says) => write!(out, "{at} | {says}"),
        }
    }
}
