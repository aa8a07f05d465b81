//! Runs that several faults befall at once, each drawn from a seed. Whatever comes: no pass is false, no load is
//! doubled, and what the status counts is what the target served.
//!
//! `LOADGATE_CAMPAIGN=1000 cargo test --test faults -- whatever` plays so many seeds, 60 minutes at most, and goes on
//! where it was stopped. `LOADGATE_CAMPAIGN_SEED=17` plays one of them again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use kube::ResourceExt;
use loadgate::api::LoadTest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::outcome::{PER_USER, REQUESTS, holds_whatever_came, leaves_at_most_a_result};
use crate::stage::{Stage, is_complete, on_rough_stage};
use crate::storm::{Deed, Storm};

/// So many seeds `cargo test` plays.
const SEEDS: u64 = 18;
/// So many are played at once; those who wait for a place have no stage yet.
const AT_ONCE: usize = 12;
/// Nothing new is begun after this.
const LONGEST: Duration = Duration::from_hours(1);
/// Between the verdict and the end of the last worker: no load is left behind it.
const LONGEST_FAREWELL: Duration = Duration::from_mins(1);
/// No operator of one short run needs more, in KiB.
const MOST_MEMORY: u64 = 128 << 10;

pub(crate) async fn whatever_befalls_a_run_nothing_is_lost_or_doubled_and_no_pass_is_false() {
    let began = Instant::now();
    let book = Book::open();
    let seeds: Vec<u64> = book.seeds().collect();
    let played = iter(seeds).take_while(|_| std::future::ready(began.elapsed() < LONGEST)).map(|seed| {
        let book = &book;
        async move {
            let played = tokio::spawn(on_rough_stage(move |stage| play(stage, Storm::of(seed)))).await;
            let outcome = match played {
                Ok(outcome) => outcome?,
                Err(error) => json!({"seed": seed, "broken": error.to_string()}),
            };
            book.note(&outcome);
            Some(outcome)
        }
    });
    let mut outcomes: Vec<Value> =
        played.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    outcomes.extend(book.played.iter().cloned());
    if outcomes.is_empty() {
        return;
    }
    eprintln!("{}", summary(&outcomes, began.elapsed()));
    let broken: Vec<String> = outcomes.iter().filter(|it| it.get("broken").is_some()).map(told).collect();
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), outcomes.len(), broken.join("\n"));
}

fn told(outcome: &Value) -> String {
    let seed = outcome["seed"].as_u64().unwrap();
    format!("seed {seed}: {}\n  {:?}", outcome["broken"].as_str().unwrap(), Storm::of(seed))
}

/// What is known of seeds that were played.
struct Book {
    seeds: Vec<u64>,
    /// What came of those that were played before.
    played: Vec<Value>,
    path: Option<PathBuf>,
}

impl Book {
    fn open() -> Self {
        let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
        if let Some(seed) = number("LOADGATE_CAMPAIGN_SEED") {
            return Book { seeds: vec![seed], played: Vec::new(), path: None };
        }
        let Some(count) = number("LOADGATE_CAMPAIGN") else {
            return Book { seeds: (1..=SEEDS).collect(), played: Vec::new(), path: None };
        };
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("campaign.jsonl");
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        let played = known.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        // One that broke something is played again.
        let played: Vec<Value> = played.filter(|outcome| outcome.get("broken").is_none()).collect();
        let known: BTreeSet<u64> = played.iter().filter_map(|outcome| outcome["seed"].as_u64()).collect();
        let seeds = (1..=count).filter(|seed| !known.contains(seed)).collect();
        Book { seeds, played, path: Some(path) }
    }

    fn seeds(&self) -> impl Iterator<Item = u64> {
        self.seeds.iter().copied()
    }

    fn note(&self, outcome: &Value) {
        let verdict = outcome.get("broken").unwrap_or(&outcome["verdict"]);
        eprintln!(
            "seed {}: {}",
            outcome["seed"],
            verdict.as_str().unwrap_or("gone").lines().next().unwrap_or_default()
        );
        if let Some(path) = &self.path {
            let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
            writeln!(file, "{outcome}").unwrap();
        }
    }
}

/// One run in one storm: what it came to, if all that must hold of it does.
async fn play(stage: Stage, storm: Storm) -> Value {
    let began = Instant::now();
    storm.breaks(&stage);
    stage.apply_but(PER_USER, |spec| storm.asks(spec)).await;
    stage.operator.start();
    let operator = Arc::clone(&stage.operator);
    let attending = tokio::spawn(async move { operator.attend().await });
    let came = storm.rages(&stage).await;
    let ended = ends(&stage, &storm).await;
    attending.abort();
    let seconds = began.elapsed().as_secs_f64();
    stage.is_without_pods().await;
    leaves_at_most_a_result(&stage).await;
    let heard = stage.proxy.so_far();
    let peak = stage.operator.peak();
    assert!(peak < MOST_MEMORY, "the operator took {peak} KiB");
    keeps_its_secrets(&stage, ended.as_ref());
    let recoveries =
        recoveries(&came, &stage.post.as_ref().map(crate::post::Post::taken).unwrap_or_default());
    let status_bytes: usize = heard.writes.iter().map(|write| write.bytes).sum();
    let served = stage.target.seen();
    let verdict = ended.as_ref().map(|status| holds_whatever_came(status, &served));
    let is_passed = verdict.as_deref() == Some("Pass");
    assert!(!(storm.is_hopeless() && is_passed), "a false pass: nothing was met: {ended:?}");
    assert!(served.len() as u64 <= REQUESTS, "load is doubled: {} requests were served", served.len());
    json!({"seed": storm.seed, "verdict": verdict, "hopeless": storm.is_hopeless(), "served": served.len(), "seconds": seconds, "storm": format!("{storm:?}"),
        "requests": heard.requests, "statusBytes": status_bytes, "recoveries": recoveries, "peakKib": peak})
}

/// The status at rest; none: the object is gone, as was asked for.
async fn ends(stage: &Stage, storm: &Storm) -> Option<Value> {
    if storm.has(|deed| deed == Deed::Delete) {
        stage.is_gone().await;
        return None;
    }
    stage.until("complete", is_over).await;
    let told_at = Instant::now();
    stage.until("complete and let go", |test| is_over(test) && test.finalizers().is_empty()).await;
    stage.is_without_pods().await;
    let farewell = told_at.elapsed();
    // Of a status that was written by somebody else it isn't known when it was true.
    let is_known = !storm.has(|deed| deed == Deed::Forge);
    assert!(!is_known || farewell < LONGEST_FAREWELL, "the last worker went {farewell:?} after the verdict");
    Some(stage.status().await)
}

/// Complete, and not only by the word of somebody else.
fn is_over(test: &LoadTest) -> bool {
    let status = test.status.as_ref();
    let is_forged = status.is_some_and(|status| status.conditions.iter().any(|told| told.reason == "Forged"));
    let run = status.and_then(|status| status.run.as_ref());
    is_complete(test) && !is_forged && run.is_some_and(|run| run.finished_at.is_some())
}

/// No token stands where people look.
fn keeps_its_secrets(stage: &Stage, status: Option<&Value>) {
    let pods = stage.kubelet.so_far();
    let status = status.map(Value::to_string).unwrap_or_default();
    let logs = pods.ended.values().map(|ended| ended.log.clone());
    for text in logs.chain([status, stage.operator.log()]) {
        assert!(pods.tokens.iter().all(|token| !text.contains(token)), "a token is told: {text}");
    }
}

/// From the start of each other operator to the first message that it took from a worker, where one came.
fn recoveries(came: &[Instant], taken: &[Instant]) -> Vec<f64> {
    let first =
        |came: &Instant| taken.iter().find(|taken| *taken > came).map(|taken| (*taken - *came).as_secs_f64());
    came.iter().filter_map(first).collect()
}

fn summary(outcomes: &[Value], took: Duration) -> String {
    let mut told = format!("\n{} runs in {took:.0?}\n", outcomes.len());
    let verdict = |outcome: &Value| match (outcome.get("broken"), &outcome["verdict"]) {
        (Some(_), _) => "broken".to_owned(),
        (None, Value::String(verdict)) => verdict.clone(),
        (None, _) => "deleted".to_owned(),
    };
    let verdicts: BTreeSet<String> = outcomes.iter().map(verdict).collect();
    for name in verdicts {
        let count = outcomes.iter().filter(|outcome| verdict(outcome) == name).count();
        writeln!(told, "  {name:<13} {count}").unwrap();
    }
    for (name, unit) in [
        ("seconds", "s"),
        ("requests", "API requests"),
        ("statusBytes", "bytes of status"),
        ("peakKib", "KiB"),
    ] {
        let values = outcomes.iter().filter_map(|outcome| outcome[name].as_f64()).collect();
        writeln!(told, "  {}", quantiles(unit, values)).unwrap();
    }
    let recoveries = outcomes.iter().filter_map(|outcome| outcome["recoveries"].as_array()).flatten();
    writeln!(
        told,
        "  {}",
        quantiles(
            "s to take a worker's message after another operator was started",
            recoveries.filter_map(Value::as_f64).collect()
        )
    )
    .unwrap();
    told
}

fn quantiles(what: &str, mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let at = |percent: usize| {
        values
            .get((values.len() * percent / 100).min(values.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    format!("p50 {:.2}, p99 {:.2}, greatest {:.2} {what} ({} values)", at(50), at(99), at(100), values.len())
}
