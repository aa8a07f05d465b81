//! System calls of a request: `cargo bench --bench system_calls -- [REQUESTS]`.
//!
//! strace counts those of a run of so many requests over 64 connections, and those of one ten times shorter. The difference, divided by
//! the requests that it made, is what one more request costs; wrk's are those of a run of the same length in all. strace makes
//! each of them slow, so nothing else of these runs tells anything.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use common::child::run_measured;
use common::our_run::Test;
use common::{CLIENT_CORE, argument, nginx::Nginx};

const CONNECTIONS: u64 = 64;
/// A request takes so much longer at most where each of its calls is counted.
const SLOWEST: Duration = Duration::from_micros(500);

fn main() -> Result<()> {
    let requests = argument(0, "requests", 200_000_u64)?;
    ensure!(requests >= 10 * CONNECTIONS, "requests: at least {}", 10 * CONNECTIONS);
    let nginx = Nginx::start(256)?;
    let (each, fewer) = (requests / CONNECTIONS, requests / CONNECTIONS / 10);
    let (many, few) = (ours(&nginx.base_url(), each)?, ours(&nginx.base_url(), fewer)?);
    let more = ((each - fewer) * CONNECTIONS) as f64;
    println!("{:<14} | {:>9} | {:>9}", "system call", "loadgate", "wrk");
    let wrk = wrk(&nginx.base_url())?;
    let calls = |name: &str| (many.of(name) as f64 - few.of(name) as f64) / more;
    for (name, _) in many.0.iter().filter(|(name, _)| name != "total" && calls(name) >= 0.005) {
        println!("{name:<14} | {:>9.3} | {:>9.3}", calls(name), wrk.each(name));
    }
    println!("{:<14} | {:>9.3} | {:>9.3}", "all", calls("total"), wrk.each("total"));
    Ok(())
}

/// How often each call was made, most often first; `total` is all of them.
struct Calls(Vec<(String, u64)>);

impl Calls {
    fn of(&self, name: &str) -> u64 {
        self.0.iter().find(|(own, _)| own == name).map_or(0, |(_, count)| *count)
    }

    /// From the table that `strace -c` writes: the calls stand fourth, the name last.
    fn read(table: &Path) -> Result<Self> {
        let text = fs::read_to_string(table).context("strace told nothing")?;
        let row = |line: &str| -> Option<(String, u64)> {
            let fields: Vec<&str> = line.split_whitespace().collect();
            Some(((*fields.last()?).to_owned(), fields.get(3)?.parse().ok()?))
        };
        let calls: Vec<(String, u64)> = text.lines().filter_map(row).collect();
        ensure!(calls.iter().any(|(name, _)| name == "total"), "strace told:\n{text}");
        Ok(Calls(calls))
    }
}

/// strace before a program on the client's core.
fn counted(program: &str, table: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &CLIENT_CORE.to_string(), "strace", "--follow-forks", "--summary-only"]);
    command.arg("--output").arg(table).arg(program);
    command
}

fn ours(base_url: &str, each: u64) -> Result<Calls> {
    let folder = tempfile::tempdir()?;
    let table = folder.path().join("calls");
    let load = format!("iterations: {{users: {CONNECTIONS}, perUser: {each}}}");
    let most = SLOWEST * u32::try_from(each * CONNECTIONS)?;
    let test = Test::of(base_url, load, most);
    let run = test.run_by(counted(env!("CARGO_BIN_EXE_loadgate"), &table))?;
    ensure!(run.requests == each * CONNECTIONS, "it sent {} requests", run.requests);
    Calls::read(&table)
}

/// Calls of wrk and the requests that it made.
struct Wrk(Calls, u64);

impl Wrk {
    fn each(&self, name: &str) -> f64 {
        self.0.of(name) as f64 / self.1 as f64
    }
}

fn wrk(base_url: &str) -> Result<Wrk> {
    let folder = tempfile::tempdir()?;
    let table = folder.path().join("calls");
    let mut command = counted("wrk", &table);
    command.args(["-t1", &format!("-c{CONNECTIONS}"), "-d10s", &format!("{base_url}/")]);
    let ended = run_measured(&mut command, Duration::from_mins(1)).context("run wrk")?;
    let told = ended.stdout.lines().find_map(|line| line.split_once(" requests in "));
    let requests = told.and_then(|(requests, _)| requests.trim().parse().ok());
    Ok(Wrk(Calls::read(&table)?, requests.with_context(|| format!("wrk told:\n{}", ended.stdout))?))
}
