//! Tells one write of the operator from another: `PUT loadtests/status shop: Running two`.
//!
//! The same status is written by a `PATCH` where others were faster, again and again.

use axum::http::Method;
use serde_json::Value;

/// A request that changes something in the cluster that the operator rests on.
///
/// Not among them are reviews of tokens, which store nothing, events, which nobody reads again, and renewals of the
/// Lease: a kill at one of those leaves the same cluster as a kill after the write before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Write {
    /// Verb, resource and name; of a status also the stage. The same for the same write of each run.
    pub(crate) label: String,
    /// The status that a `LoadTest` is to get.
    pub(crate) status: Option<Value>,
    /// The HTTP status that it was answered with.
    pub(crate) answer: u16,
    /// How much was sent.
    pub(crate) bytes: usize,
}

impl Write {
    /// None: it changes nothing that counts.
    pub(crate) fn of(method: &Method, path: &str, body: &[u8]) -> Option<Self> {
        let Place { resource, name, part } = place(path);
        let is_renewal = resource == "leases" && method == Method::PUT;
        if method == Method::GET || is_renewal || ["events", "tokenreviews"].contains(&resource) {
            return None;
        }
        let bytes = body.len();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = name.or_else(|| body["metadata"]["name"].as_str()).unwrap_or_default();
        let status = (part == Some("status")).then(|| written(&body, "/status").clone());
        let label = match (&status, part) {
            (Some(status), _) => format!("{method} {resource}/status {name}: {}", stage(status)),
            (None, Some(part)) => format!("{method} {resource}/{part} {name}"),
            (None, None) => format!("{method} {resource} {}{}", without_uid(name), hold(&body)),
        };
        Some(Write { label, status, answer: 0, bytes })
    }

    /// Whether the API server has done it.
    pub(crate) fn is_done(&self) -> bool {
        (200..300).contains(&self.answer)
    }
}

/// What a path speaks of.
pub(crate) struct Place<'a> {
    pub(crate) resource: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) part: Option<&'a str>,
}

/// `/apis/GROUP/VERSION/namespaces/NAMESPACE/RESOURCE/NAME/PART`, or without a namespace.
pub(crate) fn place(path: &str) -> Place<'_> {
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    let version = if words.first() == Some(&"api") { 2 } else { 3 };
    let words = words.get(version..).unwrap_or_default();
    let words = if words.first() == Some(&"namespaces") && words.len() > 2 { &words[2..] } else { words };
    let word = |place: usize| words.get(place).copied();
    Place { resource: word(0).unwrap_or_default(), name: word(1), part: word(2) }
}

/// What is written to this place: by an object, a part of one, or a JSON patch, whose tests write nothing.
fn written<'a>(body: &'a Value, place: &str) -> &'a Value {
    let added = |operation: &&Value| operation["op"] == "add" && operation["path"] == place;
    let Some(operations) = body.as_array() else { return body.pointer(place).unwrap_or(&Value::Null) };
    operations.iter().find(added).map_or(&Value::Null, |operation| &operation["value"])
}

/// What a patch does to the finalizers.
fn hold(body: &Value) -> &'static str {
    match written(body, "/metadata/finalizers").as_array() {
        Some(finalizers) if finalizers.is_empty() => ": let go",
        Some(_) => ": held",
        None => "",
    }
}

/// Gathering goes by whether a worker is ready, load by its phase; what else a status says isn't another write.
fn stage(status: &Value) -> String {
    let phase = status["phase"].as_str().unwrap_or_default();
    match phase {
        "Starting" if status["workers"]["ready"] == 0 => "Starting, nobody ready".to_owned(),
        "Starting" => "Starting, somebody ready".to_owned(),
        "Running" => format!("Running {}", status["progress"]["phase"].as_str().unwrap_or_default()),
        other => other.to_owned(),
    }
}

/// A result's name ends with a part of the run's UID.
fn without_uid(name: &str) -> &str {
    name.find("-result").map_or(name, |end| &name[..end + "-result".len()])
}
