//! A fault in a spec: where it is, what is wrong and what to write instead.

use std::cell::RefCell;
use std::fmt::{self, Display};

use super::text::Misread;

/// Something in a spec that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field: `spec.phases[1].load.constantRate.rate`.
    pub path: String,
    /// What is wrong with it and how it is put right.
    pub message: String,
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// A fault at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// All faults of one spec, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    /// A cursor at `path`, which reports into this list.
    pub fn at(&self, path: impl Into<String>) -> At<'_> {
        At { faults: self, path: path.into() }
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The faults, without those that were found twice.
    #[must_use]
    pub fn into_list(self) -> Vec<Fault> {
        let mut list: Vec<Fault> = Vec::new();
        for fault in self.0.into_inner() {
            if !list.contains(&fault) {
                list.push(fault);
            }
        }
        list
    }
}

/// A place in a spec that faults can be reported at. Moving it makes a new one, so that a caller's stays where it is.
#[derive(Clone, Debug)]
pub struct At<'a> {
    faults: &'a Faults,
    path: String,
}

impl<'a> At<'a> {
    /// The field `name` of this object.
    #[must_use]
    pub fn field(&self, name: &str) -> At<'a> {
        self.faults.at(join(&self.path, name))
    }

    /// The item `index` of this list.
    #[must_use]
    pub fn item(&self, index: usize) -> At<'a> {
        self.faults.at(format!("{}[{index}]", self.path))
    }

    /// The field path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Reports that something is wrong here.
    pub fn fault(&self, message: impl Into<String>) {
        self.faults.0.borrow_mut().push(Fault::new(self.path.as_str(), message));
    }

    /// Reports `message` unless `holds`.
    pub fn require(&self, holds: bool, message: impl Into<String>) {
        if !holds {
            self.fault(message);
        }
    }

    /// What was read from a text, or none with what couldn't be read reported here.
    pub fn read<T>(&self, result: Result<T, Misread>) -> Option<T> {
        result.map_err(|misread| self.misread(&misread)).ok()
    }

    /// Reports that a text here couldn't be read. Where all of it is wrong, no character is pointed at.
    pub fn misread(&self, misread: &Misread) {
        if misread.message.starts_with("must ") {
            self.fault(format!("{}, found {}", misread.message, misread.text));
        } else {
            self.fault(misread.to_string());
        }
    }

    /// The value, or none with its error reported here.
    pub fn take<T>(&self, result: Result<T, impl Display>) -> Option<T> {
        result.map_err(|error| self.fault(error.to_string())).ok()
    }
}

/// `object.name`; a name that could be taken for a path stands in brackets.
fn join(object: &str, name: &str) -> String {
    let is_plain =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    match is_plain {
        true if object.is_empty() => name.to_owned(),
        true => format!("{object}.{name}"),
        false => format!("{object}[{name:?}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_its_field_and_what_is_wrong() {
        let faults = Faults::default();
        let phase = faults.at("spec").field("phases").item(1);
        phase.field("load").field("burst").fault("must be above 0");
        phase.field("variables").field("a.b").fault("is odd");
        let lines: Vec<String> = faults.into_list().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            ["spec.phases[1].load.burst: must be above 0", "spec.phases[1].variables[\"a.b\"]: is odd"]
        );
    }

    #[test]
    fn the_same_fault_is_told_once() {
        let faults = Faults::default();
        faults.at("spec").fault("is odd");
        faults.at("spec").fault("is odd");
        assert_eq!(faults.into_list().len(), 1);
    }

    #[test]
    fn an_error_becomes_a_fault_where_it_was_taken() {
        let faults = Faults::default();
        assert_eq!(faults.at("spec.seed").take("x".parse::<u8>()), None);
        assert!(!faults.is_empty());
    }
}
