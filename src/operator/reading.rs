//! Reads tests as the API server has them, also those that this release can't make sense of: where the definition in the
//! cluster is older or newer than the operator, or was none when an object was made. Such a test is told so on itself, and
//! keeps nothing from the others.

use kube::api::DynamicObject;
use kube::core::DeserializeGuard;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::api::CallError;
use super::change::Tests;
use super::context::Context;
use super::dropped::missing;
use crate::api::{LoadTest, LoadTestSpec};
use crate::plan::Fault;

/// A test as a watch tells of it: one that can't be read doesn't end the watch.
pub type Watched = DeserializeGuard<LoadTest>;

/// A test as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The test. Where its spec can't be read, that is empty.
    pub test: LoadTest,
    /// Why its spec can't be read, if it can't.
    pub faults: Vec<Fault>,
}

/// The test of this name as it is now, with what this process knows to be dropped of its status; none: there is none.
pub async fn read(context: &Context, namespace: &str, name: &str) -> Result<Option<Read>, CallError> {
    let test = Tests::new(&context.client, namespace).get(name).await?;
    let read = test.map(|object| understood(&object));
    Ok(read.map(|read| Read { test: context.known.restored(read.test), ..read }))
}

/// What this release makes of the object. A status that it can't read is nobody's word, and left out.
#[must_use]
pub fn understood(object: &DynamicObject) -> Read {
    let status = parsed(&object.data["status"]).ok();
    let (spec, faults) = match parsed::<LoadTestSpec>(&object.data["spec"]) {
        Ok(spec) => {
            let known = serde_json::to_value(&spec).unwrap_or_default();
            let unknown = missing(&object.data["spec"], &known, "spec");
            (spec, unknown.iter().map(|path| unreadable(path, "unknown field")).collect())
        }
        Err(error) => (LoadTestSpec::default(), vec![unreadable("spec", &error.to_string())]),
    };
    let test = LoadTest { metadata: object.metadata.clone(), spec, status };
    Read { test, faults }
}

fn parsed<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(value)
}

fn unreadable(path: &str, why: &str) -> Fault {
    let release = env!("CARGO_PKG_VERSION");
    let fix = "correct it, or bring operator and definition to one release";
    Fault { path: path.to_owned(), message: format!("operator {release} can't read it: {why}; {fix}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operator::tests::makers::a_test;

    fn of(change: impl FnOnce(&mut Value)) -> Read {
        let mut object = serde_json::to_value(a_test().with_run().object()).unwrap();
        change(&mut object);
        understood(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn what_this_release_writes_it_reads() {
        let read = of(|_| ());
        assert_eq!(read, Read { test: a_test().with_run().object().clone(), faults: Vec::new() });
        let read = of(|object| {
            object["spec"]["title"] = Value::Null;
            object["spec"]["variables"] = json!({});
        });
        assert_eq!(read.faults, Vec::new(), "what says nothing asks for nothing");
    }

    #[test]
    fn what_another_release_has_brought_is_named() {
        type Change = fn(&mut Value);
        let changes: [(&str, Change, &str); 5] = [
            ("a field", |it| it["spec"]["hooks"] = json!([{"name": "x"}]), "spec.hooks"),
            ("a part of one", |it| it["spec"]["target"]["pool"] = json!(5), "spec.target.pool"),
            (
                "a part of an item",
                |it| it["spec"]["phases"][0]["load"]["chaos"] = json!(true),
                "spec.phases[0].load",
            ),
            ("another type", |it| it["spec"]["phases"] = json!("many"), "spec"),
            ("nothing at all", |it| it["spec"] = Value::Null, "spec"),
        ];
        for (what, change, path) in changes {
            let read = of(change);
            assert!(read.faults[0].path.starts_with(path), "{what}: {:?}", read.faults);
            assert!(read.faults[0].message.contains("can't read it"), "{what}: {:?}", read.faults);
            assert_eq!(read.test.status, a_test().with_run().object().status, "{what}");
        }
    }

    #[test]
    fn a_status_that_cannot_be_read_is_left_out() {
        let read = of(|object| object["status"]["verdict"] = json!("Splendid"));
        assert_eq!((read.test.status, read.faults), (None, Vec::new()));
    }
}
