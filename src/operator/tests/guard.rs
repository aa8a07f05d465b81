//! Tests of guarded writes: only what a decision rests on holds them up, and not for ever.

use serde_json::json;

use super::desk::{Desk, PATH};
use super::makers::a_test;
use crate::api::{LoadTest, LoadTestStatus};
use crate::operator::api::CallError;
use crate::operator::change::{Change, Tests};
use crate::operator::fake_api::{FakeApi, Ill};
use crate::operator::guard::{guarded, is_still};
use crate::operator::names::FINALIZER;

fn starting() -> LoadTestStatus {
    LoadTestStatus { phase: Some("Starting".to_owned()), ..Default::default() }
}

/// Writes a status on the object as it was decided on, after `meanwhile` has happened to the server.
async fn write(meanwhile: impl FnOnce(&FakeApi)) -> (Result<LoadTest, CallError>, FakeApi) {
    let api = FakeApi::default();
    api.put(PATH, json!(a_test().object()));
    let mut decided_on = a_test().object().clone();
    decided_on.metadata.resource_version = Some("1".to_owned());
    meanwhile(&api);
    let written = guarded(&Desk::new(&api).context, &decided_on, &Change::Status(&starting())).await;
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
async fn it_goes_through_although_somebody_is_always_faster() {
    let (written, api) = write(|api| api.falls_ill(Ill::Stormy(u32::MAX))).await;
    assert_eq!(written.unwrap().status.unwrap().phase.as_deref(), Some("Starting"));
    assert_eq!(api.calls().len(), 7, "three times it writes and looks, and then it insists");
}

#[tokio::test]
async fn finalizers_go_through_beside_those_of_others() {
    let api = FakeApi::default();
    let mut test = a_test().object().clone();
    test.metadata.finalizers = Some(vec!["example.com/keep".to_owned()]);
    api.put(PATH, json!(test));
    let seen = Tests::new(&api.client(), "shops").get("shop").await.unwrap().unwrap();
    let insist = async |is_to_hold| {
        let change = Change::Finalizer { name: FINALIZER, is_to_hold };
        Tests::new(&api.client(), "shops").insist(&seen, &change).await
    };
    assert_eq!(insist(true).await.unwrap().metadata.finalizers.unwrap(), ["example.com/keep", FINALIZER]);
    // What it was decided on isn't there any more.
    assert!(insist(true).await.unwrap_err().is_failed_test());
}

#[tokio::test]
async fn whoever_insists_on_what_was_before_is_refused() {
    type Meanwhile = fn(&mut serde_json::Value);
    let changes: [(&str, Meanwhile, bool); 6] = [
        ("only a label", |it| it["metadata"]["labels"] = json!({"seen": "1"}), true),
        ("another leader has told something", |it| it["status"]["phase"] = json!("Running"), false),
        ("the status was removed", |it| it["status"] = json!(null), false),
        ("another spec", |it| it["metadata"]["generation"] = json!(2), false),
        ("it is going", |it| it["metadata"]["deletionTimestamp"] = json!("2026-03-01T12:00:00Z"), false),
        ("another object of its name", |it| it["metadata"]["uid"] = json!("another"), false),
    ];
    for (what, change, goes_through) in changes {
        let api = FakeApi::default();
        api.put(PATH, json!(a_test().object()));
        let tests = Tests::new(&api.client(), "shops");
        let seen = tests.get("shop").await.unwrap().unwrap();
        changed(&api, change);
        let meanwhile = api.object(PATH).unwrap();
        match tests.insist(&seen, &Change::Status(&starting())).await {
            Ok(written) => assert_eq!(written.status, Some(starting()), "{what}"),
            Err(error) => {
                assert!(error.is_failed_test() && !goes_through, "{what}: {error}");
                assert_eq!(api.object(PATH).unwrap(), meanwhile, "{what}");
            }
        }
    }
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
