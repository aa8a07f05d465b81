//! Allocations of a request: `cargo bench --bench allocations -- [REQUESTS]`.
//!
//! The engine runs in this process, where each allocation is counted, once for so many requests and once for a tenth of them. The
//! difference, divided by the requests that it made, is what one more request costs.

mod common;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::{argument, nginx::Nginx};
use loadgate::engine::{Engine, Setup};
use loadgate::plan::secrets::Secrets;
use loadgate::plan::share::Share;
use loadgate::plan::{Data, Document, Options, Plan};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const USERS: u64 = 64;

/// Scenarios, from the least that a request can be.
const SCENARIOS: [(&str, &str); 3] = [
    ("static, a status check", "steps: [{name: get, request: {path: /}, checks: [{status: [200]}]}]"),
    (
        "the same, a value of the iteration in its path",
        r#"steps: [{name: get, request: {path: "/?n=${index}"}, checks: [{status: [200]}]}]"#,
    ),
    (
        "the same, a field of its JSON checked and extracted",
        "steps: [{name: get, request: {path: /}, checks: [{jsonPath: $.tokens, equals: 1000}], \
         extract: [{name: id, jsonPath: $.id}]}]",
    ),
];

fn main() -> Result<()> {
    let requests = argument(0, "requests", 200_000_u64)?;
    ensure!(requests >= 10 * USERS, "requests: at least {}", 10 * USERS);
    let _profiler = dhat::Profiler::builder().testing().build();
    let nginx = Nginx::start(256)?;
    println!("allocations | bytes  | a request over {USERS} connections, cache class and group recorded");
    for (name, scenario) in SCENARIOS {
        let (each, fewer) = (requests / USERS, requests / USERS / 10);
        let few = allocated(&nginx, scenario, fewer)?;
        let many = allocated(&nginx, scenario, each)?;
        let more = ((each - fewer) * USERS) as f64;
        let (blocks, bytes) = ((many.0 as f64 - few.0 as f64) / more, (many.1 as f64 - few.1 as f64) / more);
        println!("{blocks:>11.4} | {bytes:>6.1} | {name}");
    }
    Ok(())
}

/// What a run of so many requests by each user allocates, from its beginning to its end.
fn allocated(nginx: &Nginx, scenario: &str, each: u64) -> Result<(u64, u64)> {
    let (plan, address) = (plan(&nginx.base_url(), scenario, each)?, nginx.address());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(plan, address))
}

async fn run(plan: Arc<Plan>, address: SocketAddr) -> Result<(u64, u64)> {
    let mut engine = Engine::start(Setup {
        plan,
        share: Share::WHOLE,
        addresses: Arc::new([address]),
        tls: None,
        authorization: None,
        secrets: Secrets::default(),
        data: Data::default(),
        run_uid: "allocations".to_owned(),
        shards: NonZeroU32::MIN,
    })?;
    engine.prepare(0)?;
    engine.prepared().await?;
    let before = dhat::HeapStats::get();
    engine.begin(Instant::now())?;
    tokio::time::timeout(Duration::from_mins(5), engine.ended()).await.context("it takes too long")??;
    let after = dhat::HeapStats::get();
    Ok((after.total_blocks - before.total_blocks, after.total_bytes - before.total_bytes))
}

fn plan(base_url: &str, scenario: &str, each: u64) -> Result<Arc<Plan>> {
    let text = format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: allocations}}
spec:
  target: {{baseUrl: "{base_url}"}}
  scenarios: [{{name: visit, {scenario}}}]
  classify:
    cache: {{header: X-Cache, hit: [HIT], miss: [MISS]}}
    groups: [{{name: account, header: X-Account}}]
  phases: [{{name: load, load: {{iterations: {{users: {USERS}, perUser: {each}}}}}}}]
"#
    );
    let checked = Document::parse(&text).and_then(|document| document.check(&Options::default()));
    let faults = |faults: Vec<loadgate::plan::Fault>| anyhow::anyhow!("{faults:?}");
    Ok(Arc::new(checked.map_err(faults)?.plan))
}
