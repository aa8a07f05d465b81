//! What stands around the spec: apiVersion, kind and the name.

use serde_json::Value;

use crate::api::{API_VERSION, KIND};
use crate::plan::fault::{At, Fault, Faults};
use crate::plan::near;

/// Reports what is wrong around the spec, and gives the object's name (empty where it has none).
pub(super) fn check(root: &Value, list: &mut Vec<Fault>) -> String {
    let faults = Faults::default();
    let at = faults.at("");
    must_be("apiVersion", API_VERSION, root, &at);
    must_be("kind", KIND, root, &at);
    at.field("spec").require(root.get("spec").is_some(), "is missing");
    check_fields(root, &at);
    let name = name(root, &at.field("metadata").field("name"));
    list.extend(faults.into_list());
    name
}

fn must_be(field: &str, wanted: &str, root: &Value, at: &At) {
    let at = at.field(field);
    match root.get(field) {
        None => at.fault(format!("is missing; write {wanted}")),
        Some(Value::String(found)) if found == wanted => {}
        Some(found) => at.fault(format!("must be {wanted}, found {found}")),
    }
}

fn check_fields(root: &Value, at: &At) {
    let known = ["apiVersion", "kind", "metadata", "spec", "status"];
    for name in root.as_object().into_iter().flat_map(|fields| fields.keys()) {
        let is_known = known.contains(&name.as_str());
        at.field(name).require(is_known, format!("unknown field; {}", near::instead(name, known)));
    }
}

fn name(root: &Value, at: &At) -> String {
    match root.pointer("/metadata/name") {
        Some(Value::String(name)) => {
            at.require(is_object_name(name), NOT_A_NAME);
            return name.clone();
        }
        Some(other) => at.fault(format!("must be a text, found {other}; quote it")),
        None => at.fault("is missing; give the test a name"),
    }
    String::new()
}

const NOT_A_NAME: &str = "isn't an object's name: lower-case letters, digits, `-` and `.`, a letter or digit at both ends, at most 253";

/// RFC 1123, as Kubernetes wants it.
fn is_object_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_label = |label: &str| {
        label.bytes().all(|b| is_plain(b) || b == b'-')
            && label.bytes().next().is_some_and(is_plain)
            && label.bytes().last().is_some_and(is_plain)
    };
    name.len() <= 253 && name.split('.').all(is_label)
}
