//! The operator's election and certificates at a real API server, with no more rights than the chart gives.
//!
//! One of its candidates is a process of its own: this very program, told so by its environment. So it has a `main`.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "election/certificates.rs"]
mod certificates;
#[path = "election/process.rs"]
mod process;
#[path = "election/rights.rs"]
mod rights;
mod support;

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use libtest_mimic::{Arguments, Trial};
use loadgate::operator::lease::{Election, Loss, Settings, Standing, Timing};
use process::Process;
use rights::{create, with_few_rights};
use rustix::process::Signal;
use serde_json::{Value, json};
use support::cluster::{Own, in_own_namespace};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// Each test as a trial of its name.
macro_rules! trials {
    ($($($topic:ident::)? [$name:ident]),* $(,)?) => {
        vec![$(trial(stringify!($name), || in_a_runtime($($topic::)?$name()))),*]
    };
}

fn main() -> ExitCode {
    if let Some(place) = process::Place::given() {
        in_a_runtime(process::takes_part(place));
        return ExitCode::SUCCESS;
    }
    let trials = trials![
        [the_next_takes_over_at_once_when_the_leader_is_stopped],
        [a_leader_whose_lease_is_deleted_or_stolen_ends_within_the_renew_deadline],
        [of_many_candidates_one_leads_at_any_time],
        [a_leader_that_was_stopped_and_goes_on_writes_nothing_and_ends],
        [an_operator_that_is_terminated_gives_the_lease_back_and_logs_json],
        certificates::[operators_that_start_at_once_fill_the_empty_secret_and_trust_the_same],
        certificates::[an_operator_that_finds_no_secret_goes_on_when_there_is_one],
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, run: fn()) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}

fn in_a_runtime(work: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(work);
}

/// A third of the usual times.
const TIMING: Timing = Timing {
    lease: Duration::from_secs(5),
    renew_deadline: Duration::from_secs(3),
    retry: Duration::from_millis(500),
};
/// Longer than anything here takes, unless it hangs.
const LONG: Duration = Duration::from_secs(20);

fn settings(namespace: &str, identity: &str) -> Settings {
    Settings {
        namespace: namespace.to_owned(),
        name: "operator".to_owned(),
        identity: identity.to_owned(),
        address: format!("{identity}:8443"),
        timing: TIMING,
    }
}

struct Candidate {
    standing: Standing,
    stop: watch::Sender<bool>,
    running: JoinHandle<Result<(), Loss>>,
}

impl Candidate {
    fn start(client: &Client, namespace: &str, identity: &str) -> Self {
        let (election, standing) = Election::new(client.clone(), settings(namespace, identity));
        let (stop, stopped) = watch::channel(false);
        Candidate { standing, stop, running: tokio::spawn(election.run(stopped)) }
    }

    async fn leading(client: &Client, namespace: &str, identity: &str) -> Self {
        let mut candidate = Candidate::start(client, namespace, identity);
        candidate.leads_within(LONG).await;
        candidate
    }

    async fn leads_within(&mut self, limit: Duration) {
        timeout(limit, self.standing.led()).await.expect("leads in time").expect("takes part");
    }

    /// How its part in the election ends, by itself.
    async fn ended_within(self, limit: Duration) -> Result<(), Loss> {
        timeout(limit, self.running).await.expect("ends in time").unwrap()
    }
}

fn leases(own: &Own) -> Api<Lease> {
    Api::namespaced(own.client.clone(), &own.namespace)
}

async fn holder(own: &Own) -> Option<String> {
    leases(own).get_opt("operator").await.unwrap()?.spec?.holder_identity
}

async fn the_next_takes_over_at_once_when_the_leader_is_stopped() {
    in_own_namespace(|own| async move {
        let client = with_few_rights(&own).await;
        let a = Candidate::leading(&client, &own.namespace, "a").await;
        let mut b = Candidate::start(&client, &own.namespace, "b");
        sleep(2 * TIMING.retry).await;
        assert!(!b.standing.leads());
        assert_eq!(b.standing.leader().unwrap().address, "a:8443");
        let stopped = Instant::now();
        a.stop.send_replace(true);
        assert_eq!(a.ended_within(Duration::from_secs(1)).await, Ok(()));
        b.leads_within(Duration::from_secs(2)).await;
        assert!(stopped.elapsed() < TIMING.lease / 2, "nobody waited for the lease to run out");
        assert_eq!(holder(&own).await.as_deref(), Some("b"));
    })
    .await;
}

async fn a_leader_whose_lease_is_deleted_or_stolen_ends_within_the_renew_deadline() {
    in_own_namespace(|own| async move {
        let deleted = Candidate::leading(&own.client, &own.namespace, "a").await;
        leases(&own).delete("operator", &DeleteParams::default()).await.unwrap();
        assert_eq!(deleted.ended_within(TIMING.renew_deadline).await, Err(Loss::Deleted));

        let robbed = Candidate::leading(&own.client, &own.namespace, "b").await;
        let theft = Patch::Merge(json!({"spec": {"holderIdentity": "thief"}}));
        leases(&own).patch("operator", &PatchParams::default(), &theft).await.unwrap();
        let taken = Loss::Taken { by: Some("thief".to_owned()) };
        assert_eq!(robbed.ended_within(TIMING.renew_deadline).await, Err(taken));

        // The thief never renews: whoever comes next waits for as long as the lease says, and then leads.
        let mut next = Candidate::start(&own.client, &own.namespace, "c");
        sleep(TIMING.lease / 2).await;
        assert!(!next.standing.leads());
        next.leads_within(LONG).await;
    })
    .await;
}

async fn of_many_candidates_one_leads_at_any_time() {
    in_own_namespace(|own| async move {
        let mut left: Vec<_> = (0..5)
            .map(|number| Candidate::start(&own.client, &own.namespace, &format!("candidate-{number}")))
            .collect();
        while !left.is_empty() {
            let began = Instant::now();
            while !left.iter().any(|candidate| candidate.standing.leads()) {
                assert!(began.elapsed() < LONG, "nobody leads");
                sleep(Duration::from_millis(20)).await;
            }
            assert_eq!(left.iter().filter(|candidate| candidate.standing.leads()).count(), 1);
            let leading = left.iter().position(|candidate| candidate.standing.leads()).unwrap();
            let leader = left.swap_remove(leading);
            leader.stop.send_replace(true);
            assert_eq!(leader.ended_within(LONG).await, Ok(()));
        }
    })
    .await;
}

async fn a_leader_that_was_stopped_and_goes_on_writes_nothing_and_ends() {
    in_own_namespace(|own| async move {
        create::<ConfigMap>(&own, json!({"metadata": {"name": "mark"}})).await;
        let marks: Api<ConfigMap> = Api::namespaced(own.client.clone(), &own.namespace);
        let version = || async { marks.get("mark").await.unwrap().metadata.resource_version };
        let unwritten = version().await;
        let mut process = Process::candidate(&own);
        let began = Instant::now();
        while version().await == unwritten {
            assert!(began.elapsed() < LONG, "the process leads and writes");
            sleep(Duration::from_millis(20)).await;
        }
        process.signal(Signal::STOP);
        let mut next = Candidate::start(&own.client, &own.namespace, "next");
        next.leads_within(LONG).await;
        let written = version().await;
        process.signal(Signal::CONT);
        process.ended_within(TIMING.renew_deadline).await;
        assert_eq!(version().await, written, "it has written after it went on");
        assert_eq!(holder(&own).await.as_deref(), Some("next"));
    })
    .await;
}

async fn an_operator_that_is_terminated_gives_the_lease_back_and_logs_json() {
    in_own_namespace(|own| async move {
        for _ in 0..3 {
            let mut operator = Process::operator(&own);
            let began = Instant::now();
            while holder(&own).await.is_none_or(|holder| holder.is_empty()) {
                assert!(began.elapsed() < LONG, "the operator leads");
                sleep(Duration::from_millis(50)).await;
            }
            operator.signal(Signal::TERM);
            operator.ended_within(LONG).await;
            assert_eq!(holder(&own).await.as_deref(), Some(""));
            let mut log = String::new();
            operator.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
            assert!(!log.is_empty());
            for line in log.lines() {
                let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
                assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
            }
        }
    })
    .await;
}
