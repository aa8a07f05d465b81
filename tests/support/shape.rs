//! What all objects in one state have in common: which fields there are, and their words. What differs from run to run
//! is masked: times, identities, figures, names.

use std::sync::LazyLock;

use loadgate::api::LoadTest;
use loadgate::operator::names;
use regex::Regex;
use serde_json::{Map, Value, json};

/// What the API server keeps for itself, and kubectl for its next `apply`.
const NOT_OURS: [&str; 3] = ["managedFields", "resourceVersion", "annotations"];

/// Numbers that were measured, or depend on how much was.
const FIGURES: [&str; 18] = [
    "requests",
    "succeeded",
    "cut",
    "iterations",
    "durationMillis",
    "requestsPerSecond",
    "p50Micros",
    "p90Micros",
    "p95Micros",
    "p99Micros",
    "maxMicros",
    "meanMicros",
    "bytesSent",
    "bytesReceived",
    "lagP99Micros",
    "achievedPpm",
    "percent",
    "users",
];

/// All of the object but its spec, which is the user's, as YAML.
pub(crate) fn shape(test: &LoadTest) -> String {
    let Value::Object(mut object) = serde_json::to_value(test).unwrap() else {
        unreachable!("it has fields")
    };
    object.remove("spec");
    let generation = object["metadata"]["generation"].take();
    object["metadata"].as_object_mut().unwrap().retain(|name, _| !NOT_OURS.contains(&name.as_str()));
    for value in object.values_mut() {
        relate(value, &generation);
    }
    if let Some(location) =
        object.get_mut("status").and_then(|status| status.pointer_mut("/results/location"))
    {
        *location = json!(if *location == json!(result_of(test)) { "its own" } else { "another's" });
    }
    if object["status"]["phase"] == "Starting" {
        // They come one by one, and may all have come by the time that it is told.
        object["status"]["workers"]["ready"] = json!("some");
    }
    let own = [&test.metadata.name, &test.metadata.namespace].map(|name| name.clone().unwrap());
    serde_yaml::to_string(&fields(&object, &own)).unwrap()
}

/// Which spec is spoken of, in the place of its number.
fn relate(value: &mut Value, generation: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "observedGeneration" {
                    *value = json!(if value == generation { "of this spec" } else { "of another spec" });
                }
                relate(value, generation);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| relate(item, generation)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn result_of(test: &LoadTest) -> String {
    let run = test.status.as_ref().and_then(|status| status.run.as_ref()).unwrap();
    format!("configmap/{}", names::result(test.metadata.name.as_deref().unwrap(), run.number, &run.uid))
}

fn fields(object: &Map<String, Value>, own: &[String]) -> Map<String, Value> {
    object.iter().map(|(name, value)| (name.clone(), masked(name, value, own))).collect()
}

fn masked(name: &str, value: &Value, own: &[String]) -> Value {
    match value {
        Value::Object(object) => Value::Object(fields(object, own)),
        Value::Array(items) => items.iter().map(|item| masked(name, item, own)).collect(),
        Value::Number(_) if FIGURES.contains(&name) => json!("a figure"),
        Value::String(_) if ["uid", "runHash"].contains(&name) => json!("an identity"),
        Value::String(text) => json!(without_figures(text, own)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// `p95 = 20.0 ms` is `p95 = # time`; but `p95` is a name, and stays.
fn without_figures(text: &str, own: &[String]) -> String {
    static MOMENT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap());
    static FIGURE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d+(?:[.,]\d+)*").unwrap());
    static TIME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"# (us|ms|s|m|h)\b").unwrap());
    static BECAUSE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(workers ready; |ready within # time: ).*").unwrap());
    static LAST_WORDS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" \(worker #: [^)]*\)").unwrap());
    let text = own.iter().fold(text.to_owned(), |text, name| text.replace(name, "…"));
    let text = MOMENT.replace_all(&text, "a time");
    let text = FIGURE.replace_all(&text, "#");
    let text = TIME.replace_all(&text, "# time");
    // A pod that goes with its Job may be gone before anybody has read what its worker said last.
    let text = LAST_WORDS.replace(&text, "");
    // What keeps workers is told in the words of Kubernetes, which are many.
    BECAUSE.replace(&text, "$1…").into_owned()
}
