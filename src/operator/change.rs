//! One write of an object, in two forms: on the version that was read, or on what was read itself.
//!
//! ```text
//! on a version   replaces the status, or merges finalizers, if nobody has written anything since
//! on its tests   the same as a JSON patch, if all that was decided on is still there; others may write what they like
//! ```
//! The second has no version to lose a race by: the API server itself makes it anew on what is there by then.

use axum::http::{Method, Request, header};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::Resource as _;
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use super::api::{CallError, Objects};
use super::reading::understood;
use crate::api::{LoadTest, LoadTestStatus};

/// What a decision on a test rests on. Whoever led before and has been asleep finds another status.
const DECIDED_ON: [&str; 4] =
    ["/metadata/uid", "/metadata/generation", "/metadata/deletionTimestamp", "/status"];
/// What is changed by others too is tested where it is changed.
const FINALIZERS: &str = "/metadata/finalizers";

/// What is to be written.
#[derive(Clone, Debug)]
pub enum Change<'a> {
    /// The whole status.
    Status(&'a LoadTestStatus),
    /// With this finalizer, or without it.
    Finalizer {
        /// The finalizer.
        name: &'a str,
        /// Whether it is to be there.
        is_to_hold: bool,
    },
}

/// The tests of one namespace, whatever stands in them.
#[derive(Clone)]
pub struct Tests {
    client: Client,
    namespace: String,
    calls: Objects<LoadTest>,
    raw: Api<DynamicObject>,
}

impl Tests {
    /// Those of `namespace`.
    #[must_use]
    pub fn new(client: &Client, namespace: &str) -> Self {
        let kind = ApiResource::erase::<LoadTest>(&());
        Tests {
            client: client.clone(),
            namespace: namespace.to_owned(),
            calls: Objects::new(client, namespace),
            raw: Api::namespaced_with(client.clone(), namespace, &kind),
        }
    }

    /// The test of this name, as it stands there; none: there is none.
    pub async fn get(&self, name: &str) -> Result<Option<DynamicObject>, CallError> {
        self.calls.call("get", name, self.raw.get_opt(name)).await
    }

    /// Writes on the version of `current`: whoever has written since is the reason for a conflict.
    pub async fn change(&self, current: &LoadTest, change: &Change<'_>) -> Result<LoadTest, CallError> {
        let name = current.name_any();
        let written = match change {
            Change::Status(status) => {
                let mut object = current.clone();
                object.metadata.managed_fields = None;
                object.status = Some((*status).clone());
                let (object, parameters) = (raw(&object), PostParams::default());
                let call = self.raw.replace_status(&name, &parameters, &object);
                self.calls.call("update the status of", &name, call).await
            }
            Change::Finalizer { .. } => {
                let finalizers = change.finalizers(current.finalizers());
                let version = current.resource_version();
                let patch = json!({"metadata": {"resourceVersion": version, "finalizers": finalizers}});
                let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
                self.calls.call("patch", &name, self.raw.patch(&name, &parameters, &patch)).await
            }
        };
        Ok(understood(&written?).test)
    }

    /// Writes on all that was decided on, as it stands in `seen`, whatever else was written since.
    pub async fn insist(&self, seen: &DynamicObject, change: &Change<'_>) -> Result<LoadTest, CallError> {
        let name = seen.name_any();
        let place = LoadTest::url_path(&(), Some(&self.namespace));
        let (part, verb) = match change {
            Change::Status(_) => ("/status", "patch the status of"),
            Change::Finalizer { .. } => ("", "patch"),
        };
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(format!("{place}/{name}{part}"))
            .header(header::CONTENT_TYPE, "application/json-patch+json")
            .body(as_the_server_writes(&patch(&raw_value(seen), change)).into_bytes());
        let Ok(request) = request else { unreachable!("names of objects are parts of paths") };
        let written = self.calls.call(verb, &name, self.client.request::<DynamicObject>(request)).await?;
        Ok(understood(&written).test)
    }
}

impl Change<'_> {
    fn finalizers(&self, there: &[String]) -> Vec<String> {
        let Change::Finalizer { name, is_to_hold } = self else { return there.to_vec() };
        let others = there.iter().filter(|held| held != name).cloned();
        others.chain(is_to_hold.then(|| (*name).to_owned())).collect()
    }
}

/// The tests, and the change. What isn't there is tested by `null`; `add` replaces as a whole what is there.
fn patch(seen: &Value, change: &Change<'_>) -> Value {
    let there = |place: &str| seen.pointer(place).cloned().unwrap_or_default();
    let test = |place: &str| json!({"op": "test", "path": place, "value": there(place)});
    let mut operations: Vec<Value> = DECIDED_ON.into_iter().map(test).collect();
    operations.extend(match change {
        Change::Status(status) => vec![json!({"op": "add", "path": "/status", "value": status})],
        Change::Finalizer { .. } => {
            let held: Vec<String> = serde_json::from_value(there(FINALIZERS)).unwrap_or_default();
            let add = json!({"op": "add", "path": FINALIZERS, "value": change.finalizers(&held)});
            vec![test(FINALIZERS), add]
        }
    });
    Value::Array(operations)
}

/// The API server compares texts as they are written, and it writes these characters by their numbers. They stand
/// nowhere but in texts.
fn as_the_server_writes(patch: &Value) -> String {
    let mut text = patch.to_string();
    for (character, number) in [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ] {
        text = text.replace(character, number);
    }
    text
}

fn raw(test: &LoadTest) -> DynamicObject {
    let read = serde_json::to_value(test).and_then(serde_json::from_value);
    let Ok(object) = read else { unreachable!("a test was read from JSON") };
    object
}

fn raw_value(object: &DynamicObject) -> Value {
    let Ok(value) = serde_json::to_value(object) else { unreachable!("an object was read from JSON") };
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::names::FINALIZER;
    use crate::operator::tests::makers::a_test;

    fn ops(patch: &Value, op: &str) -> Vec<(String, Value)> {
        let all = patch.as_array().unwrap().iter().filter(|it| it["op"] == op);
        all.map(|it| (it["path"].as_str().unwrap().to_owned(), it["value"].clone())).collect()
    }

    #[test]
    fn a_patch_tests_all_that_was_decided_on_and_changes_one_thing() {
        let seen = raw_value(&raw(a_test().with_run().object()));
        let status = LoadTestStatus::default();
        let held = Change::Finalizer { name: FINALIZER, is_to_hold: true };
        for (change, path, value, tested) in [
            (Change::Status(&status), "/status", json!({}), DECIDED_ON.to_vec()),
            (held, FINALIZERS, json!([FINALIZER]), [&DECIDED_ON[..], &[FINALIZERS]].concat()),
        ] {
            let patch = patch(&seen, &change);
            let there = |place: &str| seen.pointer(place).cloned().unwrap_or_default();
            let tested: Vec<_> = tested.into_iter().map(|place| (place.to_owned(), there(place))).collect();
            assert_eq!(ops(&patch, "test"), tested, "{path}");
            assert_eq!(ops(&patch, "add"), [(path.to_owned(), value)]);
        }
    }

    #[test]
    fn finalizers_of_others_stay() {
        let change = |is_to_hold| Change::Finalizer { name: FINALIZER, is_to_hold };
        let (others, ours) = ("example.com/keep".to_owned(), FINALIZER.to_owned());
        let both = vec![others.clone(), ours];
        assert_eq!(change(true).finalizers(std::slice::from_ref(&others)), both);
        assert_eq!(change(true).finalizers(&both), both);
        assert_eq!(change(false).finalizers(&both), [others]);
    }

    #[test]
    fn texts_are_written_as_the_server_writes_them() {
        let text = as_the_server_writes(&json!("a < b & c > d \u{2028} é \"\\"));
        assert_eq!(text, r#""a \u003c b \u0026 c \u003e d \u2028 é \"\\""#);
    }
}
