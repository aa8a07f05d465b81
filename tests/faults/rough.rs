//! An API server that is busy, refuses, hangs, contradicts itself: the run goes on, and its end is the same.

use std::time::Duration;

use kube::ResourceExt;
use kube::runtime::wait::await_condition;
use loadgate::api::{LoadTest, LoadTestSpec};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::outcome::{
    LASTING, PER_USER, REQUESTS, USERS, counts_are_exact, labels, leaves_only_its_result, was_told_in_order,
};
use crate::stage::{Stage, is_told, on_stage, phase};
use crate::storm::others_write;
use crate::support::loadtests::is_judged;
use crate::weather::{Trouble, Weather};
use crate::write::Write;
use crate::{LIMIT, NAME, within};

/// As long as the load is on.
const ALL_ALONG: Duration = Duration::from_mins(2);
/// Renewals have a way of their own: what becomes of those is what `tests/election.rs` tests.
const RENEWALS: &str = "/leases";

pub(crate) async fn an_api_server_that_is_busy_for_a_minute_is_not_pressed_and_the_run_goes_on() {
    /// For so long it answers 429 to everything.
    const BUSY: Duration = Duration::from_mins(1);
    /// In that time it may be asked so often: a look every 3 s, and watches that come back slower and slower.
    const MOST: usize = 120;
    on_stage(|stage| async move {
        stage.runs(LASTING).await;
        stage.proxy.weather(Weather::new(8, vec![Trouble::Busyness], BUSY).sparing(RENEWALS));
        let before = stage.proxy.so_far().requests;
        // That long, and no event tells its end: it is the fault.
        sleep(BUSY).await;
        let asked = stage.proxy.so_far().requests - before;
        assert!(asked < MOST, "it was asked {asked} times in {BUSY:?}");
        ends_as_planned(stage, 2 * USERS * LASTING).await;
    })
    .await;
}

pub(crate) async fn what_is_made_without_an_answer_is_made_once() {
    on_stage(|stage| async move {
        stage.proxy.weather(Weather::new(9, vec![Trouble::Deafness], ALL_ALONG));
        stage.apply().await;
        stage.operator.start();
        let writes = stage.proxy.hearing();
        ends_as_planned(stage, REQUESTS).await;
        let writes = &writes.borrow().writes;
        let done = writes.iter().filter(|write| write.is_done()).map(|write| write.label.as_str());
        let mut made: Vec<&str> = done.filter(|label| label.starts_with("POST ")).collect();
        made.sort_unstable();
        let of_the_run =
            ["configmaps shop-run-1-record", "configmaps shop-run-1-result", "configmaps shop-run-1-spec"];
        let of_the_run = of_the_run.map(|label| format!("POST {label}"));
        assert_eq!(
            made,
            [&of_the_run[..], &["POST jobs shop-run-1".to_owned(), "POST leases loadgate".to_owned()]]
                .concat()
        );
    })
    .await;
}

pub(crate) async fn errors_on_one_in_five_calls_change_nothing() {
    on_stage(|stage| async move {
        stage.proxy.weather(Weather::new(9, vec![Trouble::Errors], ALL_ALONG));
        stage.apply().await;
        stage.operator.start();
        ends_as_planned(stage, REQUESTS).await;
    })
    .await;
}

pub(crate) async fn an_api_server_that_gives_no_answer_is_given_up_and_found_again() {
    /// For so long nothing is answered.
    const SILENT: Duration = Duration::from_secs(45);
    /// A call is given up after 20 s, a watch that tells nothing after 65 s.
    const FOUND: Duration = Duration::from_secs(90);
    on_stage(|stage| async move {
        stage.runs(LASTING).await;
        let hole = Weather::new(10, vec![Trouble::Silence], SILENT).sparing(RENEWALS);
        let began = Instant::now();
        stage.proxy.weather(hole);
        stage.operator.is_alive_for(SILENT).await;
        let late = "no answer within 20 s";
        assert!(stage.operator.log().contains(late), "no call was given up: {}", stage.operator.log());
        stage.until("complete", crate::stage::is_complete).await;
        // The watches that were open stay mute, and nobody has a reason to look at this: only new ones tell of it.
        let another = stage.make(&another(&stage).await).await.name_any();
        let is_told = |test: Option<&LoadTest>| test.is_some_and(|test| phase(test) == "Aborted");
        let told = Box::pin(await_condition(stage.api(), &another, is_told));
        within(LIMIT, "another test is told of", told).await.unwrap();
        assert!(began.elapsed() < SILENT + FOUND, "told after {:?}", began.elapsed());
        is_as_planned(stage, 2 * USERS * LASTING).await;
    })
    .await;
}

/// The same test by another name, of which no load comes.
async fn another(stage: &Stage) -> LoadTest {
    let LoadTest { spec, .. } = stage.api::<LoadTest>().get(NAME).await.unwrap();
    LoadTest::new("another", LoadTestSpec { abort: Some(true), ..spec })
}

pub(crate) async fn watches_that_lose_double_and_delay_events_change_nothing() {
    for seed in [12, 13] {
        on_stage(move |stage| async move {
            let weather = Weather::new(seed, vec![Trouble::Gaps, Trouble::Gossip], ALL_ALONG);
            stage.proxy.weather(weather);
            stage.apply().await;
            stage.operator.start();
            ends_as_planned(stage, REQUESTS).await;
        })
        .await;
    }
}

pub(crate) async fn others_who_write_the_object_all_the_time_keep_nothing_from_its_end() {
    on_stage(|stage| async move {
        // Fifty times a second, and always just before the operator does.
        stage.proxy.overtakes();
        let runs = async {
            stage.apply_but(PER_USER, with_texts).await;
            stage.operator.start();
            is_judged(&stage.comes_to_rest().await, "Pass");
            was_told_in_order(&stage.proxy.so_far().writes);
            stage.patch(json!({"spec": {"requirements": [{"id": "NEW", "metric": "error_rate", "target": "< 2%", "must": true}]}})).await;
            stage.until("judged anew", is_told).await;
        };
        tokio::select! {
            () = others_write(&stage, LIMIT * 3) => panic!("not complete after {:?}", LIMIT * 3),
            () = runs => {}
        }
        is_not_pressed(&stage.proxy.so_far().writes);
        is_as_planned(stage, REQUESTS).await;
    })
    .await;
}

/// What the API server writes otherwise than others do stands in the status too.
fn with_texts(spec: &mut Value) {
    spec["requirements"][0]["title"] = json!("Errors <1 % & \"none\" \\ é");
}

/// Between two writes of the object that are done, there are only so many that come too late.
fn is_not_pressed(writes: &[Write]) {
    const MOST: usize = 3;
    let of_object = writes.iter().filter(|write| write.label.contains(" loadtests"));
    let mut late = 0;
    for write in of_object {
        late = if write.is_done() { 0 } else { late + 1 };
        assert!(late <= MOST, "it writes on and on: {:?}", labels(writes));
        assert!(write.is_done() || write.answer == 409, "{write:?}");
    }
}

pub(crate) async fn a_list_from_before_brings_no_stage_back() {
    on_stage(|stage| async move {
        stage.runs(LASTING).await;
        stage.operator.kill().await;
        // What the watches of the next one begin with was true before anything of the run was made.
        stage.proxy.weather(Weather::new(13, vec![Trouble::Staleness], ALL_ALONG));
        stage.start_another().await;
        ends_as_planned(stage, 2 * USERS * LASTING).await;
    })
    .await;
}

async fn ends_as_planned(stage: Stage, requests: u64) {
    let writes = stage.proxy.hearing();
    is_as_planned(stage, requests).await;
    was_told_in_order(&writes.borrow().writes);
}

async fn is_as_planned(stage: Stage, requests: u64) {
    let status = stage.comes_to_rest().await;
    is_judged(&status, "Pass");
    assert_eq!(status["summary"]["requests"], requests, "{status:#}");
    assert_eq!(status["workers"]["lost"], 0, "{status:#}");
    leaves_only_its_result(&stage).await;
    counts_are_exact(&status, &stage.target.seen());
}
