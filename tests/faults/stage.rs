//! A namespace with all that a run takes: an operator behind the proxy, played pods, a target that logs.

use std::sync::{Arc, Mutex};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::conditions::is_deleted;
use kube::runtime::wait::await_condition;
use kube::{Resource, ResourceExt};
use loadgate::api::LoadTest;
use serde_json::{Value, json};

use crate::kubelet::Kubelet;
use crate::leaving;
use crate::operator::Operator;
use crate::outcome::{PER_USER, USERS, children};
use crate::post::Post;
use crate::proxy::Proxy;
use crate::rights::{self, LEASE, create};
use crate::support::cluster::{Own, in_own_namespace};
use crate::support::invariants::AtRest;
use crate::support::nginx::{self, Nginx};
use crate::{LIMIT, NAME, PLACES, within};

/// Selects no node: the pods are played.
const NOWHERE: &str = "loadgate.test/nowhere";

/// All that a run takes.
pub(crate) struct Stage {
    pub(crate) own: Own,
    pub(crate) proxy: Proxy,
    pub(crate) operator: Arc<Operator>,
    pub(crate) kubelet: Kubelet,
    pub(crate) target: Nginx,
    /// What brings the workers' messages, where the weather is to be rough.
    pub(crate) post: Option<Post>,
}

/// Plays on a stage of its own, and gives what came out. What is left of it goes, however the play ends. None: this
/// machine lacks something, which was said.
pub(crate) async fn on_stage<F>(play: impl FnOnce(Stage) -> F + Send + 'static) -> Option<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    staged(false, play).await
}

/// The same where workers' messages go by a post.
pub(crate) async fn on_rough_stage<F>(play: impl FnOnce(Stage) -> F + Send + 'static) -> Option<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    staged(true, play).await
}

async fn staged<F>(is_rough: bool, play: impl FnOnce(Stage) -> F + Send + 'static) -> Option<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let _place = PLACES.acquire().await.unwrap();
    let target = nginx::start()?;
    let came_out = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&came_out);
    in_own_namespace(|own| async move {
        let stage = Stage::set(own.clone(), target, is_rough).await;
        let operator = Arc::clone(&stage.operator);
        let played = tokio::spawn(play(stage)).await;
        operator.kill().await;
        let_go(&own).await;
        match played {
            Ok(played) => *slot.lock().unwrap() = Some(played),
            Err(error) => {
                eprintln!("the operator in {} said:\n{}", own.namespace, operator.log());
                std::panic::resume_unwind(error.into_panic());
            }
        }
    })
    .await;
    came_out.lock().unwrap().take()
}

/// A run that nobody leads any more would hold the namespace for ever.
async fn let_go(own: &Own) {
    let tests: Api<LoadTest> = Api::namespaced(own.client.clone(), &own.namespace);
    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    for test in tests.list(&ListParams::default()).await.unwrap() {
        // It may be gone by then.
        drop(tests.patch(&test.name_any(), &PatchParams::default(), &free).await);
    }
    leaving::let_go(&Api::namespaced(own.client.clone(), &own.namespace)).await;
}

impl Stage {
    async fn set(own: Own, target: Nginx, is_rough: bool) -> Self {
        let accounts: Api<ServiceAccount> = Api::namespaced(own.client.clone(), &own.namespace);
        let is_there = |account: Option<&ServiceAccount>| account.is_some();
        // Pods are refused until it is there.
        within(LIMIT, "ServiceAccount default", await_condition(accounts, "default", is_there))
            .await
            .unwrap();
        let proxy = Proxy::start(rights::granted(&own).await).await;
        let operator = Arc::new(Operator::new(&own.namespace, proxy.address));
        let post = if is_rough { Some(Post::start(operator.ingest()).await) } else { None };
        let kubelet = Kubelet::start(&own.client, &own.namespace, post.as_ref().map(|post| post.address));
        Stage { own, proxy, operator, kubelet, target, post }
    }

    /// Two workers, two phases of a second, sixty requests.
    pub(crate) async fn apply(&self) {
        self.apply_with(PER_USER).await;
    }

    /// Two workers, two phases in which each of six users asks so often, five times a second.
    pub(crate) async fn apply_with(&self, per_user: u64) {
        self.apply_but(per_user, |_| ()).await;
    }

    /// As [`Stage::apply_with`], with another spec.
    pub(crate) async fn apply_but(&self, per_user: u64, change: impl FnOnce(&mut Value)) {
        let step = json!({"name": "ok", "think": "200ms", "request": {"path": "/ok"}, "checks": [{"status": [200]}]});
        let mut test = self.test(&json!([{"name": "visit", "steps": [step]}]), USERS, per_user);
        change(&mut test["spec"]);
        create::<LoadTest>(&self.own, test).await;
    }

    /// Of this name: a worker, a phase, ten requests.
    pub(crate) async fn apply_named(&self, name: String) {
        let step = json!({"name": "ok", "think": "100ms", "request": {"path": "/ok"}, "checks": [{"status": [200]}]});
        let mut test = self.test(&json!([{"name": "visit", "steps": [step]}]), 2, 5);
        test["metadata"]["name"] = json!(name);
        test["spec"]["phases"].as_array_mut().unwrap().truncate(1);
        test["spec"]["workers"]["count"] = json!(1);
        // Where they are many, they come one after the other.
        test["spec"]["deadlines"] = json!({"start": "10m"});
        create::<LoadTest>(&self.own, test).await;
    }

    /// Two workers, two phases in which each of these users goes so often through one of these scenarios.
    pub(crate) async fn apply_scenarios(&self, scenarios: &Value, users: u64, per_user: u64) {
        create::<LoadTest>(&self.own, self.test(scenarios, users, per_user)).await;
    }

    fn test(&self, scenarios: &Value, users: u64, per_user: u64) -> Value {
        let load = json!({"iterations": {"users": users, "perUser": per_user}});
        json!({
            "apiVersion": "loadgate.dev/v1alpha1", "kind": "LoadTest", "metadata": {"name": NAME},
            "spec": {
                "target": {"baseUrl": self.target.url()},
                "scenarios": scenarios,
                "phases": [{"name": "one", "load": load}, {"name": "two", "load": load}],
                "requirements": [{"id": "ERRORS", "metric": "error_rate", "target": "< 1%", "must": true}],
                "workers": {"count": 2, "nodeSelector": {NOWHERE: "none"}},
                "history": {"keep": 1},
            },
        })
    }

    /// Applies the test, starts the operator and waits until the load is on.
    pub(crate) async fn runs(&self, per_user: u64) {
        self.apply_with(per_user).await;
        self.operator.start();
        self.until("running", |test| phase(test) == "Running").await;
    }

    /// A result of a run before, which the end of the next one takes away.
    pub(crate) async fn keep_old_result(&self) {
        let name = format!("{NAME}-run-0-result-0b8f1d2e");
        let labels = json!({"app.kubernetes.io/managed-by": "loadgate", "loadgate.dev/loadtest": NAME,
            "loadgate.dev/role": "result"});
        let notes = json!({"loadgate.dev/run-number": "0", "loadgate.dev/verdict": "Fail"});
        create::<ConfigMap>(
            &self.own,
            json!({"metadata": {"name": name, "labels": labels, "annotations": notes}}),
        )
        .await;
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.own.client.clone(), &self.own.namespace)
    }

    /// Starts another operator where one was killed. Nobody holds the Lease any more, and that is said for it: how long
    /// a dead holder's Lease stays its own is what `tests/election.rs` tests.
    pub(crate) async fn start_another(&self) {
        match self.api::<Lease>().delete(LEASE, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            deleted => drop(deleted.unwrap()),
        }
        self.operator.start();
    }

    /// The test as soon as it is so, by a watch.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&LoadTest) -> bool) -> LoadTest {
        let so = |test: Option<&LoadTest>| test.is_some_and(&is);
        let found = tokio::time::timeout(LIMIT, await_condition(self.api::<LoadTest>(), NAME, so)).await;
        let Ok(found) = found else { panic!("not {what} after {LIMIT:?}: {:#}", self.status().await) };
        found.unwrap().unwrap()
    }

    /// The status once nothing is left of the run but the result, and no worker. It is held to what must hold of every
    /// run; what the load was, the target tells when it has ended.
    pub(crate) async fn comes_to_rest(&self) -> Value {
        self.run_comes_to_rest(1).await
    }

    /// The same of the run of this number.
    pub(crate) async fn run_comes_to_rest(&self, number: u64) -> Value {
        self.until("complete and let go", |test| is_complete(test) && test.finalizers().is_empty()).await;
        self.is_without_pods().await;
        let test = self.api::<LoadTest>().get(NAME).await.unwrap();
        let (children, told) = (children(self).await, self.operator.log() + &self.kubelet.logs());
        AtRest { test: &test, children, number, load: None, told }.is_as_it_must_be();
        serde_json::to_value(test.status).unwrap()
    }

    /// Waits until the object is gone.
    pub(crate) async fn is_gone(&self) {
        let tests = self.api::<LoadTest>();
        if let Some(test) = tests.get_opt(NAME).await.unwrap() {
            let uid = test.uid().unwrap();
            let gone = Box::pin(await_condition(tests, NAME, is_deleted(&uid)));
            within(LIMIT, "the test is gone", gone).await.unwrap();
        }
    }

    /// Waits until no pod is left, and no process of one.
    pub(crate) async fn is_without_pods(&self) {
        self.kubelet.sees("no pod any more", |pods| pods.there.is_empty() && pods.live.is_empty()).await;
    }

    pub(crate) async fn status(&self) -> Value {
        serde_json::to_value(self.api::<LoadTest>().get(NAME).await.unwrap().status).unwrap()
    }

    /// Changes the test as a person would, by a merge patch.
    pub(crate) async fn patch(&self, patch: Value) {
        let patched = self.api::<LoadTest>().patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.unwrap();
    }

    /// Changes its status, as somebody may who has the right to, where no admission policy is in the way.
    pub(crate) async fn forge(&self, patch: Value) {
        let tests = self.api::<LoadTest>();
        tests.patch_status(NAME, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    /// Makes an object in the namespace.
    pub(crate) async fn make<K>(&self, object: &K) -> K
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
    {
        self.api::<K>().create(&PostParams::default(), object).await.unwrap()
    }
}

pub(crate) fn is_complete(test: &LoadTest) -> bool {
    let conditions = test.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Complete" && condition.status == "True")
}

pub(crate) fn phase(test: &LoadTest) -> &str {
    test.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

/// Whether the status speaks of the spec as it is now.
pub(crate) fn is_told(test: &LoadTest) -> bool {
    test.status.as_ref().and_then(|status| status.observed_generation) == test.metadata.generation
}
