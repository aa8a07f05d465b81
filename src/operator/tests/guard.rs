//! Tests of guarded writes: only what a decision rests on holds them up, and not for ever.

use kube::api::PostParams;
use serde_json::json;

use super::makers::a_test;
use crate::api::{LoadTest, LoadTestStatus};
use crate::operator::api::{CallError, Objects};
use crate::operator::fake_api::{FakeApi, Ill};
use crate::operator::guard::{guarded, is_still};

const PATH: &str = "/apis/loadgate.dev/v1alpha1/namespaces/shops/loadtests/shop";

/// Writes `phase` on the object as it was decided on, after `meanwhile` has happened to the server.
async fn write(meanwhile: impl FnOnce(&FakeApi)) -> (Result<LoadTest, CallError>, FakeApi) {
    let api = FakeApi::default();
    api.put(PATH, json!(a_test().object()));
    let tests = Objects::<LoadTest>::new(&api.client(), "shops");
    let decided_on = tests.get("shop").await.unwrap().unwrap();
    api.calls();
    meanwhile(&api);
    let tests = &tests;
    let written = guarded(tests, &decided_on, |mut current| async move {
        current.status = Some(LoadTestStatus { phase: Some("Starting".to_owned()), ..Default::default() });
        let parameters = PostParams::default();
        tests.call("update", "shop", tests.api().replace_status("shop", &parameters, &current)).await
    })
    .await;
    (written, api)
}

fn changed(api: &FakeApi, change: impl FnOnce(&mut serde_json::Value)) {
    let mut object = api.object(PATH).unwrap();
    change(&mut object);
    api.put(PATH, object);
}

#[tokio::test]
async fn a_write_goes_through_although_labels_change_all_the_time() {
    let storm = |api: &FakeApi| {
        changed(api, |object| object["metadata"]["labels"] = json!({"seen": "1"}));
        api.falls_ill(Ill::Stormy(3));
    };
    let (written, api) = write(storm).await;
    assert_eq!(written.unwrap().status.unwrap().phase.as_deref(), Some("Starting"));
    assert_eq!(api.object(PATH).unwrap()["metadata"]["labels"]["seen"], "1", "others' changes stay");
}

#[tokio::test]
async fn it_gives_up_in_the_end() {
    let (written, api) = write(|api| api.falls_ill(Ill::Stormy(u32::MAX))).await;
    assert!(written.unwrap_err().is_conflict());
    assert!(api.calls().len() <= 50, "it asks and writes a few times only");
}

#[tokio::test]
async fn what_was_decided_on_something_else_is_not_written() {
    type Change = fn(&mut serde_json::Value);
    let changes: [(&str, Change); 3] = [
        ("another spec", |object| object["metadata"]["generation"] = json!(2)),
        ("another status", |object| object["status"]["phase"] = json!("Passed")),
        ("it is going", |object| object["metadata"]["deletionTimestamp"] = json!("2026-03-01T12:00:00Z")),
    ];
    for (what, change) in changes {
        let (written, api) = write(|api| changed(api, change)).await;
        assert!(written.unwrap_err().is_conflict(), "{what}");
        assert_ne!(api.object(PATH).unwrap()["status"]["phase"], "Starting", "{what}");
    }
}

#[test]
fn another_object_of_the_same_name_is_another() {
    let test = a_test();
    let mut other = test.object().clone();
    assert!(is_still(test.object(), &other));
    other.metadata.uid = Some("another".to_owned());
    assert!(!is_still(test.object(), &other));
}
