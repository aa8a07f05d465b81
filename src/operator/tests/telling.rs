//! Tests of what is told on the object when the API server won't have something.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::desk::{Desk, PATH};
use super::makers::{a_test, noon};
use crate::operator::build::status;
use crate::operator::fake_api::{FakeApi, Ill};
use crate::report::facts::rfc3339;

const STATUS: &str = "PUT /apis/loadgate.dev/v1alpha1/namespaces/shops/loadtests/shop/status";

/// A run whose load is over: it is told that it is judged, and the result can't be stored.
fn unstorable() -> FakeApi {
    let test = a_test().begun().with_status(|test| {
        let mut status = status::hindered(test, "LoadIsOn", "phase steady is on".to_owned(), noon());
        (status.phase, status.run.as_mut().unwrap().started_at) =
            (Some("Running".to_owned()), Some(rfc3339(noon())));
        status
    });
    let api = FakeApi::default();
    api.put(PATH, json!(test.object()));
    api.forbids("POST /api/v1/namespaces/shops/configmaps");
    api
}

/// One look at the test by an operator whose term lasts so long.
async fn look(api: &FakeApi, term: Duration) {
    drop(Desk::until(api, Instant::now() + term).looks().await);
}

/// The stage, and the reason why it isn't over.
fn told(api: &FakeApi) -> (Value, Value) {
    let status = api.object(PATH).unwrap()["status"].clone();
    let conditions = status["conditions"].as_array().unwrap();
    let reconciling = conditions.iter().find(|condition| condition["type"] == "Reconciling").unwrap();
    (status["phase"].clone(), reconciling["reason"].clone())
}

#[tokio::test(start_paused = true)]
async fn it_is_told_on_the_object_as_the_step_that_failed_has_left_it() {
    let api = unstorable();
    look(&api, Duration::MAX / 4).await;
    assert_eq!(told(&api), (json!("Judging"), json!("Forbidden")));
}

#[tokio::test(start_paused = true)]
async fn it_is_told_although_others_write_labels_all_the_time() {
    let api = unstorable();
    api.falls_ill(Ill::Stormy(4));
    look(&api, Duration::MAX / 4).await;
    assert_eq!(told(&api), (json!("Judging"), json!("Forbidden")));
}

#[tokio::test(start_paused = true)]
async fn behind_the_end_of_its_term_an_operator_tells_nothing_more() {
    let api = unstorable();
    api.takes(Duration::from_secs(1));
    let began = Instant::now();
    look(&api, Duration::MAX / 4).await;
    let (took, calls) = (began.elapsed(), api.calls());
    let writes = calls.iter().filter(|call| *call == STATUS).count();
    assert_eq!(writes, 2, "the stage, and what is missing: {calls:?}");
    assert_eq!(calls.last().map(String::as_str), Some(STATUS), "{calls:?}");

    let api = unstorable();
    api.takes(Duration::from_secs(1));
    look(&api, took.saturating_sub(Duration::from_millis(500))).await;
    assert_eq!(told(&api), (json!("Judging"), json!("Judging")));
}
