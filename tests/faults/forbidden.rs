//! Takes a right away from the operator, and gives it back: it is told what is missing, and the run goes on.

use std::time::Duration;

use futures_util::future::join_all;
use loadgate::api::LoadTest;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::outcome::{REQUESTS, USERS, counts_are_exact, labels, leaves_only_its_result, was_told_in_order};
use crate::proxy::Heard;
use crate::rights::{give_back, take_away};
use crate::stage::{Stage, on_stage};
use crate::support::gates;
use crate::support::loadtests::is_judged;
use crate::write::Write;
use crate::{LIMIT, within};

/// So soon it is told.
const SOON: Duration = Duration::from_secs(10);

/// Each phase takes 6 s: the load is still on when the next operator comes.
const LONG: u64 = 30;

/// Where it is told what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// On the object.
    Condition,
    /// In the log only: the status can't be written, the object not be read, or the verdict is there already.
    Log,
}

/// A right, behind which write it is taken away (none: before the operator starts), and where that is told.
type Case = (&'static str, &'static str, Option<&'static str>, Told);

const CASES: &[Case] = &[
    ("create", "jobs", None, Told::Condition),
    ("create", "configmaps", None, Told::Condition),
    // The record and the result.
    ("create", "configmaps", Some("POST jobs shop-run-1"), Told::Condition),
    ("create", "configmaps", Some("PUT loadtests/status shop: Running one"), Told::Condition),
    ("patch", "loadtests", None, Told::Condition),
    ("get", "jobs", None, Told::Condition),
    ("list", "pods", Some("POST jobs shop-run-1"), Told::Condition),
    ("list", "pods", Some("PUT loadtests/status shop: Running one"), Told::Condition),
    ("create", "tokenreviews", None, Told::Condition),
    ("get", "pods", None, Told::Condition),
    ("update", "loadtests/status", None, Told::Log),
    ("update", "loadtests/status", Some("POST configmaps shop-run-1-record"), Told::Log),
    ("patch", "loadtests/status", None, Told::Log),
    ("get", "loadtests", None, Told::Log),
    ("list", "loadtests", None, Told::Log),
    ("delete", "jobs", None, Told::Log),
    ("delete", "configmaps", None, Told::Log),
];

pub(crate) async fn a_right_that_is_taken_away_is_named_and_the_run_goes_on_when_it_is_back() {
    let played = join_all(CASES.iter().map(|case| tokio::spawn(on_stage(|stage| play(stage, *case))))).await;
    let failed =
        CASES.iter().zip(played).filter_map(|(case, played)| Some((case, played.err()?.to_string())));
    let failed: Vec<_> = failed.collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

async fn play(stage: Stage, (verb, resource, behind, told): Case) {
    stage.apply().await;
    if (verb, resource) == ("patch", "loadtests/status") {
        // Only who comes too late with the other verb needs it.
        stage.proxy.overtakes();
    }
    if behind.is_none() {
        take_away(&stage.own, verb, resource).await;
    }
    stage.operator.start();
    if let Some(behind) = behind {
        stage.proxy.heard(behind, |heard| labels(&heard.writes).contains(&behind)).await;
        take_away(&stage.own, verb, resource).await;
    }
    let missing = format!("cannot {verb} resource \"{resource}\"");
    match told {
        Told::Condition => is_told_on_the_object(&stage, &missing).await,
        Told::Log => is_logged(&stage, &missing).await,
    }
    // A review of a token stores nothing, and doesn't count as a write.
    if told == Told::Condition && ["create", "patch"].contains(&verb) && resource != "tokenreviews" {
        is_told_once(&stage).await;
    }
    if told == Told::Log && verb != "list" {
        let counted = "loadgate_reconcile_errors_total{reason=\"forbidden\"} ";
        let metrics = stage.operator.metrics().await;
        assert!(metrics.contains(counted), "not counted: {metrics}");
    }
    give_back(&stage.own, verb, resource).await;
    let status = stage.comes_to_rest().await;
    is_judged(&status, "Pass");
    assert_eq!(status["summary"]["requests"], REQUESTS);
    leaves_only_its_result(&stage).await;
    was_told_in_order(&stage.proxy.so_far().writes);
    counts_are_exact(&status, &stage.target.seen());
}

/// Workers are known by tokens that were checked once: another operator has to check them again.
pub(crate) async fn a_right_that_the_next_operator_lacks_in_mid_run_is_named() {
    on_stage(|stage| async move {
        stage.apply_with(LONG).await;
        stage.operator.start();
        let running = "PUT loadtests/status shop: Running one";
        stage.proxy.heard(running, |heard| labels(&heard.writes).contains(&running)).await;
        take_away(&stage.own, "create", "tokenreviews").await;
        stage.operator.kill().await;
        stage.start_another().await;
        is_told_on_the_object(&stage, "cannot create resource \"tokenreviews\"").await;
        give_back(&stage.own, "create", "tokenreviews").await;
        let status = stage.comes_to_rest().await;
        is_judged(&status, "Pass");
        assert_eq!(status["summary"]["requests"], 2 * USERS * LONG);
        leaves_only_its_result(&stage).await;
        was_told_in_order(&stage.proxy.so_far().writes);
        counts_are_exact(&status, &stage.target.seen());
    })
    .await;
}

async fn is_told_on_the_object(stage: &Stage, missing: &str) {
    let is_told = |test: &LoadTest| {
        let conditions = test.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
        let told = conditions.iter().find(|condition| condition.type_ == "Reconciling");
        told.is_some_and(|told| told.reason == "Forbidden" && told.message.contains(missing))
    };
    let what = format!("told that it {missing}");
    let test = within(SOON, &what, Box::pin(stage.until(&what, is_told))).await;
    let golden = gates::committed("forbidden");
    assert_eq!(gates::conditions(&test), gates::conditions(&golden), "as gates are known to read it");
}

/// It is tried again, and what was told isn't told anew, nor something else in between.
async fn is_told_once(stage: &Stage) {
    let tried = |heard: &Heard| since_told(&heard.writes).iter().any(|write| write.answer == 403);
    let writes = stage.proxy.heard("it is tried again", tried).await.writes;
    let told = since_told(&writes).iter().filter(|write| write.status.is_some()).count();
    assert_eq!(told, 0, "told again: {:?}", labels(&writes));
}

/// What was written behind the first status that says what is missing.
fn since_told(writes: &[Write]) -> &[Write] {
    let says = |condition: &Value| condition["type"] == "Reconciling" && condition["reason"] == "Forbidden";
    let is_told = |write: &Write| {
        let conditions = write.status.as_ref().and_then(|status| status["conditions"].as_array());
        write.is_done() && conditions.is_some_and(|conditions| conditions.iter().any(says))
    };
    let told = writes.iter().position(is_told);
    told.map_or(&[], |told| &writes[told + 1..])
}

async fn is_logged(stage: &Stage, missing: &str) {
    let began = Instant::now();
    // As a person would who looks again and again: a file tells nobody that it has grown.
    while !stage.operator.log().replace('\\', "").contains(missing) {
        // What only the end of a run needs is asked for at its end: how soon that is depends on the machine.
        assert!(began.elapsed() < LIMIT, "not logged after {LIMIT:?}: {missing}: {}", stage.operator.log());
        sleep(Duration::from_millis(50)).await;
    }
}
