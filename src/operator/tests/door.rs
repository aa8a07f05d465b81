//! Tests of the door: who is let in, and what others who knock cost the API server.

use std::sync::Arc;
use std::time::Duration;

use kube::runtime::reflector::ObjectRef;
use serde_json::json;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::makers::a_test;
use crate::ingest::server::{Denial, Door, Visitor};
use crate::ingest::{Session, SharedSession};
use crate::operator::door::WorkersDoor;
use crate::operator::fake_api::{FakeApi, Ill};
use crate::operator::lease::{Election, Settings, Timing};
use crate::operator::runs::{LiveRun, Runs};
use crate::operator::telemetry::Telemetry;

/// The run that is open here.
const RUN: &str = "run";
const RIGHT: &str = "a.right.token";
const OTHERS: &str = "token.of.another";
/// Less than this nobody waits who has the right token.
const SOON: Duration = Duration::from_secs(1);

/// A door that leads, before an API server that knows the run's worker and a pod that is none.
struct House {
    api: FakeApi,
    door: Arc<WorkersDoor>,
    _stop: watch::Sender<bool>,
}

impl House {
    async fn new() -> Self {
        let api = FakeApi::default();
        for (token, pod) in [(RIGHT, "worker"), (OTHERS, "other")] {
            api.knows(token, reviewed(pod));
            let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": format!("job-of-{pod}"), "controller": true});
            let labels = json!({"batch.kubernetes.io/job-completion-index": "0"});
            let metadata = json!({"name": pod, "uid": format!("uid-of-{pod}"), "labels": labels, "ownerReferences": [owner]});
            api.put(&format!("/api/v1/namespaces/shops/pods/{pod}"), json!({"metadata": metadata}));
        }
        let settings = Settings {
            namespace: "loadgate".to_owned(),
            name: "operator".to_owned(),
            identity: "me".to_owned(),
            address: "me:8443".to_owned(),
            timing: Timing::default(),
        };
        let (election, mut standing) = Election::new(api.client(), settings);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(election.run(stopped));
        standing.led().await.unwrap();
        let runs = Runs::new(broadcast::Sender::new(1));
        runs.open(RUN, live());
        let door = WorkersDoor::new(api.client(), runs, standing, Telemetry::new().unwrap());
        api.calls();
        House { api, door: Arc::new(door), _stop: stop }
    }

    async fn admit(&self, run: &str, token: &str) -> Result<Visitor, Denial> {
        self.door.admit(run, token).await.map(|(visitor, _)| visitor)
    }

    /// So many tokens were checked since the last time this was asked.
    fn checks(&self) -> usize {
        self.api.calls().iter().filter(|call| call.ends_with("/tokenreviews")).count()
    }

    /// So many knock at once, each with a token of its own making.
    fn flood(&self, run: &'static str, knocks: usize) -> JoinSet<()> {
        let knock = |number| {
            let door = Arc::clone(&self.door);
            async move { drop(door.admit(run, &format!("junk.number.{number}")).await) }
        };
        (0..knocks).map(knock).collect()
    }
}

fn reviewed(pod: &str) -> serde_json::Value {
    let extra = json!({
        "authentication.kubernetes.io/pod-name": [pod],
        "authentication.kubernetes.io/pod-uid": [format!("uid-of-{pod}")],
    });
    let user = json!({"username": "system:serviceaccount:shops:default", "extra": extra});
    json!({"authenticated": true, "audiences": ["loadgate"], "user": user})
}

fn live() -> LiveRun {
    let plan = a_test().plan();
    LiveRun {
        test: ObjectRef::from_obj(a_test().object()),
        job_uid: "job-of-worker".to_owned(),
        session: SharedSession::new(Session::new(&plan, 1)),
        plan: Arc::new(plan),
        started_at: None,
        load: None,
        aborted_at: None,
        shut_out: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_is_checked_once_and_what_is_no_token_never() {
    let house = House::new().await;
    for _ in 0..20 {
        let visitor = house.admit(RUN, RIGHT).await.unwrap();
        assert_eq!(visitor, Visitor { worker: 0, process: "uid-of-worker".to_owned() });
    }
    assert_eq!(house.checks(), 1);
    assert_eq!(house.admit("elsewhere", RIGHT).await, Err(Denial::NotOfThisRun));
    for token in ["", "nonsense", "a.b", "a.b.c.d", "a.b.\u{e9}", &"a.".repeat(9000)] {
        assert_eq!(house.admit(RUN, token).await, Err(Denial::NoIdentity));
    }
    assert_eq!(house.checks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_refused_is_not_checked_again_for_a_moment() {
    let house = House::new().await;
    for (token, why) in [("junk.of.somebody", Denial::NoIdentity), (OTHERS, Denial::NotOfThisRun)] {
        for _ in 0..50 {
            assert_eq!(house.admit(RUN, token).await, Err(why.clone()));
        }
        assert_eq!(house.checks(), 1, "{token}");
        sleep(Duration::from_secs(6)).await;
        assert_eq!(house.admit(RUN, token).await, Err(why));
        assert_eq!(house.checks(), 1, "{token}, later");
    }
}

#[tokio::test(start_paused = true)]
async fn many_with_the_same_token_at_once_cost_one_check() {
    let house = House::new().await;
    let knock = || {
        let door = Arc::clone(&house.door);
        async move { door.admit(RUN, "the.same.junk").await.map(drop) }
    };
    let told = (0..500).map(|_| knock()).collect::<JoinSet<_>>().join_all().await;
    assert!(told.iter().all(|told| *told == Err(Denial::NoIdentity)));
    // As many as there are turns may have begun before the first was through.
    assert!(house.checks() <= 16);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_tokens_is_checked_a_few_at_once_and_a_worker_has_its_turn() {
    let house = House::new().await;
    house.api.falls_ill(Ill::Hangs);
    let flood = house.flood(RUN, 1000);
    sleep(SOON).await;
    let under_way = house.checks();
    assert!((1..=16).contains(&under_way), "{under_way} checks at once");
    house.api.falls_ill(Ill::Healthy);
    // Those that hang are given up, the others are through as fast as they are answered.
    let visitor = tokio::time::timeout(Duration::from_secs(15), house.admit(RUN, RIGHT)).await;
    let visitor = match visitor.unwrap() {
        // As a worker does that is told to come again.
        Err(Denial::NotNow(_)) => tokio::time::timeout(SOON, house.admit(RUN, RIGHT)).await.unwrap(),
        told => told,
    };
    assert_eq!(visitor.map(|visitor| visitor.worker), Ok(0));
    flood.join_all().await;
}

#[tokio::test(start_paused = true)]
async fn who_names_no_run_that_is_open_keeps_no_worker_waiting() {
    let house = House::new().await;
    house.api.falls_ill(Ill::Hangs);
    let _flood = house.flood("nobody's", 1000);
    sleep(SOON).await;
    let under_way = house.checks();
    assert!((1..=2).contains(&under_way), "{under_way} checks at once");
    house.api.falls_ill(Ill::Healthy);
    let visitor = tokio::time::timeout(SOON, house.admit(RUN, RIGHT)).await;
    assert_eq!(visitor.unwrap().map(|visitor| visitor.worker), Ok(0));
}
