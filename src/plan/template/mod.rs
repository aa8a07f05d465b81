//! Texts with `${…}` in them.

mod body;
mod compile;
mod encode;
mod scope;

use serde_json::Value;

pub(super) use body::{form, json, pairs, text};
pub(super) use compile::{Compiler, compile, single_name};
pub(super) use scope::{Extracts, RowNames, Scope, Variables, is_own_name};

/// A text with names in it, parsed.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Template {
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Bytes that are the same in each request.
    Text(String),
    /// Something that is filled in.
    Slot(Name, Encoding),
}

impl Template {
    /// A text without names.
    #[must_use]
    pub fn of(text: String) -> Self {
        Template { parts: vec![Part::Text(text)] }
    }

    /// Each name in it.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(name, _) => Some(name),
            Part::Text(_) => None,
        })
    }
}

/// What `${…}` can name.
#[derive(Clone, Debug, PartialEq)]
pub enum Name {
    /// A variable of the test or the phase: constant within a phase.
    Variable(String),
    /// A field of the row that the iteration has.
    Data {
        /// The feeder: a place in [`Plan::data`](crate::plan::Plan::data).
        feeder: usize,
        /// The field's name.
        field: String,
    },
    /// What an earlier step took: an index into the scenario's slots.
    Extracted(usize),
    /// The user's number in the phase, over all workers, from 0.
    User,
    /// The iteration's number of this user, from 0. In open loops: the same as index.
    Iteration,
    /// The iteration's number in the phase, over all workers, from 0; in closed loops user × iterations… see the pacer.
    Index,
    /// The number of the round of the step's block, from 0.
    Round,
    /// The phase's name.
    Phase,
    /// How many iterations the phase has in all, where that is known; else 0.
    Iterations,
    /// How much the level is that a search tries: a number, or iterations a second; elsewhere 0.
    Level,
    /// The run's UID.
    RunUid,
    /// A new UUID, drawn from the seed.
    Uuid,
    /// A whole number from the first to the second, both included.
    Random(i64, i64),
    /// The time of day, as milliseconds since 1970.
    Now,
}

/// How a value is written where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is (paths, header values: line breaks are refused when it is filled in).
    Raw,
    /// Percent-encoded as a query or form component.
    Percent,
    /// Inside a JSON string: escaped, without quotes.
    JsonText,
    /// As a JSON value of its own type.
    JsonValue,
    /// Within the quotes of a part's name, as browsers write it there.
    Quoted,
}

/// A body of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The value of Content-Type, unless the request's own headers have one.
    pub content_type: &'static str,
    /// The body.
    pub content: Template,
    /// The body as written, for `plan` to show; absent for plain text.
    pub json: Option<Value>,
}
