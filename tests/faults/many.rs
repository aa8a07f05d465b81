//! A hundred tests at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use kube::ResourceExt;
use kube::runtime::wait::await_condition;
use loadgate::api::LoadTest;
use tokio::time::Instant;

use crate::outcome::leaves_only_results;
use crate::proxy::Heard;
use crate::stage::{is_complete, on_rough_stage};
use crate::{LIMIT, within};

const TESTS: usize = 100;
/// Requests of each.
const EACH: u64 = 10;
/// More calls than an operator makes at once, however many tests there are: looks at tests, and at tokens.
const MOST_CALLS: usize = 50;
/// More than an operator of so many needs, in KiB.
const MOST_MEMORY: u64 = 256 << 10;

pub(crate) async fn a_hundred_tests_at_once_are_each_run_and_counted_exactly() {
    on_rough_stage(|stage| async move {
        let began = Instant::now();
        let names: Vec<String> = (0..TESTS).map(|number| format!("test-{number}")).collect();
        join_all(names.iter().map(|name| stage.apply_named(name.clone()))).await;
        stage.operator.start();
        let operator = Arc::clone(&stage.operator);
        // A machine that is too busy to renew the Lease in time ends it: then another one comes.
        let attending = tokio::spawn(async move { operator.attend().await });
        let tests = stage.api::<LoadTest>();
        let over = |test: Option<&LoadTest>| test.is_some_and(|test| is_complete(test) && test.finalizers().is_empty());
        let ends = names.iter().map(|name| within(2 * LIMIT, name, Box::pin(await_condition(tests.clone(), name, over))));
        let ended: Vec<LoadTest> = join_all(ends).await.into_iter().map(|test| test.unwrap().unwrap()).collect();
        let took = began.elapsed();
        attending.abort();
        stage.is_without_pods().await;
        let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
        for test in &ended {
            let status = test.status.as_ref().unwrap();
            assert_eq!(status.summary.as_ref().unwrap().requests, EACH, "{}", test.name_any());
            *verdicts.entry(format!("{:?}", status.verdict)).or_default() += 1;
        }
        leaves_only_results(&stage, TESTS).await;
        let (metrics, peak) = (stage.operator.metrics().await, stage.operator.peak());
        let Heard { requests: asked, most_at_once, .. } = stage.proxy.so_far();
        eprintln!(
            "\n{TESTS} tests at once in {took:.1?}: {verdicts:?}; {} calls each, at most {most_at_once} at once; reconcile p99 {}; at most {peak} KiB\n",
            asked / TESTS,
            p99(&metrics)
        );
        assert!(most_at_once < MOST_CALLS, "{most_at_once} calls at once");
        assert!(peak < MOST_MEMORY, "the operator took {peak} KiB");
        let served = stage.target.seen().len() as u64;
        assert_eq!(served, EACH * TESTS as u64, "served");
    })
    .await;
}

/// The least bound that 99 % of all reconciles stayed below.
fn p99(metrics: &str) -> String {
    let of = "loadgate_reconcile_duration_seconds";
    let buckets: Vec<(&str, f64)> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("{of}_bucket{{le=\""))?.split_once("\"} "))
        .filter_map(|(bound, count)| Some((bound, count.trim().parse().ok()?)))
        .collect();
    let all = buckets.last().map_or(0.0, |(_, count)| *count);
    let bound = buckets.iter().find(|(_, count)| *count >= all * 0.99);
    bound.map_or_else(|| "unknown".to_owned(), |(bound, _)| format!("≤ {bound} s of {all}"))
}
