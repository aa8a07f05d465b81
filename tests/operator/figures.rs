//! How long things take and what they cost, beside what the leading operator was measured at. Told, never asserted.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, constant_rate};
use crate::support::path;
use crate::support::pods::{NGINX, Nginx};

/// So many runs of each kind: the median is told, and all of them.
const RUNS: usize = 3;
/// Idle is measured over so long at least, between two times that the kubelet has looked.
const IDLE: Duration = Duration::from_secs(10);
/// So often the kubelet is asked whether it has.
const GLANCE: Duration = Duration::from_secs(1);

/// What was measured, what the leading operator was measured at, and the goal.
struct Figure {
    what: String,
    measured: String,
    theirs: &'static str,
    goal: &'static str,
}

static FIGURES: Mutex<Vec<Figure>> = Mutex::new(Vec::new());

/// Notes a figure.
pub(crate) fn note(what: &str, measured: String, theirs: &'static str, goal: &'static str) {
    FIGURES.lock().unwrap().push(Figure { what: what.to_owned(), measured, theirs, goal });
}

/// Prints what was noted, and leaves it where programs are built.
pub(crate) fn tell() {
    let figures = FIGURES.lock().unwrap();
    if figures.is_empty() {
        return;
    }
    let mut table = "| what | measured | k6-operator | goal |\n|---|---|---|---|\n".to_owned();
    for Figure { what, measured, theirs, goal } in figures.iter() {
        writeln!(table, "| {what} | {measured} | {theirs} | {goal} |").unwrap();
    }
    println!("\n{table}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| path("target"), Into::into);
    std::fs::write(target.join("operator-figures.md"), table).unwrap();
}

/// On the clock of nginx's log.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

pub(crate) fn figures_are_told(installation: &Installation) {
    idle(installation);
    for (workers, word, theirs, objects) in
        [(2, "two", "4.6 s (4.0–5.2, 4 of 21 over 14 s)", 15), (4, "four", "4.3–15.4 s", 25)]
    {
        let room = installation.room(&format!("figures-{word}"));
        let runs: Vec<_> = (0..RUNS).map(|run| measured(&room, workers, run)).collect();
        let times = |of: fn(&Times) -> f64| told(runs.iter().map(of).collect());
        note(&format!("apply → first request, {workers} workers"), times(|run| run.begin), theirs, "≤ 3 s");
        note(&format!("last request → Complete, {workers} workers"), times(|run| run.end), "2.7 s", "≤ 2 s");
        let (made, events) = (runs[0].objects, runs[0].events);
        let theirs = if objects == 15 { "15 and 26" } else { "25 and 39" };
        let goal = if objects == 15 { "≤ 8 and ≤ 10" } else { "≤ 10 and ≤ 10" };
        note(
            &format!("objects and Events of a run, {workers} workers"),
            format!("{made} and {events}"),
            theirs,
            goal,
        );
    }
}

struct Times {
    begin: f64,
    end: f64,
    objects: usize,
    events: usize,
}

/// A run of three seconds against an nginx of its own log.
fn measured(room: &Room, workers: u32, run: usize) -> Times {
    let name = format!("run-{run}");
    if run == 0 {
        Nginx::start(&room.kubectl);
    }
    let nginx = Nginx::of(&room.kubectl);
    let served = nginx.load().len();
    let mut test = constant_rate(&name, NGINX, "20/s", "3s");
    test["spec"]["workers"]["count"] = json!(workers);
    let applied = now();
    room.kubectl.apply(&test);
    room.until(&name, LIMIT, "running", |status| status["phase"] == "Running");
    let objects = room.children().len();
    room.until(&name, LIMIT, "complete", |status| status["verdict"].is_string());
    let complete = now();
    let load = nginx.load();
    let end = complete - load.last().unwrap().at;
    room.comes_to_rest(&name);
    // With the result, which comes when all others go.
    Times { begin: load[served].at - applied, end, objects: objects + 1, events: events(room, &name) }
}

/// All that tell of the object, its Job or its pods.
fn events(room: &Room, name: &str) -> usize {
    let is_of = |event: &&Value| {
        event["involvedObject"]["name"]
            .as_str()
            .is_some_and(|of| of == name || of.starts_with(&format!("{name}-")))
    };
    let events = room.kubectl.list(&["events"]);
    events.iter().filter(is_of).count()
}

/// `1.9 s (1.8 1.9 2.4)`: the median and all of them.
fn told(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let all: Vec<String> = times.iter().map(|time| format!("{time:.1}")).collect();
    format!("{:.1} s ({})", times[times.len() / 2], all.join(" "))
}

/// The operator's pod as the kubelet has read it from its cgroup.
struct Used {
    at: Timestamp,
    /// Nanoseconds of CPU so far.
    cpu: u64,
    /// Bytes.
    memory: u64,
}

fn idle(installation: &Installation) {
    let before = used(installation);
    let lasted = |used: &Used| Duration::try_from(used.at.duration_since(before.at)).unwrap_or_default();
    let mut now = used(installation);
    while lasted(&now) < IDLE {
        // Nothing happens in this time, which is what is measured.
        std::thread::sleep(GLANCE);
        now = used(installation);
    }
    let milli = (now.cpu - before.cpu) as f64 / lasted(&now).as_nanos() as f64 * 1000.0;
    let measured =
        format!("{:.0} MiB, {milli:.1} mCPU (unoptimised)", now.memory as f64 / f64::from(1 << 20));
    note("the idle operator", measured, "48 MB, 1 mCPU", "≤ 32 MB, ≤ 1 mCPU");
}

fn used(installation: &Installation) -> Used {
    let pod = installation.operators().remove(0);
    let node = pod["spec"]["nodeName"].as_str().unwrap();
    let stats =
        installation.kubectl.run(&["get", "--raw", &format!("/api/v1/nodes/{node}/proxy/stats/summary")]);
    let stats: Value = serde_json::from_str(&stats).unwrap();
    let is_it = |stats: &&Value| stats["podRef"]["uid"] == pod["metadata"]["uid"];
    let used = stats["pods"].as_array().unwrap().iter().find(is_it).unwrap();
    let figure = |of: &Value| of.as_u64().unwrap();
    Used {
        at: used["cpu"]["time"].as_str().unwrap().parse().unwrap(),
        cpu: figure(&used["cpu"]["usageCoreNanoSeconds"]),
        memory: figure(&used["memory"]["workingSetBytes"]),
    }
}
