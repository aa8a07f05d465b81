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

use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::select_all;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use kube::runtime::wait::await_condition;
use kube::{Client, ResourceExt};
use libtest_mimic::{Arguments, Trial};
use loadgate::operator::lease::{Election, Loss, Settings, Standing, Timing};
use process::Process;
use rights::{create, with_few_rights};
use rustix::process::Signal;
use serde_json::{Value, json};
use support::cluster::{Own, in_own_namespace};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

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
/// Much longer than anything here takes, unless it hangs.
const LONG: Duration = Duration::from_mins(1);
/// A Lease that nobody waits out.
const PATIENT: Timing = Timing {
    lease: Duration::from_mins(10),
    renew_deadline: Duration::from_mins(5),
    retry: Duration::from_millis(500),
};

fn settings(namespace: &str, identity: &str, timing: Timing) -> Settings {
    Settings {
        namespace: namespace.to_owned(),
        name: "operator".to_owned(),
        identity: identity.to_owned(),
        address: format!("{identity}:8443"),
        timing,
    }
}

struct Candidate {
    standing: Standing,
    stop: watch::Sender<bool>,
    running: JoinHandle<Result<(), Loss>>,
}

impl Candidate {
    fn start(client: &Client, namespace: &str, identity: &str, timing: Timing) -> Self {
        let (election, standing) = Election::new(client.clone(), settings(namespace, identity, timing));
        let (stop, stopped) = watch::channel(false);
        Candidate { standing, stop, running: tokio::spawn(election.run(stopped)) }
    }

    async fn leading(client: &Client, namespace: &str, identity: &str, timing: Timing) -> Self {
        let mut candidate = Candidate::start(client, namespace, identity, timing);
        candidate.leads_within(LONG).await;
        candidate
    }

    async fn leads_within(&mut self, limit: Duration) {
        timeout(limit, self.standing.led()).await.expect("leads in time").expect("takes part");
    }

    /// Where the leader is that it knows. Nobody tells when it has heard of one: it is asked after each of its looks.
    async fn knows_a_leader(&mut self) -> String {
        let known = async {
            loop {
                assert!(timeout(PATIENT.retry, self.standing.led()).await.is_err(), "it leads itself");
                if let Some(leader) = self.standing.leader() {
                    return leader.address;
                }
            }
        };
        timeout(LONG, known).await.expect("it hears of the leader")
    }

    /// How its part in the election ends, by itself.
    async fn ended_within(mut self, limit: Duration) -> Result<(), Loss> {
        timeout(limit, &mut self.running).await.expect("ends in time").unwrap()
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        // Else it would give the Lease back while its runtime ends, by a client that answers no more.
        self.running.abort();
    }
}

fn leases(own: &Own) -> Api<Lease> {
    Api::namespaced(own.client.clone(), &own.namespace)
}

async fn holder(own: &Own) -> Option<String> {
    holder_of(&leases(own).get_opt("operator").await.unwrap()?).cloned()
}

fn holder_of(lease: &Lease) -> Option<&String> {
    lease.spec.as_ref()?.holder_identity.as_ref()
}

async fn the_next_takes_over_at_once_when_the_leader_is_stopped() {
    in_own_namespace(|own| async move {
        let client = with_few_rights(&own).await;
        let a = Candidate::leading(&client, &own.namespace, "a", PATIENT).await;
        let mut b = Candidate::start(&client, &own.namespace, "b", PATIENT);
        assert_eq!(b.knows_a_leader().await, "a:8443");
        assert!(!b.standing.leads());
        a.stop.send_replace(true);
        assert_eq!(a.ended_within(LONG).await, Ok(()));
        // Far sooner than the Lease would run out.
        b.leads_within(LONG).await;
        assert_eq!(holder(&own).await.as_deref(), Some("b"));
    })
    .await;
}

async fn a_leader_whose_lease_is_deleted_or_stolen_ends_within_the_renew_deadline() {
    // The usual times: with shorter ones, a machine that stands still for a moment would lose the Lease by itself.
    let timing = Timing::default();
    in_own_namespace(move |own| async move {
        let deleted = Candidate::leading(&own.client, &own.namespace, "a", timing).await;
        leases(&own).delete("operator", &DeleteParams::default()).await.unwrap();
        assert_eq!(deleted.ended_within(timing.renew_deadline).await, Err(Loss::Deleted));

        let robbed = Candidate::leading(&own.client, &own.namespace, "b", timing).await;
        let theft = Patch::Merge(json!({"spec": {"holderIdentity": "thief"}}));
        leases(&own).patch("operator", &PatchParams::default(), &theft).await.unwrap();
        let taken = Loss::Taken { by: Some("thief".to_owned()) };
        assert_eq!(robbed.ended_within(timing.renew_deadline).await, Err(taken));

        // The thief never renews: whoever comes next waits for as long as the lease says, and then leads.
        let mut next = Candidate::start(&own.client, &own.namespace, "c", timing);
        assert!(timeout(timing.lease / 2, next.standing.led()).await.is_err(), "it doesn't wait");
        next.leads_within(LONG).await;
    })
    .await;
}

async fn of_many_candidates_one_leads_at_any_time() {
    in_own_namespace(|own| async move {
        let mut left: Vec<_> = (0..5)
            .map(|number| {
                Candidate::start(&own.client, &own.namespace, &format!("candidate-{number}"), PATIENT)
            })
            .collect();
        while !left.is_empty() {
            let leading = left.iter_mut().map(|candidate| Box::pin(candidate.standing.led()));
            let (_, leading, _) = timeout(LONG, select_all(leading)).await.expect("somebody leads");
            assert_eq!(left.iter().filter(|candidate| candidate.standing.leads()).count(), 1);
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
        let process = Process::candidate(&own);
        let is_written =
            |mark: Option<&ConfigMap>| mark.is_some_and(|mark| mark.resource_version() != unwritten);
        let writes = await_condition(marks.clone(), "mark", is_written);
        timeout(LONG, writes).await.expect("the process leads and writes").unwrap();
        process.signal(Signal::STOP);
        let mut next = Candidate::start(&own.client, &own.namespace, "next", TIMING);
        next.leads_within(LONG).await;
        let written = version().await;
        process.signal(Signal::CONT);
        process.ended_within(LONG).await;
        assert_eq!(version().await, written, "it has written after it went on");
        assert_ne!(holder(&own).await.as_deref(), Some("process"));
    })
    .await;
}

async fn an_operator_that_is_terminated_gives_the_lease_back_and_logs_json() {
    in_own_namespace(|own| async move {
        for _ in 0..3 {
            let operator = Process::operator(&own);
            let is_held =
                |lease: Option<&Lease>| lease.and_then(holder_of).is_some_and(|holder| !holder.is_empty());
            let leads = await_condition(leases(&own), "operator", is_held);
            timeout(LONG, leads).await.expect("the operator leads").unwrap();
            operator.signal(Signal::TERM);
            let log = operator.ended_within(LONG).await;
            assert_eq!(holder(&own).await.as_deref(), Some(""));
            assert!(!log.is_empty());
            for line in log.lines() {
                let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
                assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
            }
        }
    })
    .await;
}
