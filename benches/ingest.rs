//! A thousand workers at one operator: `cargo bench --bench ingest -- [WORKERS] [SECONDS]`.
//!
//! The operator is the program as people install it, at a real API server: with TLS, and a token for each pod that the API server
//! reviews. The Job makes the pods, no node takes them, and this program plays their workers on the wire: what they tell is
//! a load of ten requests a second each, at the interval that the operator gives. The figures are those that a worker sees; the
//! thousand of them share the machine with the operator. What the status counts in the end must be what they told.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on says where")]

mod common;
#[path = "../tests/faults/definition.rs"]
mod definition;
#[path = "ingest/load.rs"]
mod load;
#[path = "../tests/faults/operator.rs"]
#[allow(dead_code, reason = "tests need the rest of it")]
mod operator;
#[path = "common/place.rs"]
mod place;
#[path = "ingest/played.rs"]
mod played;
#[path = "../tests/faults/rights.rs"]
#[allow(dead_code, reason = "tests need the rest of it")]
mod rights;
#[path = "../tests/support/sample.rs"]
mod sample;
#[path = "common/scrape.rs"]
mod scrape;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::iter;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::runtime::wait::await_condition;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use loadgate::api::LoadTest;
use loadgate::plan::{Options, Plan};
use serde_json::{Value, json};
use tokio::time::Instant;

use common::{argument, raise_open_files};
use load::Times;
use played::{Played, Run};
use scrape::Buckets;
use support::cluster::{Own, in_own_namespace};

/// Nothing that is awaited takes so long.
const LIMIT: Duration = Duration::from_mins(10);
const NAME: &str = "crowd";
/// So many begin at once: their token, their connection, their registration.
const AT_ONCE: usize = 32;

fn main() -> Result<()> {
    let workers = argument(0, "workers", 1_000_u32)?;
    let seconds = argument(1, "seconds", 60_u64)?;
    ensure!((1..=1000).contains(&workers), "workers: 1 to 1000");
    raise_open_files(u64::from(workers) * 4 + 1_000)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if definition::bring().await {
            in_own_namespace(move |own| async move { measure(own, workers, seconds).await.unwrap() }).await;
            definition::take_away().await;
        }
    });
    Ok(())
}

async fn measure(own: Own, workers: u32, seconds: u64) -> Result<()> {
    let operator = place::operator(&own).await?;
    operator.start();
    let test: LoadTest = rights::create(&own, object(workers, seconds)).await;
    let plan = Plan::from_spec(NAME, &test.spec, &Options::default()).unwrap();
    let tests: Api<LoadTest> = Api::namespaced(own.client.clone(), &own.namespace);
    let began = Instant::now();
    let pods = pods(&own, workers as usize).await;
    println!("{workers} pods are there after {:.1?}", began.elapsed());
    let run = run(&own, &tests, plan.hash, operator.ingest(), seconds).await;
    let began = Instant::now();
    let played: Vec<Played> = iter(pods).map(|pod| run.worker(pod)).buffer_unordered(AT_ONCE).collect().await;
    println!("all are registered after {:.1?}", began.elapsed());
    let before = Buckets::of(&operator.metrics().await, "loadgate_push_duration_seconds");
    let told = join_all(played.into_iter().map(Played::runs)).await;
    let metrics = operator.metrics().await;
    let is_over = |test: Option<&LoadTest>| {
        counted(test).is_some() && test.is_some_and(|test| test.finalizers().is_empty())
    };
    let over = Box::pin(await_condition(tests, NAME, is_over));
    let over = within(LIMIT, "the verdict", over).await?.unwrap();
    let sum: u64 = told.iter().map(|told| told.requests).sum();
    let counted = counted(Some(&over)).unwrap();
    println!("told {sum} requests, counted {counted}, difference {}", counted.abs_diff(sum));
    println!(
        "told to come again {}, without an answer {}",
        total(&told, |it| it.busy),
        total(&told, |it| it.silent)
    );
    println!(
        "reports while the load is on, by the workers: {}",
        Times::of(told.iter().flat_map(|it| &it.during))
    );
    println!(
        "all at once, at its beginning and its end:    {}",
        Times::of(told.iter().flat_map(|it| &it.at_once))
    );
    let own = Buckets::of(&metrics, "loadgate_push_duration_seconds").since(&before);
    println!("all of them, by the operator:                 {own}");
    println!("most memory of the operator: {:.1} MiB", operator.peak() as f64 / 1024.0);
    operator.kill().await;
    ensure!(counted == sum, "something was lost");
    Ok(())
}

fn total(told: &[played::Told], of: fn(&played::Told) -> u64) -> u64 {
    told.iter().map(of).sum()
}

/// What the status counts, once it is judged.
fn counted(test: Option<&LoadTest>) -> Option<u64> {
    let status = test?.status.as_ref()?;
    status.verdict.and(status.summary.as_ref().map(|summary| summary.requests))
}

/// All pods of the run, once they are there.
async fn pods(own: &Own, count: usize) -> Vec<Pod> {
    let api: Api<Pod> = Api::namespaced(own.client.clone(), &own.namespace);
    let events = watcher(api, watcher::Config::default()).default_backoff().applied_objects();
    let mut events = std::pin::pin!(events);
    let mut pods = std::collections::BTreeMap::new();
    let all = async {
        while pods.len() < count {
            if let Some(Ok(pod)) = events.next().await {
                pods.insert(pod.metadata.uid.clone(), pod);
            }
        }
    };
    within(LIMIT, "the pods", all).await;
    pods.into_values().collect()
}

/// What all workers are told: by the frozen spec, and by their pods' template.
async fn run(own: &Own, tests: &Api<LoadTest>, plan_hash: String, url: String, seconds: u64) -> Run {
    let test = tests.get(NAME).await.unwrap();
    let uid = test.status.and_then(|status| status.run).unwrap().uid;
    let maps: Api<ConfigMap> = Api::namespaced(own.client.clone(), &own.namespace);
    let frozen = maps.get(&loadgate::operator::names::config_map(NAME, 1, "spec")).await.unwrap();
    let authority = frozen.data.unwrap().remove("ca.crt").unwrap();
    Run::new(own, uid, plan_hash, &url, authority, Duration::from_secs(seconds))
}

fn object(workers: u32, seconds: u64) -> Value {
    let load =
        json!({"constantRate": {"rate": format!("{}/s", workers * 10), "duration": format!("{seconds}s")}});
    json!({
        "apiVersion": "loadgate.dev/v1alpha1", "kind": "LoadTest", "metadata": {"name": NAME},
        "spec": {
            "target": {"baseUrl": "http://127.0.0.1:9"},
            "scenarios": [{"name": "visit", "steps": [{"name": "get", "request": {"path": "/"}}]}],
            "phases": [{"name": "load", "load": load}],
            "requirements": [{"id": "ERRORS", "metric": "error_rate", "target": "< 1%", "must": true}],
            "workers": {"count": workers, "nodeSelector": {"loadgate.test/nowhere": "none"}},
            "deadlines": {"start": "10m"},
        },
    })
}

/// What is awaited, within a limit.
async fn within<T>(limit: Duration, what: &str, awaited: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(limit, awaited).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {limit:?}"))
}
