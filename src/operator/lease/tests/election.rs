//! Whole elections, against an API server in memory and in paused time.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::super::{Election, Loss, NotLeading, Settings, Standing, Timing};
use super::settings;
use crate::operator::fake_api::{FakeApi, Ill};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/loadgate/leases/operator";

/// A candidate that takes part.
struct Candidate {
    standing: Standing,
    stop: watch::Sender<bool>,
    running: JoinHandle<Result<(), Loss>>,
}

impl Candidate {
    fn start(api: &FakeApi, identity: &str) -> Self {
        let (election, standing) = Election::new(api.client(), settings(identity));
        let (stop, stopped) = watch::channel(false);
        Candidate { standing, stop, running: tokio::spawn(election.run(stopped)) }
    }

    async fn leading(api: &FakeApi, identity: &str) -> Self {
        let mut candidate = Candidate::start(api, identity);
        candidate.standing.led().await.unwrap();
        candidate
    }

    async fn stop(self) -> Result<(), Loss> {
        self.stop.send_replace(true);
        self.running.await.unwrap()
    }
}

async fn seconds(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

/// What a leader ends with when this happens to the Lease, and that it takes no longer than `within` seconds.
async fn check_loss(happens: impl FnOnce(&FakeApi), within: u64, want: Loss) {
    let api = FakeApi::default();
    let leader = Candidate::leading(&api, "a").await;
    seconds(7).await;
    happens(&api);
    api.calls();
    let ended = timeout(Duration::from_secs(within), leader.running).await.expect("ends in time").unwrap();
    assert_eq!(ended, Err(want));
    assert!(!leader.standing.leads());
    assert_eq!(leader.standing.guard(async {}).await, Err(NotLeading));
}

#[tokio::test(start_paused = true)]
async fn one_leads_and_the_others_know_its_address() {
    let api = FakeApi::default();
    let a = Candidate::leading(&api, "a").await;
    let b = Candidate::start(&api, "b");
    seconds(100).await;
    assert!(a.standing.leads());
    assert!(!b.standing.leads());
    assert_eq!(b.standing.leader().map(|leader| leader.address).as_deref(), Some("a.example:8443"));
    assert_eq!(b.standing.leader(), a.standing.leader());
}

#[tokio::test(start_paused = true)]
async fn of_many_that_start_at_once_one_leads() {
    let api = FakeApi::default();
    let all: Vec<_> = (0..10).map(|number| Candidate::start(&api, &format!("candidate-{number}"))).collect();
    for _ in 0..100 {
        seconds(1).await;
        assert_eq!(all.iter().filter(|candidate| candidate.standing.leads()).count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_stopped_gives_the_lease_back_and_the_next_takes_over_at_its_next_look() {
    let api = FakeApi::default();
    let a = Candidate::leading(&api, "a").await;
    let mut b = Candidate::start(&api, "b");
    seconds(5).await;
    let stopped = Instant::now();
    assert_eq!(a.stop().await, Ok(()));
    assert!(stopped.elapsed() < Duration::from_secs(1));
    assert_eq!(api.object(LEASE).unwrap()["spec"]["holderIdentity"], "");
    b.standing.led().await.unwrap();
    assert!(stopped.elapsed() <= Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn who_is_killed_and_started_again_in_its_pod_goes_on_at_once_and_others_wait() {
    let identity = |uid| super::super::identity("pod", uid);
    assert_eq!(identity(Some("uid")), "pod_uid");
    assert_ne!(identity(None), identity(None), "without a UID no two are the same");
    for (next, least, most) in [(identity(Some("uid")), 0, 1), (identity(None), 13, 18)] {
        let api = FakeApi::default();
        let killed = Candidate::leading(&api, &identity(Some("uid"))).await;
        seconds(5).await;
        killed.running.abort();
        let began = Instant::now();
        let next = Candidate::leading(&api, &next).await;
        let waited = began.elapsed();
        assert!((Duration::from_secs(least)..=Duration::from_secs(most)).contains(&waited), "{waited:?}");
        assert!(next.standing.leads());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_an_api_server_that_hangs() {
    let api = FakeApi::default();
    let a = Candidate::leading(&api, "a").await;
    api.falls_ill(Ill::Hangs);
    seconds(3).await;
    let stopped = Instant::now();
    assert_eq!(a.stop().await, Ok(()));
    assert!(stopped.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_is_lost_is_given_back_too() {
    let api = FakeApi::default();
    let a = Candidate::leading(&api, "a").await;
    api.falls_ill(Ill::Mute);
    // In the midst of the renewal that is sent at second 2.
    seconds(3).await;
    api.falls_ill(Ill::Healthy);
    assert_eq!(a.stop().await, Ok(()));
    assert_eq!(api.object(LEASE).unwrap()["spec"]["holderIdentity"], "");
}

#[tokio::test(start_paused = true)]
async fn a_follower_leaves_the_lease_alone_when_it_is_stopped() {
    let api = FakeApi::default();
    let _a = Candidate::leading(&api, "a").await;
    let b = Candidate::start(&api, "b");
    seconds(1).await;
    assert_eq!(b.stop().await, Ok(()));
    assert_eq!(api.object(LEASE).unwrap()["spec"]["holderIdentity"], "a");
}

#[tokio::test(start_paused = true)]
async fn a_leader_whose_lease_is_deleted_or_stolen_ends_at_its_next_renewal() {
    check_loss(|api| api.delete(LEASE), 3, Loss::Deleted).await;
    let stolen = json!({"metadata": {"name": "operator"}, "spec": {"holderIdentity": "thief"}});
    check_loss(|api| api.put(LEASE, stolen), 3, Loss::Taken { by: Some("thief".to_owned()) }).await;
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_cannot_renew_ends_within_the_renew_deadline() {
    for ill in [Ill::Hangs, Ill::Mute, Ill::Refuses(500), Ill::Refuses(429), Ill::Refuses(403)] {
        check_loss(|api| api.falls_ill(ill), 10, Loss::NotRenewed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_ill_for_a_while_costs_no_term_and_is_not_pressed() {
    for ill in [Ill::Hangs, Ill::Mute, Ill::Refuses(500), Ill::Refuses(429), Ill::Refuses(409)] {
        let api = FakeApi::default();
        let a = Candidate::leading(&api, "a").await;
        api.falls_ill(ill);
        api.calls();
        seconds(6).await;
        api.falls_ill(Ill::Healthy);
        assert!(api.calls().len() <= 31, "pressed while {ill:?}");
        seconds(20).await;
        assert!(a.standing.leads());
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_labels_on_the_lease_disturb_nobody() {
    let api = FakeApi::default();
    let a = Candidate::leading(&api, "a").await;
    for _ in 0..100 {
        sleep(Duration::from_millis(100)).await;
        let mut lease = api.object(LEASE).unwrap();
        lease["metadata"]["labels"]["storm"] = json!("on");
        api.put(LEASE, lease);
    }
    assert!(a.standing.leads());
    assert_eq!(api.object(LEASE).unwrap()["metadata"]["labels"]["storm"], "on");
}

/// In real time: a thread that stands still is what a stopped process is to the runtime. No timer has its turn before
/// the write does, and nobody has told the election.
#[tokio::test]
async fn who_was_stopped_for_long_writes_nothing_more_although_nobody_has_told_it() {
    let timing = Timing {
        lease: Duration::from_secs(1),
        renew_deadline: Duration::from_millis(200),
        retry: Duration::from_millis(20),
    };
    let api = FakeApi::default();
    let (election, mut standing) = Election::new(api.client(), Settings { timing, ..settings("a") });
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(election.run(stopped));
    standing.led().await.unwrap();
    let mut steps = 0;
    let write = poll_fn(|_| -> Poll<()> {
        steps += 1;
        Poll::Pending
    });
    let mut guarded = Box::pin(standing.guard(write));
    let outcome = poll_fn(|context| {
        assert!(guarded.as_mut().poll(context).is_pending());
        std::thread::sleep(Duration::from_millis(300));
        Poll::Ready(guarded.as_mut().poll(context))
    });
    assert_eq!(outcome.await, Poll::Ready(Err(NotLeading)));
    drop(guarded);
    assert_eq!(steps, 1);
}

#[tokio::test(start_paused = true)]
async fn a_guarded_write_is_done_by_the_leader_and_given_up_with_the_term() {
    let api = FakeApi::default();
    let leader = Candidate::leading(&api, "a").await;
    let follower = Candidate::start(&api, "b");
    let long = || async { seconds(60).await };
    assert_eq!(leader.standing.guard(long()).await, Ok(()));
    assert_eq!(follower.standing.guard(async {}).await, Err(NotLeading));
    api.falls_ill(Ill::Hangs);
    let began = Instant::now();
    assert_eq!(leader.standing.guard(long()).await, Err(NotLeading));
    assert!(began.elapsed() <= Duration::from_secs(10));
}
