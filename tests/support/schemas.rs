//! JSON schemas of Kubernetes' own objects, from the description that the API server is built with.
//!
//! kubeconform would fetch them from the network. The Go module that `tests/cluster` builds Kubernetes from holds the same
//! as OpenAPI 2, which differs in little: what may be a number or a text says so by a format, and fields that nobody
//! knows aren't forbidden.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::{path, tools};

const DESCRIPTION: &str = "api/openapi-spec/swagger.json";
const GROUPS_AND_KINDS: &str = "x-kubernetes-group-version-kind";

/// Where kubeconform finds what was written to `folder`.
pub(crate) fn location(folder: &Path) -> String {
    format!("{}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json", folder.display())
}

/// Writes a schema of each kind into `folder`.
pub(crate) fn write(folder: &Path) {
    let definitions = definitions();
    for (name, definition) in &definitions {
        // Options of a request have the group and kind of all that they may be sent for.
        let [kind] = definition[GROUPS_AND_KINDS].as_array().map_or(&[][..], Vec::as_slice) else { continue };
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "allOf": [{"$ref": format!("#/definitions/{name}")}],
            "definitions": with_all_it_needs(name, &definitions),
        });
        std::fs::write(folder.join(file_name(kind)), schema.to_string()).unwrap();
    }
}

/// Every definition, as a JSON schema.
fn definitions() -> Map<String, Value> {
    let mut go = Command::new("go");
    go.args(["mod", "download", "-json", "k8s.io/kubernetes"]);
    go.current_dir(path("tests/cluster/modules/kubernetes"))
        .envs([("GOFLAGS", "-mod=readonly"), ("GOWORK", "off")]);
    let module: Value = serde_json::from_str(&tools::output(&mut go).unwrap()).unwrap();
    let description = std::fs::read(Path::new(module["Dir"].as_str().unwrap()).join(DESCRIPTION)).unwrap();
    let mut description: Value = serde_json::from_slice(&description).unwrap();
    let Value::Object(mut definitions) = description["definitions"].take() else {
        unreachable!("it is a map")
    };
    definitions.values_mut().for_each(as_json_schema);
    definitions
}

fn as_json_schema(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(as_json_schema);
            let is_quantity = fields
                .get("description")
                .and_then(Value::as_str)
                .is_some_and(|text| text.starts_with("Quantity is"));
            if is_quantity || fields.get("format") == Some(&json!("int-or-string")) {
                fields.insert("type".to_owned(), json!(["string", "number"]));
                fields.remove("format");
            }
            // A field may have the name of a keyword: only what has a list of fields has that of an object.
            if fields.get("properties").is_some_and(Value::is_object)
                && fields.get("type") == Some(&json!("object"))
            {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_json_schema),
        _ => {}
    }
}

/// A definition, and all that it refers to.
fn with_all_it_needs(name: &str, definitions: &Map<String, Value>) -> Map<String, Value> {
    let (mut open, mut seen) = (vec![name.to_owned()], BTreeSet::new());
    while let Some(name) = open.pop() {
        references(&definitions[&name], &mut open);
        seen.insert(name);
        open.retain(|name| !seen.contains(name));
    }
    seen.into_iter().map(|name| (name.clone(), definitions[&name].clone())).collect()
}

fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(|text| text.strip_prefix("#/definitions/")).map(str::to_owned));
            fields.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

/// The name that kubeconform asks for: `deployment-apps-v1.json`.
fn file_name(kind: &Value) -> String {
    let [group, version, kind] =
        ["group", "version", "kind"].map(|field| kind[field].as_str().unwrap().to_lowercase());
    let group = group.split('.').next().filter(|group| !group.is_empty());
    format!("{kind}{}-{version}.json", group.map(|group| format!("-{group}")).unwrap_or_default())
}
