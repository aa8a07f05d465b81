//! Workers whose reports are lost, doubled, late and overtaken on a real way over HTTP: what the session counts is what
//! nginx served.
//!
//! `LOADGATE_CAMPAIGN=1000 cargo test --test pushes` plays so many seeds.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "support/house.rs"]
mod house;
#[path = "support/nginx.rs"]
mod nginx;
#[path = "support/post.rs"]
mod post;
#[path = "support/road.rs"]
mod road;
#[path = "support/weather.rs"]
mod weather;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use loadgate::engine::Setup;
use loadgate::ingest::{Session, SharedSession};
use loadgate::plan::secrets::Secrets;
use loadgate::plan::{Data, Document, Options, Plan, Share};

use house::{Files, House, Ingest, RUN};
use post::Post;
use weather::{Trouble, Weather};

/// So many seeds `cargo test` plays.
const SEEDS: u64 = 48;
/// So many are played at once: most of them wait most of their time.
const AT_ONCE: usize = 24;
/// Two phases, four users, five requests each.
const REQUESTS: u64 = 40;
const WORKERS: u32 = 2;
/// No run takes so long: what does, hangs.
const LIMIT: Duration = Duration::from_mins(4);

/// What a run came to.
#[derive(Debug)]
struct Outcome {
    seed: u64,
    counted: u64,
    lost: u32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_befalls_reports_what_is_counted_is_what_was_served() {
    let Some(nginx) = nginx::start() else { return };
    let target = nginx.url();
    let seeds = std::env::var("LOADGATE_CAMPAIGN").map_or(SEEDS, |seeds| seeds.parse().unwrap());
    let played = iter(1..=seeds).map(|seed| {
        let played = tokio::time::timeout(LIMIT, play(seed, target.clone()));
        async move { played.await.unwrap_or_else(|_| panic!("seed {seed} hangs")) }
    });
    let outcomes: Vec<Outcome> = played.buffer_unordered(AT_ONCE).collect().await;
    let mut served: BTreeMap<String, u64> = BTreeMap::new();
    for line in nginx.log() {
        *served.entry(line.user_agent).or_default() += 1;
    }
    for outcome in &outcomes {
        let served = served.get(&agent(outcome.seed)).copied().unwrap_or_default();
        assert!(served <= REQUESTS, "doubled: {served} were served: {outcome:?}");
        assert!(outcome.counted <= served, "{served} were served: {outcome:?}");
        if outcome.lost == 0 {
            assert_eq!([outcome.counted, served], [REQUESTS; 2], "{outcome:?}");
        }
    }
    let whole = outcomes.iter().filter(|outcome| outcome.lost == 0).count();
    eprintln!("{whole} of {} runs came to their end with all their workers", outcomes.len());
    assert!(whole * 4 > outcomes.len(), "nearly all runs lost workers: {outcomes:?}");
}

/// One run with two workers, whose reports pass a weather of this seed.
async fn play(seed: u64, target: String) -> Outcome {
    let plan = Arc::new(plan(seed, &target));
    let session = SharedSession::new(Session::new(&plan, seed).without_record());
    let house = House::of(&session);
    let ingest = Ingest::serve(&house, None).await;
    let post = Post::start(format!("http://{}", ingest.address)).await;
    post.weather(Weather::new(seed, vec![Trouble::Flood], LIMIT));
    let files = Files::new();
    let workers = (0..WORKERS).map(|worker| {
        let process = format!("p{worker}");
        let coordinator = files.client(post.address.port(), &house.token(RUN, worker, &process), None);
        let setup = setup(&plan, worker, &target);
        tokio::spawn(loadgate::worker::run(setup, coordinator, process))
    });
    // A worker that was lost leaves as one that is through; what else ends one is told.
    for ended in futures_util::future::join_all(workers).await {
        if let Err(error) = ended.unwrap() {
            panic!("seed {seed}: {error}");
        }
    }
    let counted = session.aggregate().phases.iter().map(|phase| phase.state.books.completed).sum();
    let view = session.view();
    assert!(view.finished, "seed {seed}: all have left a run that isn't over");
    Outcome { seed, counted, lost: view.lost }
}

fn setup(plan: &Arc<Plan>, worker: u32, target: &str) -> Setup {
    let address: SocketAddr = target.trim_start_matches("http://").parse().unwrap();
    Setup {
        plan: Arc::clone(plan),
        share: Share::new(worker, WORKERS).unwrap(),
        addresses: Arc::from([address]),
        tls: None,
        authorization: None,
        secrets: Secrets::default(),
        data: Data::default(),
        run_uid: RUN.to_owned(),
        shards: NonZeroU32::MIN,
    }
}

fn plan(seed: u64, target: &str) -> Plan {
    let agent = agent(seed);
    let text = format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: pushes}}
spec:
  target: {{baseUrl: "{target}", headers: [{{name: User-Agent, value: "{agent}"}}]}}
  scenarios: [{{name: visit, steps: [{{name: get, think: 300ms, request: {{path: /ok}}}}]}}]
  phases:
    - {{name: one, load: {{iterations: {{users: 4, perUser: 5}}}}}}
    - {{name: two, load: {{iterations: {{users: 4, perUser: 5}}}}}}
  workers: {{count: {WORKERS}}}
"#
    );
    Document::parse(&text).and_then(|document| document.check(&Options::default())).unwrap().plan
}

fn agent(seed: u64) -> String {
    format!("seed-{seed}")
}
