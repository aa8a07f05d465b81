//! How late an open loop sends: `cargo bench --bench schedule_lag -- [ROUNDS] [SECONDS]`.
//!
//! Iterations are started at a fixed rate on one core, nginx answers on the other. Lag is the time from when an iteration was due to
//! when it began, as the run itself tells it. All that was planned must have been started, else the run says how much wasn't.

mod common;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::our_run::{OurRun, Test};
use common::{argument, nginx::Nginx};

const RATES: [u64; 2] = [10_000, 50_000];
/// As many as a rate has by default: when the target stands still for a moment, others take what comes due.
const USERS: usize = 1000;
const ASKED: [(&str, &str, &str); 4] = [
    ("p50", "lag.p50", "< 1h"),
    ("p99", "lag.p99", "< 1h"),
    ("max", "lag.max", "< 1h"),
    ("dropped", "dropped", ">= 0"),
];

fn main() -> Result<()> {
    let rounds = argument(0, "rounds", 5_usize)?;
    let seconds = argument(1, "seconds", 10_u64)?;
    ensure!(rounds > 0 && seconds > 0, "rounds and seconds: each must be above 0");
    let nginx = Nginx::start(USERS * 2)?;
    println!("{USERS} users at most, {rounds} rounds of {seconds} s for each rate");
    println!("    rate | lag p50 | lag p99 | lag max | started of planned | dropped | CPU of a core");
    for rate in RATES {
        for _ in 0..rounds {
            let run = run(&nginx.base_url(), rate, seconds)?;
            println!("{}", line(&run, rate, seconds)?);
        }
    }
    Ok(())
}

fn run(base_url: &str, rate: u64, seconds: u64) -> Result<OurRun> {
    let load = format!("constantRate: {{rate: {rate}/s, duration: {seconds}s, maxUsers: {USERS}}}");
    Test { asked: &ASKED, ..Test::of(base_url, load, Duration::from_secs(seconds)) }.run()
}

fn line(run: &OurRun, rate: u64, seconds: u64) -> Result<String> {
    let row = |id: &str| run.rows.get(id).with_context(|| format!("the report has no row {id}"));
    let cpu = run.cpu.as_secs_f64() / seconds as f64;
    Ok(format!(
        "{rate:>6}/s | {:>7} | {:>7} | {:>7} | {:>8} of {:>8} | {:>7} | {:>4.0} %",
        row("p50")?,
        row("p99")?,
        row("max")?,
        run.requests,
        rate * seconds,
        row("dropped")?,
        cpu * 100.0
    ))
}
