//! Memory of a long run: `cargo bench --bench memory_over_requests -- [MILLIONS]`.
//!
//! The same users send a tenth of so many million requests, and then all of them, as fast as the target answers. What the program
//! holds is to be the same: nothing of a request is kept but what it adds to counts and histograms.

mod common;

use std::time::Duration;

use anyhow::{Result, ensure};
use common::our_run::Test;
use common::{argument, nginx::Nginx};

const USERS: u64 = 64;
const MILLION: u64 = 1_000_000;
/// A request takes so much longer at most on a machine that does much else.
const SLOWEST: Duration = Duration::from_micros(100);

fn main() -> Result<()> {
    let millions = argument(0, "millions", 10_u64)?;
    ensure!(millions > 0, "millions: above 0");
    let nginx = Nginx::start(256)?;
    let requests = millions * MILLION;
    let few = peak_mib(&nginx, requests / 10)?;
    let many = peak_mib(&nginx, requests)?;
    println!("the most memory, of all and of a tenth: {:+.1} %", (many / few - 1.0) * 100.0);
    Ok(())
}

fn peak_mib(nginx: &Nginx, requests: u64) -> Result<f64> {
    let load = format!("sharedIterations: {{users: {USERS}, total: {requests}}}");
    let most = SLOWEST * u32::try_from(requests)?;
    let run = Test::of(&nginx.base_url(), load, most).run()?;
    ensure!(run.requests == requests, "it sent {} of {requests} requests", run.requests);
    let peak = run.peak_rss_kib as f64 / 1024.0;
    println!("{requests} requests in {:.1} s: {peak:.1} MiB", run.lasted.as_secs_f64());
    Ok(peak)
}
