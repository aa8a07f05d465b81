//! The clients: how each is started, and how many requests it says that it made.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::common::CLIENT_CORE;
use crate::common::child::{Ended, pinned, run_measured};
use crate::common::our_run::Test;
use crate::table::Figures;
use crate::{bare, k6, ourselves};

pub(crate) const CONNECTIONS: usize = 64;
/// How long a client may take beside its load.
const BESIDE: Duration = Duration::from_mins(1);

/// What is done in an iteration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// One request, its status checked where the client can.
    One,
    /// Three requests, one of which takes what another one's answer held; answers told apart.
    Scenario,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Work::One => "one request, its status checked",
            Work::Scenario => "a scenario of three requests, its JSON checked and extracted",
        })
    }
}

const SCENARIO: &str = "{name: create, request: {method: POST, path: /messages, json: {model: small, maxTokens: 1000}}, \
     checks: [{status: [200]}, {jsonPath: $.tokens, equals: 1000}], extract: [{name: id, jsonPath: $.id}]}, \
     {name: read, request: {path: \"/messages/${id}\"}}, {name: list, request: {path: /messages}}";

/// How a client is run.
#[derive(Clone, Copy)]
enum Run {
    Ours,
    /// Ours with the client that speaks everything.
    OursFull,
    /// A loop around reqwest in this program.
    Bare,
    Wrk,
    Hey,
    Oha,
    K6,
    Vegeta,
}

/// A load generator.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    pub(crate) name: &'static str,
    run: Run,
}

/// Ours first: the others are divided by it.
pub(crate) const ALL: [Client; 8] = [
    Client { name: "loadgate", run: Run::Ours },
    Client { name: "loadgate, full", run: Run::OursFull },
    Client { name: "wrk", run: Run::Wrk },
    Client { name: "reqwest", run: Run::Bare },
    Client { name: "oha", run: Run::Oha },
    Client { name: "hey", run: Run::Hey },
    Client { name: "vegeta", run: Run::Vegeta },
    Client { name: "k6", run: Run::K6 },
];

impl Client {
    pub(crate) fn is_here(&self) -> bool {
        match self.run {
            Run::Ours | Run::OursFull | Run::Bare => true,
            _ => program(self.name).is_some(),
        }
    }

    pub(crate) fn way_to_get(&self) -> &'static str {
        match self.run {
            Run::Wrk | Run::Hey => "it is Debian's package of that name; benches/peers/install brings it",
            _ => "benches/peers/install builds it",
        }
    }

    pub(crate) fn can(&self, work: Work) -> bool {
        work == Work::One || matches!(self.run, Run::Ours | Run::OursFull | Run::K6)
    }

    /// Loads `url` for so long.
    pub(crate) fn load(&self, work: Work, url: &str, seconds: u64) -> Result<Figures> {
        let limit = Duration::from_secs(seconds) + BESIDE;
        let folder = tempfile::tempdir()?;
        let root = format!("{url}/");
        let length = format!("{seconds}s");
        let connections = CONNECTIONS.to_string();
        let connections = connections.as_str();
        match self.run {
            Run::Ours => ours(work, url, seconds, ""),
            // Beside the bare loop: at least 0.9 of its requests a second.
            Run::OursFull => ours(work, url, seconds, ", http: {tier: full}"),
            Run::Bare => {
                let mut command = pinned(CLIENT_CORE, &ourselves()?);
                command.args([bare::WORD, &root, &seconds.to_string()]);
                told(&run_measured(&mut command, limit)?)
            }
            Run::Wrk => {
                let mut command = self.pinned()?;
                command.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), &root]);
                told(&run_measured(&mut command, limit)?)
            }
            Run::Hey => {
                let mut command = self.pinned()?;
                command.args(["-z", &length, "-c", connections, "-cpus", "1", &root]);
                of(&run_measured(&mut command, limit)?, hey)
            }
            Run::Oha => {
                let mut command = self.pinned()?;
                command.args([
                    "--no-tui",
                    "--output-format",
                    "json",
                    "-z",
                    &length,
                    "-c",
                    connections,
                    &root,
                ]);
                of(&run_measured(&mut command, limit)?, oha)
            }
            Run::K6 => {
                let script = folder.path().join("script.js");
                fs::write(&script, k6::script(work, &root, seconds))?;
                let mut command = self.pinned()?;
                command.env("GOMAXPROCS", "1").args(["run", "--quiet"]).arg(&script);
                told(&run_measured(&mut command, limit)?)
            }
            Run::Vegeta => self.vegeta(folder.path(), &root, &length, limit),
        }
    }

    fn pinned(&self) -> Result<Command> {
        let program = program(self.name).with_context(|| format!("{} isn't here", self.name))?;
        Ok(pinned(CLIENT_CORE, &program.to_string_lossy()))
    }

    /// What it attacked with is reported by a second process, which isn't measured.
    fn vegeta(&self, folder: &Path, url: &str, length: &str, limit: Duration) -> Result<Figures> {
        let (targets, results) = (folder.join("targets"), folder.join("results"));
        fs::write(&targets, format!("GET {url}\n"))?;
        let connections = CONNECTIONS.to_string();
        let mut attack = self.pinned()?;
        // Its own flag for that stands before the command's.
        attack.env("GOMAXPROCS", "1").args([
            "attack",
            "-rate=0",
            "-duration",
            length,
            "-workers",
            &connections,
        ]);
        attack.args(["-max-workers", &connections, "-connections", &connections]);
        attack.arg("-targets").arg(&targets).arg("-output").arg(&results);
        let attacked = run_measured(&mut attack, limit)?;
        let mut report = self.pinned()?;
        report.args(["report", "-type", "json"]).arg(&results);
        let reported = run_measured(&mut report, limit)?;
        of(&Ended { stdout: reported.stdout, ..attacked }, |told| {
            let told: Value = serde_json::from_str(told).ok()?;
            Some((told["requests"].as_u64()?, told["duration"].as_f64()? / 1e9))
        })
    }
}

fn ours(work: Work, url: &str, seconds: u64, target_extra: &str) -> Result<Figures> {
    let load = format!("constantUsers: {{users: {CONNECTIONS}, duration: {seconds}s}}");
    let test = Test { target_extra, ..Test::of(url, load, Duration::from_secs(seconds)) };
    let run = match work {
        Work::One => test.run()?,
        Work::Scenario => Test { steps: SCENARIO, ..test }.run()?,
    };
    Ok(Figures::of(run.requests, run.lasted.as_secs_f64(), run.cpu, run.user, run.peak_rss_kib))
}

/// By a line such as `1500000 requests in 10.00s, 250.00MB read`.
fn told(ended: &Ended) -> Result<Figures> {
    of(ended, |told| {
        let (requests, rest) = told.lines().find_map(|line| line.split_once(" requests in "))?;
        Some((requests.trim().parse().ok()?, rest.split_once("s,")?.0.parse().ok()?))
    })
}

/// By how many requests it says that it made in how many seconds.
fn of(ended: &Ended, read: impl Fn(&str) -> Option<(u64, f64)>) -> Result<Figures> {
    let Some((requests, seconds)) = read(&ended.stdout).filter(|(requests, _)| *requests > 0) else {
        bail!("it told no requests and ended with {}:\n{}{}", ended.status, ended.stdout, ended.stderr)
    };
    Ok(Figures::of(requests, seconds, ended.cpu, ended.user, ended.peak_rss_kib))
}

/// `Total: 10.0023 secs` and `Requests/sec: 66123.4`: it lists only the first million of its answers.
fn hey(told: &str) -> Option<(u64, f64)> {
    let figure = |name: &str| -> Option<f64> {
        let line = told.lines().find_map(|line| line.trim().strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let (seconds, rate) = (figure("Total:")?, figure("Requests/sec:")?);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests")]
    Some(((seconds * rate).round() as u64, seconds))
}

fn oha(told: &str) -> Option<(u64, f64)> {
    let told: Value = serde_json::from_str(told).ok()?;
    let answered = told["statusCodeDistribution"].as_object()?.values().filter_map(Value::as_u64).sum();
    Some((answered, told["summary"]["total"].as_f64()?))
}

/// Where a program is: in the folder that the installing script fills, or in the path.
fn program(name: &str) -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let own = cache.map(|cache| cache.join("loadgate-peers").join("bin"));
    let path: OsString = env::var_os("PATH").unwrap_or_default();
    own.into_iter().chain(env::split_paths(&path)).map(|folder| folder.join(name)).find(|file| file.is_file())
}
