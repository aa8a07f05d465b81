//! An operator before thousands of finished tests: `cargo bench --bench fleet -- [TESTS]`.
//!
//! Each has a status and a stored result in a real API server, as a run leaves them. Then the operator is started, the program as
//! people install it, and at the same moment a new test is applied. Measured is how long it takes until the new one has its Job and
//! all others were compared with what is stored of them; how long a reconcile takes, then and when each is touched once more;
//! what the operator asks the API server for, and its memory.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on says where")]

mod common;
#[path = "../tests/faults/definition.rs"]
mod definition;
#[path = "../tests/support/finished.rs"]
mod finished;
#[path = "../tests/faults/operator.rs"]
#[allow(dead_code, reason = "tests need the rest of it")]
mod operator;
#[path = "common/place.rs"]
mod place;
#[path = "../tests/faults/rights.rs"]
#[allow(dead_code, reason = "tests need the rest of it")]
mod rights;
#[path = "../tests/support/sample.rs"]
mod sample;
#[path = "common/scrape.rs"]
mod scrape;
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::StreamExt;
use futures_util::stream::iter;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::runtime::wait::await_condition;
use loadgate::api::LoadTest;
use serde_json::json;
use tokio::time::{Instant, sleep};

use common::{argument, raise_open_files};
use finished::{AT_ONCE, finish, object};
use operator::Operator;
use scrape::Buckets;
use support::cluster::{Own, in_own_namespace};

/// Nothing that is awaited takes so long.
const LIMIT: Duration = Duration::from_mins(20);
/// How often is looked.
const GLANCE: Duration = Duration::from_millis(200);
const RECONCILE: &str = "loadgate_reconcile_duration_seconds";

fn main() -> Result<()> {
    let tests = argument(0, "tests", 10_000_usize)?;
    ensure!(tests > 0, "tests: above 0");
    raise_open_files(4_000)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if definition::bring().await {
            in_own_namespace(move |own| async move {
                measure(&own, tests).await.unwrap();
                clear(&own).await;
            })
            .await;
            definition::take_away().await;
        }
    });
    Ok(())
}

async fn measure(own: &Own, count: usize) -> Result<()> {
    let began = Instant::now();
    finish(own, count).await;
    println!("{count} finished tests were made in {:.0?}", began.elapsed());
    let operator = place::operator(own).await?;
    let before = asked(own).await;
    let began = Instant::now();
    operator.start();
    println!("a new test has its Job, meanwhile: {:.1?}", new_one(own, "meanwhile").await);
    looked(&operator, 0, count).await;
    println!("all were looked at after {:.1?}", began.elapsed());
    println!("reconcile, each for the first time: {}", reconciles(&operator).await);
    println!("calls of the API server for each: {:.2}", (asked(own).await - before) / count as f64);
    let (before, told) = (reconciles(&operator).await, operator.log().len());
    let began = Instant::now();
    touch(own, count).await;
    looked(&operator, told, count).await;
    println!("all were touched, and looked at again, after {:.1?}", began.elapsed());
    println!("reconcile, each touched once more:  {}", reconciles(&operator).await.since(&before));
    println!("a new test has its Job, at rest: {:.1?}", new_one(own, "at-rest").await);
    println!("most memory of the operator: {:.1} MiB", operator.peak() as f64 / 1024.0);
    operator.kill().await;
    Ok(())
}

async fn reconciles(operator: &Operator) -> Buckets {
    Buckets::of(&operator.metrics().await, RECONCILE)
}

/// Waits until each of them was looked at: until something was decided on so many, by what was logged from byte `told` on.
async fn looked(operator: &Arc<Operator>, told: usize, count: usize) {
    let all = async {
        while decided(&operator.log()[told..]).len() < count {
            sleep(GLANCE).await;
        }
    };
    within(LIMIT, "all are looked at", all).await;
}

/// The names of the finished tests that something was decided on.
fn decided(log: &str) -> BTreeSet<&str> {
    let name = |line| -> Option<&str> { str::split_once(line, "decided test=\"")?.1.split('"').next() };
    log.lines().filter_map(name).filter(|name| name.starts_with(finished::PREFIX)).collect()
}

/// From the moment that a new test is applied until its Job is there.
async fn new_one(own: &Own, name: &str) -> Duration {
    let began = Instant::now();
    rights::create::<LoadTest>(own, object(name)).await;
    let jobs: Api<Job> = Api::namespaced(own.client.clone(), &own.namespace);
    let name = loadgate::operator::names::job(name, 1);
    let is_there = Box::pin(await_condition(jobs, &name, |job: Option<&Job>| job.is_some()));
    within(LIMIT, "the Job", is_there).await.unwrap();
    began.elapsed()
}

/// Changes each, so that the operator looks at it.
async fn touch(own: &Own, count: usize) {
    let tests: Api<LoadTest> = Api::namespaced(own.client.clone(), &own.namespace);
    let patch = Patch::Merge(json!({"metadata": {"annotations": {"loadgate.test/touched": "yes"}}}));
    let touched = |number: usize| {
        let (tests, patch) = (tests.clone(), patch.clone());
        async move { drop(tests.patch(&finished::name(number), &PatchParams::default(), &patch).await.unwrap()) }
    };
    iter(0..count).map(touched).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// So many requests were made so far that have to do with tests and what there is of them, by whomever.
async fn asked(own: &Own) -> f64 {
    let request = axum::http::Request::get("/metrics").body(Vec::new()).unwrap();
    let metrics = own.client.request_text(request).await.unwrap();
    let of = |resource: &str| format!("resource=\"{resource}\"");
    let is_ours = |line: &&str| {
        line.starts_with("apiserver_request_total{")
            && ["loadtests", "configmaps"].iter().any(|resource| line.contains(&of(resource)))
    };
    metrics.lines().filter(is_ours).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Takes all away: the definition waits for it.
async fn clear(own: &Own) {
    let tests: Api<LoadTest> = Api::namespaced(own.client.clone(), &own.namespace);
    let maps: Api<ConfigMap> = Api::namespaced(own.client.clone(), &own.namespace);
    for name in ["meanwhile", "at-rest"] {
        let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
        drop(tests.patch(name, &PatchParams::default(), &free).await);
    }
    let (how, which) = (DeleteParams::background(), ListParams::default());
    while !tests.list_metadata(&which.clone().limit(1)).await.unwrap().items.is_empty() {
        drop(tests.delete_collection(&how, &which).await);
    }
    drop(maps.delete_collection(&how, &which).await);
}

/// What is awaited, within a limit.
async fn within<T>(limit: Duration, what: &str, awaited: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(limit, awaited).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {limit:?}"))
}
