//! Rows of values, and where they come from.

use std::sync::Arc;

use crate::api::ConfigMapKeyRef;
pub use crate::api::RowOrder;
use crate::plan::data::Table;

/// Rows that templates name fields of.
#[derive(Clone, Debug)]
pub struct Feeder {
    /// What stands before the dot in `${name.field}`.
    pub name: String,
    /// Where its rows are.
    pub rows: Rows,
    /// Which row an iteration has.
    pub order: RowOrder,
    /// The field path: `spec.data[0]`.
    pub path: String,
}

/// Where rows are.
#[derive(Clone, Debug)]
pub enum Rows {
    /// In the spec.
    Inline(Arc<Table>),
    /// Outside.
    Outside(Form, Place),
}

/// How content outside the spec is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Lines of values between commas; the first names the fields.
    Csv,
    /// A JSON list of objects.
    Json,
}

/// Where content outside the spec is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a ConfigMap.
    ConfigMap(ConfigMapKeyRef),
    /// In a file beside that of the test.
    File(String),
}

impl Form {
    /// The field of the spec that it has.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Json => "json",
        }
    }
}
