//! Client CPU per request beside wrk, in alternating pairs: `cargo bench --bench cpu_vs_wrk -- [PAIRS] [SECONDS]`.
//!
//! Both load the same nginx over 64 connections, each pinned to one core and nginx to the other. wrk does the
//! bare request; ours checks the status and records the cache class and a group. On two cores the server is the
//! limit, so requests per second tie, and what tells is the CPU time (user and system) that a request costs.

mod common;

use std::{fmt, time::Duration};

use anyhow::{Context, Result};
use common::{
    CLIENT_CORE, argument,
    child::{pinned, run_measured},
    nginx::Nginx,
    our_run::Test,
};

const CONNECTIONS: usize = 64;

/// What a client did in one run.
struct Figures {
    requests_per_second: f64,
    cpu_micros_per_request: f64,
}

fn main() -> Result<()> {
    let pairs = argument(0, "pairs", 9_usize)?;
    let seconds = argument(1, "seconds", 10_u64)?;
    anyhow::ensure!(pairs > 0 && seconds > 0, "pairs and seconds: each must be above 0");
    let nginx = Nginx::start(CONNECTIONS * 4)?;
    let base_url = nginx.base_url();

    println!("{CONNECTIONS} connections, {pairs} pairs of {seconds} s each; µs are client CPU per request");
    let mut cpu = Vec::new();
    let mut rate = Vec::new();
    for pair in 1..=pairs {
        // Who goes first changes from pair to pair, so that a drift of the machine favours neither.
        let wrk_is_first = pair % 2 == 1;
        let before = if wrk_is_first { Some(run_wrk(&base_url, seconds)?) } else { None };
        let ours = run_ours(&base_url, seconds)?;
        let wrk = before.map_or_else(|| run_wrk(&base_url, seconds), Ok)?;
        cpu.push(ours.cpu_micros_per_request / wrk.cpu_micros_per_request);
        rate.push(ours.requests_per_second / wrk.requests_per_second);
        println!(
            "pair {pair}: loadgate {ours} | wrk {wrk} | CPU {:.3}, rate {:.3}",
            cpu[pair - 1],
            rate[pair - 1]
        );
    }
    println!("CPU per request, loadgate / wrk: {}", spread(&mut cpu));
    println!("requests per second, loadgate / wrk: {}", spread(&mut rate));
    Ok(())
}

fn run_ours(base_url: &str, seconds: u64) -> Result<Figures> {
    let load = format!("constantUsers: {{users: {CONNECTIONS}, duration: {seconds}s}}");
    let most = Duration::from_secs(seconds);
    let run = Test::of(base_url, load, most).run()?;
    Ok(Figures::of(run.requests, run.lasted.as_secs_f64(), run.cpu))
}

fn run_wrk(base_url: &str, seconds: u64) -> Result<Figures> {
    let mut command = pinned(CLIENT_CORE, "wrk");
    command.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), &format!("{base_url}/")]);
    let ended = run_measured(&mut command, Duration::from_secs(seconds + 30)).context("run wrk")?;
    let (requests, lasted) = read_wrk(&ended.stdout).with_context(|| {
        format!(
            "wrk told no requests:
{}",
            ended.stdout
        )
    })?;
    Ok(Figures::of(requests, lasted, ended.cpu))
}

/// Reads `1500000 requests in 10.00s, 250.00MB read`.
fn read_wrk(output: &str) -> Option<(u64, f64)> {
    let (requests, rest) = output.lines().find_map(|line| line.split_once(" requests in "))?;
    let seconds = rest.split_once("s,")?.0;
    Some((requests.trim().parse().ok()?, seconds.parse().ok()?))
}

impl Figures {
    fn of(requests: u64, seconds: f64, cpu: Duration) -> Self {
        let requests = requests as f64;
        Self {
            requests_per_second: requests / seconds,
            cpu_micros_per_request: cpu.as_secs_f64() * 1e6 / requests,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} µs at {:.0}/s", self.cpu_micros_per_request, self.requests_per_second)
    }
}

fn spread(ratios: &mut [f64]) -> String {
    ratios.sort_by(f64::total_cmp);
    let median = f64::midpoint(ratios[(ratios.len() - 1) / 2], ratios[ratios.len() / 2]);
    format!("min {:.3}, median {median:.3}, max {:.3}", ratios[0], ratios[ratios.len() - 1])
}
