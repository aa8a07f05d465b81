//! What the API server checks across fields, as CEL rules of the CRD.
//!
//! A rule stands at the smallest object that can say it, so that the message comes with the field's path. It says it in
//! the words of `plan`, which checks the same and more: JSON paths, regular expressions, metrics, limits and templates
//! are no matter for CEL.

mod auth;
mod data;
mod load;
mod objective;
mod request;
mod run;
mod scenario;
mod spec;
mod texts;

use schemars::Schema;
use serde_json::{Value, json};

pub(super) use auth::*;
pub(super) use data::*;
pub(super) use load::*;
pub(super) use objective::*;
pub(super) use request::*;
pub(super) use run::*;
pub(super) use scenario::*;
pub(super) use spec::*;
pub(super) use texts::*;

/// Where rules stand in a schema.
pub(super) const RULES: &str = "x-kubernetes-validations";

/// Fields of any type. CEL's types leave them out, its values have them.
const UNTYPED: [&str; 3] = ["json", "equals", "inline"];

/// What must hold, and what to say where it doesn't.
fn rule(holds: impl Into<String>, message: &str) -> Value {
    json!({"rule": holds.into(), "message": message})
}

/// The same about a field of the object.
fn rule_at(field: &str, holds: impl Into<String>, message: &str) -> Value {
    json!({"rule": holds.into(), "message": message, "fieldPath": field})
}

/// Whether a field is given. What is null counts as left out.
fn has(field: &str) -> String {
    let object = if UNTYPED.contains(&field) { "dyn(self)" } else { "self" };
    format!("has({object}.{field})")
}

/// At least one of the fields is given.
fn some_of(fields: &[&str], message: &str) -> Value {
    rule(any(fields), message)
}

/// At most one of the fields is given.
fn at_most_one_of(fields: &[&str], message: &str) -> Value {
    if let [one, other] = fields {
        return rule(format!("!{} || !{}", has(one), has(other)), message);
    }
    let given: Vec<String> = fields.iter().map(|field| has(field)).collect();
    rule(format!("[{}].filter(given, given).size() <= 1", given.join(", ")), message)
}

/// One of the fields is given, as an expression.
fn any(fields: &[&str]) -> String {
    fields.iter().map(|field| has(field)).collect::<Vec<_>>().join(" || ")
}

/// No two objects of this list have the same `field`.
fn no_two(list: &str, field: &str) -> String {
    format!("{list}.all(one, {list}.exists_one(other, other.{field} == one.{field}))")
}

/// A list whose order counts: it is replaced as a whole, so that what runs is what stands in the file, and its names
/// are unique.
pub(in crate::api) fn ordered_by_name(list: &mut Schema) {
    let message = "a name is given twice; choose another, so that each name stands for one";
    list.insert(RULES.to_owned(), json!([rule(no_two("self", "name"), message)]));
}

/// A list of objects with unique names, in any order.
pub(in crate::api) fn by_name(list: &mut Schema) {
    keyed(list, "name");
}

/// A list of objects with unique ids, in any order.
pub(in crate::api) fn by_id(list: &mut Schema) {
    keyed(list, "id");
}

fn keyed(list: &mut Schema, key: &str) {
    list.insert("x-kubernetes-list-type".to_owned(), json!("map"));
    list.insert("x-kubernetes-list-map-keys".to_owned(), json!([key]));
}

/// A list of texts, none of them twice.
pub(in crate::api) fn set(list: &mut Schema) {
    list.insert("x-kubernetes-list-type".to_owned(), json!("set"));
}
