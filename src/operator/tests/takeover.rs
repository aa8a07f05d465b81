//! Tests of what an operator makes of a test that it is new to, or that somebody has interfered with.

use std::time::Duration;

use kube::runtime::reflector::ObjectRef;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::desk::{Desk, JOBS, MAPS, PATH};
use super::makers::{ATest, PODS, a_test, noon};
use crate::api::{PastRun, Verdict};
use crate::ingest::SharedSession;
use crate::operator::build::{config_maps, status};
use crate::operator::decide::{Ending, run_of};
use crate::operator::fake_api::FakeApi;
use crate::operator::judging::{case, tell};
use crate::operator::runs::{Clock, LiveRun};
use crate::operator::storing::NotStored;
use crate::report::facts::rfc3339;
use crate::store;

/// A run that is over, and whose load has begun.
fn over(test: ATest) -> ATest {
    test.complete().with_status(|test| {
        let mut status = test.status.clone().unwrap();
        status.run.as_mut().unwrap().started_at = Some(rfc3339(noon()));
        status
    })
}

#[tokio::test(start_paused = true)]
async fn what_was_found_stored_of_many_tests_counts_once_and_not_for_long() {
    let lists = |desk: &Desk| desk.calls("GET").iter().filter(|call| **call == format!("GET {MAPS}")).count();
    let asks = async |desk: &Desk| {
        let of = ObjectRef::new("shop").within("shops");
        desk.context.survey.ask(&desk.context.client, &[of]).await.unwrap();
    };
    let forgery = json!({"phase": "Passed"});
    for (what, test, waits, is_asked_again) in [
        ("at rest", over(a_test()), 0, false),
        ("at rest, and asked for long ago", over(a_test()), 11, true),
        ("under way", a_test().starting(), 0, true),
    ] {
        let desk = Desk::with(&test);
        asks(&desk).await;
        sleep(Duration::from_secs(waits)).await;
        assert_eq!(lists(&desk), 1);
        drop(desk.looks().await);
        assert_eq!(lists(&desk) > 0, is_asked_again, "{what}");
        asks(&desk).await;
        desk.changes(|test| test["status"] = forgery.clone());
        assert_ne!(lists(&desk), 0);
        drop(desk.looks().await);
        assert_ne!(lists(&desk), 0, "{what}: this process may have stored something");
        asks(&desk).await;
        let told = [(); 2].map(|()| desk.context.survey.take(test.object()).is_some());
        assert_eq!(told, [true, false], "{what}: it is told once");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_definition_drops_is_written_once() {
    const LOST: [&[&str]; 5] = [
        &["display"],
        &["observedGeneration"],
        &["conditions"],
        &["run"],
        &["run", "conditions", "observedGeneration", "phase", "message", "history"],
    ];
    for lost in LOST {
        for (what, spec) in
            [("can't run", json!({"deadlines": {"run": "never"}})), ("can't be read", json!(7))]
        {
            let desk = Desk::with(&a_test());
            desk.api.drops(lost);
            desk.changes(|test| test["spec"] = merged(&test["spec"], &spec));
            for _ in 0..5 {
                desk.looks().await.unwrap();
            }
            assert_eq!(desk.calls("PUT").len(), 1, "a spec that {what}, without {lost:?}");
        }
        let desk = Desk::with(&a_test().with_finalizer());
        desk.api.drops(lost);
        for _ in 0..5 {
            drop(desk.looks().await);
        }
        let calls = desk.api.calls();
        let count = |wanted: &str| calls.iter().filter(|call| call.starts_with(wanted)).count();
        let made = ["PUT", "POST /apis/batch"].map(count);
        assert_eq!(made, [2, 1], "numbered and starting, without {lost:?}: {calls:#?}");
    }
}

fn merged(spec: &Value, change: &Value) -> Value {
    let (Some(spec), Some(change)) = (spec.as_object(), change.as_object()) else { return change.clone() };
    spec.clone().into_iter().chain(change.clone()).collect()
}

/// An operator that has told of a run whose result isn't stored; and what is left of that, if it is still tried.
fn unstored(is_tried: bool) -> (Desk, ATest) {
    let through = a_test().through().with_status(|test| {
        let mut status = test.status.clone().unwrap();
        status.run.as_mut().unwrap().started_at = Some(rfc3339(noon()));
        status
    });
    let seen = through.clone().seen();
    let run = run_of(&seen.test).unwrap();
    let case = case(&seen, run, &Ending::Planned, None, noon()).unwrap();
    let why = NotStored { reason: "Forbidden", message: "it isn't allowed".to_owned() };
    let told =
        status::not_stored(&seen.test, tell(&seen.test, &case, &Ending::Planned, noon()), &why, noon());
    let over = over(a_test()).with_status(|_| told.clone());
    let desk = Desk::with(&over);
    desk.api.forbids(&format!("POST {MAPS}"));
    let _ = desk.context.known.note(&told, over.object().clone());
    if is_tried {
        let packed = store::pack(&case).unwrap().bytes;
        let map = config_maps::result(over.object(), run, Verdict::Inconclusive, packed);
        let _ = desk.context.storing.lasted(&run.uid);
        desk.context.storing.put_off(&run.uid, map, why);
    }
    (desk, over)
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_removed_before_its_result_is_stored_begins_nothing_anew() {
    for (is_tried, word) in [(true, "Inconclusive"), (false, "ResultLost")] {
        let (desk, over) = unstored(is_tried);
        let removed = json!({"observedGeneration": -1});
        desk.changes(|test| test["status"] = removed);
        for _ in 0..4 {
            drop(desk.looks().await);
        }
        let status = desk.status();
        assert_eq!(status["run"]["uid"], run_of(over.object()).unwrap().uid, "{status:#}");
        assert_eq!(status["verdict"], "Inconclusive", "{status:#}");
        let ready = status["conditions"].as_array().unwrap().iter().find(|told| told["type"] == "Ready");
        assert_eq!(ready.unwrap()["reason"], word, "{status:#}");
        let calls = desk.api.calls();
        assert!(!calls.iter().any(|call| call.starts_with("POST /apis/batch")), "{calls:#?}");

        desk.changes(|test| {
            (test["spec"]["runId"], test["metadata"]["generation"]) = (json!("two"), json!(2));
        });
        drop(desk.looks().await);
        assert_eq!(desk.status()["run"]["number"], 2, "what comes next has another number");
    }
}

/// Leads the load of the test's run, as a process does that has seen it begin.
fn leads(desk: &Desk, test: &ATest) -> String {
    let uid = run_of(test.object()).unwrap().uid.clone();
    let live = LiveRun {
        test: ObjectRef::from_obj(test.object()),
        job_uid: "job".to_owned(),
        session: SharedSession::resume(&test.plan(), 1, &PODS.map(str::to_owned), Duration::ZERO),
        plan: std::sync::Arc::new(test.plan()),
        started_at: Some(noon()),
        load: Some(Clock::begun(Duration::ZERO)),
        aborted_at: None,
        shut_out: None,
    };
    desk.context.runs.open(&uid, live);
    uid
}

#[tokio::test(start_paused = true)]
async fn a_judged_run_is_cleared_although_somebody_took_the_finalizer_away() {
    let over = over(a_test());
    let desk = Desk::with(&over);
    let uid = leads(&desk, &over);
    let _ = desk.context.known.note(over.object().status.as_ref().unwrap(), over.object().clone());
    let job = format!("{JOBS}/shop-run-1");
    desk.api.put(&job, json!({"metadata": {"name": "shop-run-1", "labels": {"loadgate.dev/run-uid": uid}}}));
    desk.looks().await.unwrap();
    assert_eq!(desk.api.object(&job), None, "its Job is taken away");
    assert!(desk.context.runs.get(&uid).is_none(), "and it is led no longer");
}

#[tokio::test(start_paused = true)]
async fn a_run_is_led_no_longer_when_its_object_is_gone_without_a_word() {
    let on = a_test().begun();
    let desk = Desk::with(&on);
    let uid = leads(&desk, &on);
    drop(desk.looks().await);
    assert!(desk.context.runs.get(&uid).is_some());
    desk.api.delete(PATH);
    drop(desk.looks().await);
    assert!(desk.context.runs.get(&uid).is_none());

    leads(&desk, &on);
    let mut another = on.object().clone();
    another.metadata.uid = Some("1b8f1d2e-3c4d-4e5f-8a9b-0c1d2e3f4a5b".to_owned());
    another.status = None;
    desk.api.put(PATH, json!(another));
    drop(desk.looks().await);
    assert!(desk.context.runs.get(&uid).is_none(), "another object has its name");
}

#[tokio::test(start_paused = true)]
async fn an_abort_comes_to_its_verdict_within_a_minute_however_slow_workers_and_store_are() {
    type Trouble = fn(&FakeApi, &str);
    let troubles: [(&str, Trouble); 3] = [
        ("nothing", |_, _| ()),
        ("a store that is forbidden", FakeApi::forbids),
        ("a store that gives no answer", FakeApi::is_silent_about),
    ];
    for (what, trouble) in troubles {
        let on = a_test().begun().with_abort();
        let desk = Desk::with(&on);
        let uid = leads(&desk, &on);
        trouble(&desk.api, &format!("POST {MAPS}"));
        let told_at = Instant::now();
        desk.context.runs.abort(&uid, "spec.abort was set");
        // None of the workers says that it is through.
        sleep(Duration::from_secs(30)).await;
        while desk.status()["verdict"].is_null() {
            let looked = desk.looks().await;
            sleep(Duration::from_secs(if looked.is_ok() { 1 } else { 3 })).await;
            assert!(told_at.elapsed() < Duration::from_mins(1), "{what}: {:#}", desk.status());
        }
        assert_eq!(desk.status()["phase"], "Aborted", "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_history_that_is_anybodys_is_made_of_what_is_stored() {
    let test = over(a_test().with_run_id("a").with_run().finished().with_run_id("b"));
    let pass = |number| PastRun { number, verdict: Some(Verdict::Pass), ..PastRun::default() };
    let forged = test.clone().with_status(|test| {
        let mut status = test.status.clone().unwrap();
        status.history = vec![pass(1), pass(0)];
        status
    });
    let api = FakeApi::default();
    api.put(PATH, json!(forged.object()));
    for (name, stored) in [("first", &a_test().with_run_id("a").with_run()), ("second", &test)] {
        let run = run_of(stored.object()).unwrap();
        let map = config_maps::result(stored.object(), run, Verdict::Fail, vec![1]);
        api.put(&format!("{MAPS}/{name}"), json!(map));
    }
    let desk = Desk::new(&api);
    desk.looks().await.unwrap();
    assert_eq!(desk.status()["history"], json!([{"number": 1, "verdict": "Fail"}]));
}
