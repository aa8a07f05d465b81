//! The operator's election and certificates at a real API server, with no more rights than the chart gives.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use loadgate::operator::lease::{Election, Loss, Settings, Standing, Timing};
use loadgate::operator::tls::{Keeper, Place, Tls, service_names};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::cluster::{Cluster, Own, in_own_namespace};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// A third of the usual times.
const TIMING: Timing = Timing {
    lease: Duration::from_secs(5),
    renew_deadline: Duration::from_secs(3),
    retry: Duration::from_millis(500),
};
/// Longer than anything here takes, unless it hangs.
const LONG: Duration = Duration::from_secs(20);
/// Names the kubeconfig and the namespace for a candidate that is a process of its own.
const CANDIDATE: [&str; 2] = ["LOADGATE_TEST_CANDIDATE_KUBECONFIG", "LOADGATE_TEST_CANDIDATE_NAMESPACE"];

/// What the chart allows the operator for this.
fn rules() -> Value {
    json!([
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["operator"],
            "verbs": ["get", "update"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["ingest-tls"],
            "verbs": ["get", "update"]},
    ])
}

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

/// A client that may do what `rules` say and nothing else.
async fn with_few_rights(own: &Own) -> Client {
    let Own { cluster, client, namespace } = own;
    let metadata = json!({"name": "operator"});
    let account = json!({"kind": "ServiceAccount", "name": "operator", "namespace": namespace});
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"});
    create::<ServiceAccount>(own, json!({"metadata": metadata})).await;
    create::<Role>(own, json!({"metadata": metadata, "rules": rules()})).await;
    create::<RoleBinding>(own, json!({"metadata": metadata, "roleRef": role, "subjects": [account]})).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let request = TokenRequest::default();
    let token = accounts.create_token_request("operator", &PostParams::default(), &request).await.unwrap();
    cluster.client_with_token(&token.status.unwrap().token).await
}

async fn create<K>(own: &Own, object: Value)
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + serde::Serialize
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(own.client.clone(), &own.namespace);
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
}

fn leases(own: &Own) -> Api<Lease> {
    Api::namespaced(own.client.clone(), &own.namespace)
}

async fn holder(own: &Own) -> Option<String> {
    leases(own).get_opt("operator").await.unwrap()?.spec?.holder_identity
}

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
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

/// A candidate that is a process of its own, which can be stopped and continued.
struct Process(Child);

impl Process {
    fn start(own: &Own) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "a_candidate_that_is_a_process_of_its_own", "--ignored"]);
        command.env(CANDIDATE[0], own.cluster.kubeconfig()).env(CANDIDATE[1], &own.namespace);
        Process(command.spawn().unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    async fn ended_within(&mut self, limit: Duration) {
        let began = Instant::now();
        while self.0.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < limit, "it ends in time");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Leads, and writes again and again for as long as it may. Nothing but the guard keeps it from writing: the
/// object has no resourceVersion in what is sent.
#[tokio::test]
#[ignore = "another test starts it, in a process of its own"]
async fn a_candidate_that_is_a_process_of_its_own() {
    let [Ok(kubeconfig), Ok(namespace)] = CANDIDATE.map(std::env::var) else { return };
    let client = Cluster::at(kubeconfig.into()).client().await;
    let marks: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    let candidate = Candidate::leading(&client, &namespace, "process").await;
    let mark = Patch::Merge(json!({"data": {"written-by": "process"}}));
    let write = async {
        loop {
            marks.patch("mark", &PatchParams::default(), &mark).await.unwrap();
            let clear = Patch::Merge(json!({"data": {"written-by": null}}));
            marks.patch("mark", &PatchParams::default(), &clear).await.unwrap();
            // What was handed over to the client before a stop may still be sent: a stop hardly ever hits that.
            sleep(Duration::from_millis(100)).await;
        }
    };
    candidate.standing.guard::<()>(write).await.unwrap_err();
    candidate.running.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn a_leader_that_was_stopped_and_goes_on_writes_nothing_and_ends() {
    in_own_namespace(|own| async move {
        create::<ConfigMap>(&own, json!({"metadata": {"name": "mark"}})).await;
        let marks: Api<ConfigMap> = Api::namespaced(own.client.clone(), &own.namespace);
        let version = || async { marks.get("mark").await.unwrap().metadata.resource_version };
        let unwritten = version().await;
        let mut process = Process::start(&own);
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

/// The operator itself, outside of the cluster.
fn operator(own: &Own) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgate"));
    command.args(["operator", "--log-format", "json", "--worker-image", "loadgate:none"]);
    command.args(["--ingest-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]);
    command.args(["--ingest-url", "https://127.0.0.1:8443", "--lease-name", "operator"]);
    command.args(["--namespace", &own.namespace, "--watch-namespace", &own.namespace]);
    command.env("KUBECONFIG", own.cluster.kubeconfig()).env("RUST_LOG", "info").stderr(Stdio::piped());
    Process(command.spawn().unwrap())
}

#[tokio::test]
async fn an_operator_that_is_terminated_gives_the_lease_back_within_a_second_and_logs_json() {
    in_own_namespace(|own| async move {
        for _ in 0..3 {
            let mut operator = operator(&own);
            let began = Instant::now();
            while holder(&own).await.is_none_or(|holder| holder.is_empty()) {
                assert!(began.elapsed() < LONG, "the operator leads");
                sleep(Duration::from_millis(50)).await;
            }
            operator.signal(Signal::TERM);
            operator.ended_within(Duration::from_secs(1)).await;
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

fn keep(client: &Client, namespace: &str) -> (Tls, watch::Sender<bool>) {
    let place = Place::secret(client.clone(), namespace, "ingest-tls");
    let (keeper, tls) = Keeper::new(place, service_names("ingest", namespace)).unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(keeper.run(stopped));
    (tls, stop)
}

#[tokio::test]
async fn operators_that_start_at_once_fill_the_empty_secret_and_trust_the_same() {
    in_own_namespace(|own| async move {
        let client = with_few_rights(&own).await;
        create::<Secret>(&own, json!({"metadata": {"name": "ingest-tls", "labels": {"of": "chart"}}})).await;
        let mut keepers: Vec<_> = (0..5).map(|_| keep(&client, &own.namespace)).collect();
        for (tls, _) in &mut keepers {
            assert!(timeout(LONG, tls.ready()).await.expect("certificates are there in time"));
        }
        let trusted = keepers[0].0.trusted().unwrap();
        assert!(keepers.iter().all(|(tls, _)| tls.trusted().as_ref() == Some(&trusted)));
        let secrets: Api<Secret> = Api::namespaced(own.client.clone(), &own.namespace);
        let secret = secrets.get("ingest-tls").await.unwrap();
        assert_eq!(secret.data.unwrap()["ca.crt"].0, trusted.as_bytes());
        assert_eq!(secret.metadata.labels.unwrap()["of"], "chart");
    })
    .await;
}

#[tokio::test]
async fn an_operator_that_finds_no_secret_goes_on_when_there_is_one() {
    in_own_namespace(|own| async move {
        let client = with_few_rights(&own).await;
        let (mut tls, _keeper) = keep(&client, &own.namespace);
        assert!(timeout(Duration::from_secs(1), tls.ready()).await.is_err());
        create::<Secret>(&own, json!({"metadata": {"name": "ingest-tls"}})).await;
        assert!(timeout(LONG, tls.ready()).await.expect("it is tried again"));
    })
    .await;
}
