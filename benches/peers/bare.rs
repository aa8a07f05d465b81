//! A loop around reqwest and nothing else: what a client library takes by itself.

use std::env;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::clients::CONNECTIONS;

/// The word by which this program becomes that client.
pub(crate) const WORD: &str = "--bare-reqwest";

/// What it is to load and for how long, where this process is one.
pub(crate) fn asked_for() -> Result<Option<(String, u64)>> {
    let mut words = env::args().skip_while(|word| word != WORD).skip(1);
    let Some(url) = words.next() else { return Ok(None) };
    let seconds = words.next().with_context(|| format!("{WORD} URL SECONDS"))?.parse()?;
    Ok(Some((url, seconds)))
}

/// Sends request after request over each connection, and prints how many were answered: `1500000 requests in 10.00s,`.
pub(crate) fn load(url: &str, seconds: u64) -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().pool_max_idle_per_host(CONNECTIONS).build()?;
        let began = Instant::now();
        let until = began + Duration::from_secs(seconds);
        let local = tokio::task::LocalSet::new();
        let one = || local.spawn_local(send(client.clone(), url.to_owned(), until));
        let all: Vec<_> = (0..CONNECTIONS).map(|_| one()).collect();
        let requests = local.run_until(async {
            let mut requests = 0;
            for ended in all {
                requests += ended.await??;
            }
            anyhow::Ok(requests)
        });
        println!("{} requests in {:.3}s,", requests.await?, began.elapsed().as_secs_f64());
        Ok(())
    })
}

async fn send(client: reqwest::Client, url: String, until: Instant) -> Result<u64> {
    let mut requests = 0;
    while Instant::now() < until {
        let answer = client.get(&url).send().await?;
        ensure!(answer.status() == 200, "the target answered {}", answer.status());
        answer.bytes().await?;
        requests += 1;
    }
    Ok(requests)
}
