//! Definitions of other releases than the operator's: older, newer, or so loose that anything can be stored.
//!
//! They are the cluster's, so these tests run one after the other and beside no others.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "what these tests share with those of faults has more than they need")]

mod support;
#[path = "faults/world.rs"]
mod world;

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps,
};
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, PostParams};
use kube::runtime::conditions::is_deleted;
use kube::runtime::wait::await_condition;
use loadgate::api::{LoadTest, crd};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use outcome::{REQUESTS, counts_are_exact};
use stage::{Stage, on_rough_stage, on_stage};
use support::loadtests::runtime;
#[allow(clippy::wildcard_imports, reason = "the list of these modules stands in one place")]
use world::*;

const NAME: &str = "shop";
const LIMIT: Duration = Duration::from_mins(3);
static PLACES: Semaphore = Semaphore::const_new(1);

/// What can't be read, by the field that is told.
const MALFORMED: [(&str, &str, &str); 4] = [
    ("without-spec", "null", "spec"),
    ("of-another-type", r#"{"target": {"baseUrl": "http://127.0.0.1:1"}, "phases": "many"}"#, "spec"),
    (
        "of-another-release",
        r#"{"target": {"baseUrl": "http://127.0.0.1:1"}, "scenarios": [{"name": "a", "steps": [{"name": "b", "request": {"path": "/"}}]}],
            "phases": [{"name": "c", "load": {"burst": {"iterations": 1}}}], "hooks": [{"name": "d"}]}"#,
        "spec.hooks",
    ),
    ("of-anything", r#"{"phases": [[[7]]]}"#, "spec"),
];
/// What is played under one definition.
type Part = fn() -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Beside so many others.
const SOUND: usize = 16;

#[test]
fn definitions_of_other_releases_stop_nothing_and_are_told() {
    let parts: [(CustomResourceDefinition, Part); 2] = [
        (loose(), || Box::pin(a_few_malformed_tests_keep_nothing_from_the_others())),
        (older(), || Box::pin(a_run_comes_to_its_end_under_an_older_definition())),
    ];
    for (definition, part) in parts {
        runtime().block_on(async {
            if !definition::bring_as(definition).await {
                return;
            }
            let played = tokio::spawn(part()).await;
            definition::take_away().await;
            if let Err(error) = played {
                std::panic::resume_unwind(error.into_panic());
            }
        });
    }
}

/// What is awaited, within a limit.
async fn within<T>(limit: Duration, what: &str, awaited: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(limit, awaited).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {limit:?}"))
}

/// Anything can be stored.
fn loose() -> CustomResourceDefinition {
    let mut definition = crd();
    for part in properties(&mut definition).values_mut() {
        *part = JSONSchemaProps {
            type_: Some("object".to_owned()),
            nullable: Some(true),
            x_kubernetes_preserve_unknown_fields: Some(true),
            ..JSONSchemaProps::default()
        };
    }
    let schema = definition.spec.versions[0].schema.as_mut().unwrap().open_api_v3_schema.as_mut().unwrap();
    schema.required = None;
    definition
}

/// As before these parts of the status came.
fn older() -> CustomResourceDefinition {
    let mut definition = crd();
    let status = properties(&mut definition).get_mut("status").unwrap().properties.as_mut().unwrap();
    for name in ["generator", "display", "history"] {
        assert!(status.remove(name).is_some(), "the status has no {name}");
    }
    definition
}

fn properties(
    definition: &mut CustomResourceDefinition,
) -> &mut std::collections::BTreeMap<String, JSONSchemaProps> {
    let schema = definition.spec.versions[0].schema.as_mut().unwrap();
    schema.open_api_v3_schema.as_mut().unwrap().properties.as_mut().unwrap()
}

async fn a_few_malformed_tests_keep_nothing_from_the_others() {
    on_rough_stage(|stage| async move {
        let tests: Api<DynamicObject> = Api::namespaced_with(
            stage.own.client.clone(),
            &stage.own.namespace,
            &ApiResource::erase::<LoadTest>(&()),
        );
        for (name, spec, _) in MALFORMED {
            let spec: Value = serde_json::from_str(spec).unwrap();
            let object = json!({"apiVersion": "loadgate.dev/v1alpha1", "kind": "LoadTest", "metadata": {"name": name}, "spec": spec});
            tests.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
        }
        join_all((0..SOUND).map(|number| stage.apply_named(format!("sound-{number}")))).await;
        stage.operator.start();
        for (name, _, field) in MALFORMED {
            let told = |object: Option<&DynamicObject>| object.is_some_and(|it| it.data["status"]["phase"] == "Invalid");
            let told = within(LIMIT, name, Box::pin(await_condition(tests.clone(), name, told))).await;
            let status = told.unwrap().unwrap().data["status"].clone();
            let message = status["message"].as_str().unwrap();
            assert!(message.starts_with(&format!("{field}: ")), "{name}: {message}");
            assert!(message.contains("bring operator and definition to one release"), "{name}: {message}");
        }
        for number in 0..SOUND {
            let name = format!("sound-{number}");
            let over = |object: Option<&DynamicObject>| {
                object.is_some_and(|it| it.data["status"]["run"]["finishedAt"].is_string())
            };
            let over = within(LIMIT, &name, Box::pin(await_condition(tests.clone(), &name, over))).await;
            assert_eq!(over.unwrap().unwrap().data["status"]["summary"]["requests"], 10, "{name}");
        }
        for (name, _, _) in MALFORMED {
            let uid = tests.get(name).await.unwrap().metadata.uid.unwrap();
            tests.delete(name, &DeleteParams::default()).await.unwrap();
            let gone = Box::pin(await_condition(tests.clone(), name, is_deleted(&uid)));
            within(LIMIT, name, gone).await.unwrap();
        }
        stage.is_without_pods().await;
        assert_eq!(stage.target.seen().len(), 10 * SOUND);
    })
    .await;
}

async fn a_run_comes_to_its_end_under_an_older_definition() {
    on_stage(|stage: Stage| async move {
        stage.apply().await;
        stage.operator.start();
        let test = stage.until("complete", stage::is_complete).await;
        let status = serde_json::to_value(&test.status).unwrap();
        assert_eq!(status["generator"], Value::Null, "this definition doesn't keep it");
        let verdict = &status["verdict"];
        assert!(["Pass", "Inconclusive"].iter().any(|told| verdict == told), "{status:#}");
        assert_eq!(status["summary"]["requests"], REQUESTS);
        stage.until("let go", |test| test.metadata.finalizers.iter().flatten().next().is_none()).await;
        stage.is_without_pods().await;
        let told = "the definition of LoadTests in the cluster isn't this release's";
        assert!(stage.operator.log().contains(told), "not told: {}", stage.operator.log());
        let writes = stage.proxy.so_far().writes.len();
        assert!(writes < 60, "{writes} writes");
        counts_are_exact(&status, &stage.target.seen());
    })
    .await;
}
