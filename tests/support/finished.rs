//! Makes finished tests: what a run of a minute leaves of itself, without running it.

use futures_util::StreamExt;
use futures_util::stream::iter;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::PostParams;
use loadgate::api::{LoadTest, Run};
use loadgate::metrics::{Aggregate, Layout, PhaseEnd, Recorder};
use loadgate::operator::build::config_maps;
use loadgate::operator::names;
use loadgate::plan::{Options, Plan};
use loadgate::report::RunFacts;
use loadgate::report::kept::KeptRun;
use loadgate::store;
use loadgate::verdict::Circumstances;
use serde_json::{Value, json};

use crate::rights::create;
use crate::sample::served;
use crate::support::cluster::Own;

/// So many are made at once.
pub(crate) const AT_ONCE: usize = 32;
const SECONDS: u64 = 60;
const PER_SECOND: u64 = 50;
const MICROS: u64 = 1_000_000;

/// How the names of those that are made begin.
pub(crate) const PREFIX: &str = "finished-";

/// The name of the one with this number.
pub(crate) fn name(number: usize) -> String {
    format!("{PREFIX}{number}")
}

/// A test of this name that hasn't run yet.
pub(crate) fn object(name: &str) -> Value {
    let text = std::fs::read_to_string(crate::support::path("examples/quickstart.yaml")).unwrap();
    let mut object: Value = serde_yaml::from_str(&text).unwrap();
    object["metadata"]["name"] = json!(name);
    object["spec"]["phases"][0]["load"] = json!({"constantRate": {"rate": "50/s", "duration": "60s"}});
    object["spec"]["workers"] = json!({"count": 2, "nodeSelector": {"loadgate.test/nowhere": "none"}});
    object
}

/// So many that have finished.
pub(crate) async fn finish(own: &Own, count: usize) {
    let measured = measured();
    let made = iter(0..count).map(|number| one(own, name(number), &measured));
    made.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

async fn one(own: &Own, name: String, measured: &Aggregate) {
    let tests: Api<LoadTest> = Api::namespaced(own.client.clone(), &own.namespace);
    let maps: Api<ConfigMap> = Api::namespaced(own.client.clone(), &own.namespace);
    let mut test: LoadTest = create(own, object(&name)).await;
    let plan = Plan::from_spec(&name, &test.spec, &Options::default()).unwrap();
    let uid = names::run_uid(test.metadata.uid.as_ref().unwrap(), 1);
    let kept = KeptRun::new(&name, &test.spec, facts(&name, &test, &uid), measured.clone());
    let status = kept.report(&kept.spec, kept.facts.generation).unwrap().status;
    let run = Run { number: 1, uid, run_hash: plan.hash, run_id: None, started_at: None, finished_at: None };
    let packed = store::pack(&kept).unwrap();
    let map = config_maps::result(&test, &run, status.verdict.unwrap(), packed.bytes);
    maps.create(&PostParams::default(), &map).await.unwrap();
    test.status = Some(status);
    tests.replace_status(&name, &PostParams::default(), &test).await.unwrap();
}

fn facts(name: &str, test: &LoadTest, uid: &str) -> RunFacts {
    RunFacts {
        number: 1,
        uid: uid.to_owned(),
        generation: test.metadata.generation,
        started_at: Some(Timestamp::UNIX_EPOCH),
        finished_at: Timestamp::UNIX_EPOCH + std::time::Duration::from_secs(SECONDS),
        workers_desired: 2,
        workers_ready: 2,
        circumstances: Circumstances::default(),
        results: Some(format!("configmap/{}", names::result(name, 1, uid))),
        ..RunFacts::default()
    }
}

/// Fifty requests a second for a minute.
fn measured() -> Aggregate {
    let mut recorder = Recorder::new(Layout { groups: 0, values: 0, open_loop: true });
    for request in 0..SECONDS * PER_SECOND {
        let intended = request * MICROS / PER_SECOND;
        served(&mut recorder, intended, 1_000 + request.wrapping_mul(2_654_435_761) % 90_000);
    }
    let (mut state, seconds) = recorder.so_far(SECONDS * MICROS, 0);
    state.end = Some(PhaseEnd::Completed);
    let mut measured = Aggregate::new(1);
    measured.phases[0].started_micros = Some(0);
    measured.phases[0].add(&state, &seconds);
    measured
}
