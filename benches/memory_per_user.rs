//! Memory of many users on a slow pace: `cargo bench --bench memory_per_user -- [USERS] [SECONDS]`.
//!
//! Every user keeps its connection open and sends a request each 10 s. The same run with a few users is what the
//! program needs anyway; the rest, divided by the users, is what one more user costs.

mod common;

use std::time::Duration;

use anyhow::Result;
use common::{argument, nginx::Nginx, our_run::Test, raise_open_files};

const FEW: usize = 10;

fn main() -> Result<()> {
    let users = argument(0, "users", 10_000_usize)?;
    let seconds = argument(1, "seconds", 30_u64)?;
    anyhow::ensure!(users > FEW && seconds > 10, "users must be above {FEW}, seconds above 10");
    raise_open_files(u64::try_from(users)? + 1_000)?;
    let nginx = Nginx::start(users)?;

    println!("a request each 10 s per user, ramp up 10 s, {seconds} s in all");
    let few = peak_rss_kib(&nginx, FEW, seconds)?;
    let many = peak_rss_kib(&nginx, users, seconds)?;
    let per_user = many.saturating_sub(few) as f64 / (users - FEW) as f64;
    println!(
        "peak memory: {:.1} MiB, {per_user:.2} KiB per user beyond the first {FEW}",
        many as f64 / 1024.0
    );
    Ok(())
}

fn peak_rss_kib(nginx: &Nginx, users: usize, seconds: u64) -> Result<u64> {
    let base_url = nginx.base_url();
    let load = format!("constantUsers: {{users: {users}, duration: {seconds}s, rampUp: 10s}}");
    let most = Duration::from_secs(seconds);
    let run = Test { scenario_extra: "pace: 10s, ", ..Test::of(&base_url, load, most) }.run()?;
    println!("{users} users: {} requests, {:.1} MiB", run.requests, run.peak_rss_kib as f64 / 1024.0);
    Ok(run.peak_rss_kib)
}
