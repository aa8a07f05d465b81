//! The demo and the examples: run as people run them, against a healthy target and against one made ill on purpose.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use assert_cmd::Command;
use loadgate::target::{Options, Target};
use serde_json::Value;
use support::path;
use support::program::{Ended, Report, Run};

const LIMIT: Duration = Duration::from_mins(4);

static MACHINE: RwLock<()> = RwLock::new(());

/// It has the machine to itself, as far as that is ours to say: the demo alone has thousands of users.
fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

/// What a target that is ill misses it misses on a busy machine too, and there is little to do but to wait for it.
fn beside_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Each of them at the same time.
fn for_each<T: Sync>(illnesses: &[T], check: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for illness in illnesses {
            scope.spawn(|| check(illness));
        }
    });
}

/// Whether the generator finds its own figures sound. On a machine that is busy with other things it doesn't, says so
/// and tells no verdict: then a test can't ask for one either.
fn is_sound(report: &Report) -> bool {
    let generator = report.at("/status/generator");
    let healthy = generator["healthy"].as_bool().unwrap();
    assert_eq!(generator["reasons"].as_array().is_none_or(Vec::is_empty), healthy, "{generator}");
    healthy
}

fn target() -> Target {
    Target::start(&Options { listen: ([127, 0, 0, 1], 0).into(), threads: 1 }).unwrap()
}

/// Makes the target ill.
fn make_ill(address: SocketAddr, illness: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = illness.len();
    write!(stream, "POST /admin/ill HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{illness}")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Runs an example against `target`, with more arguments.
fn example(name: &str, target: &Target, arguments: &[&str]) -> Ended {
    let text = std::fs::read_to_string(path(&format!("examples/{name}.yaml"))).unwrap();
    let url = format!("http://{}", target.address());
    let arguments: Vec<&str> = ["--target", &url].into_iter().chain(arguments.iter().copied()).collect();
    Run::new(&text, &arguments).start().wait(LIMIT)
}

/// The tier of each row, by metric.
fn tiers(rows: &Value) -> Vec<(&str, &str)> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (row["metric"].as_str().unwrap(), row["tier"].as_str().unwrap())).collect()
}

#[test]
fn the_demo_runs_all_six_phases_and_ends_with_a_verdict() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let output = Command::cargo_bin("loadgate")
        .unwrap()
        .args(["demo", "--report"])
        .arg(folder.path())
        .timeout(LIMIT)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    // On a machine that is busy with other things the run may find its own generator wanting, and says so.
    assert!(matches!(output.status.code(), Some(0..=2)), "{out}{err}");
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("report.json")).unwrap()).unwrap();
    let phases = report["phases"].as_array().unwrap();
    let names: Vec<_> = phases.iter().map(|phase| phase["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["warm-up", "intermediate", "large-scale", "prd", "stress", "endurance"]);
    for phase in phases {
        assert_eq!(phase["end"], "completed", "{phase}");
        assert_eq!(phase["summary"]["failed"], 0, "{phase}");
        assert!(phase["summary"]["requests"].as_u64() > Some(100), "{phase}");
    }
    assert_eq!(report["quick"]["factor"], 50);
    // What a target as healthy as this one does at any speed; the other rows are about time, which others may take.
    let rows = report["status"]["compliance"]["requirements"].as_array().unwrap();
    let told: Vec<_> =
        rows.iter().map(|row| (row["id"].as_str().unwrap(), row["tier"].as_str().unwrap())).collect();
    for row in [("PRD-USERS", "NotRun"), ("PRD-CACHE", "Target"), ("PRD-ERRORS", "Target")] {
        assert!(told.contains(&row), "{row:?}: {told:?}");
    }
    assert_eq!(told.len(), 6);
    let caches = phases.iter().flat_map(|phase| phase["expectations"].as_array().unwrap());
    let caches: Vec<_> = caches.filter(|row| row["metric"] == "cache.hit_rate").collect();
    assert!(caches.len() == 6 && caches.iter().all(|row| row["tier"] == "Target"), "{caches:?}");
    let code = match report["status"]["verdict"].as_str().unwrap() {
        "Pass" | "Warning" => 0,
        "Fail" => 1,
        _ => 2,
    };
    assert_eq!(output.status.code(), Some(code), "{out}");
    for shown in ["Requirement", "Measured", "Tier", "Points", "Score", "PRD-AUTHENTICATION"] {
        assert!(out.contains(shown), "{shown} isn't in {out}");
    }
    assert!(err.contains("endurance"), "there is progress: {err}");
}

#[test]
fn the_quickstart_passes_on_a_healthy_target_and_fails_on_a_slow_or_failing_one() {
    let _turn = alone();
    let healthy = target();
    let ended = example("quickstart", &healthy, &["--quick=5"]);
    let report = ended.report();
    let code = if is_sound(&report) { 0 } else { 2 };
    assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
    assert_eq!(report.total("failed"), 0, "{}", ended.out);

    for_each(
        &[
            (r#"{"latencyMicros": 600000}"#, ("latency.p95", "Critical")),
            (r#"{"errorEvery": 4}"#, ("error_rate", "Critical")),
        ],
        |(illness, ill_row)| {
            let sick = target();
            make_ill(sick.address(), illness);
            let ended = example("quickstart", &sick, &[]);
            let report = ended.report();
            let code = if is_sound(&report) { 1 } else { 2 };
            assert_eq!(ended.code, Some(code), "{illness}: {}{}", ended.out, ended.err);
            let tiers = tiers(report.at("/status/compliance/requirements"));
            assert!(tiers.contains(ill_row), "{illness}: {tiers:?}");
        },
    );
}

#[test]
fn the_language_passes_on_a_healthy_target_and_fails_on_a_failing_one() {
    let _turn = beside_others();
    let ended = example("language", &target(), &[]);
    let report = ended.report();
    let code = if is_sound(&report) { 0 } else { 2 };
    assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
    let steps = report.at("/steps").as_array().unwrap();
    let sent =
        |name: &str| steps.iter().find(|step| step["step"] == name).unwrap()["requests"].as_u64().unwrap();
    assert_eq!((sent("login"), sent("models")), (6, 90), "{}", ended.out);
    assert!((1..90).contains(&sent("media")) && (1..30).contains(&sent("generate")), "{}", ended.out);
    assert_eq!([sent("sketch"), sent("generations")], [sent("generate"); 2], "a block is taken as a whole");

    let sick = target();
    make_ill(sick.address(), r#"{"errorEvery": 4}"#);
    let report = example("language", &sick, &[]).report();
    let rows = tiers(report.at("/status/compliance/requirements"));
    assert!(
        rows.contains(&("error_rate", "Critical")) || rows.contains(&("error_rate", "Missed")),
        "{rows:?}"
    );
}

#[test]
fn each_expectation_of_velro_prd_is_met_by_a_healthy_target() {
    let _turn = alone();
    let arguments = ["--quick", "--phase", "intermediate", "--set", "phases[1].load.constantUsers.rampUp=1s"];
    let ended = example("velro-prd", &target(), &arguments);
    let is_sound = is_sound(&ended.report());
    for (metric, tier) in tiers(ended.report().at("/phases/1/expectations")) {
        // What the cache answers is no matter of time.
        assert!(tier == "Target" || (!is_sound && metric != "cache.hit_rate"), "{metric}: {}", ended.out);
    }
}

#[test]
fn each_expectation_of_velro_prd_is_missed_by_an_ill_target() {
    let _turn = beside_others();
    // The warm-up is to have the 200 samples that a p95 needs.
    let arguments = ["--quick=200", "--set", "phases[0].load.constantUsers.duration=12m"];
    let slow = r#"{"latencyMicros": 200000, "cacheOff": true, "errorEvery": 20}"#;
    let slow_to_let_in = r#"{"path": "/auth", "latencyMicros": 4500000}"#;
    let illnesses =
        [(slow, &["latency.p95", "cache.hit_rate", "error_rate"][..]), (slow_to_let_in, &["rate"])];
    for_each(&illnesses, |(illness, ill)| {
        let sick = target();
        make_ill(sick.address(), illness);
        let ended = example("velro-prd", &sick, &arguments);
        let report = ended.report();
        let phases = report.at("/phases").as_array().unwrap().iter();
        let expectations = phases.flat_map(|phase| tiers(&phase["expectations"]));
        let requirements = tiers(report.at("/status/compliance/requirements"));
        // The requirement on errors is about all phases; those on times and the cache, about one of them.
        let on_errors = requirements.into_iter().filter(|(metric, _)| *metric == "error_rate");
        let ill_rows: Vec<_> =
            expectations.chain(on_errors).filter(|(metric, _)| ill.contains(metric)).collect();
        assert!(ill_rows.len() >= 6, "{ill_rows:?}");
        for (metric, tier) in ill_rows {
            assert!(matches!(tier, "Missed" | "Critical"), "{metric}: {}", ended.out);
        }
    });
}

/// The tier of each requirement of `velro-prd`, by id, of a run of the phase `prd` alone: a tenth of the users at ten
/// times their pace, for as long as a sustained rate takes.
fn requirements(illness: &str) -> Vec<(String, String)> {
    let sick = target();
    make_ill(sick.address(), illness);
    let load = "phases[3].load.constantUsers";
    let changes = [("duration", "12s"), ("rampUp", "1s"), ("users", "1000")]
        .map(|(field, value)| format!("{load}.{field}={value}"));
    let pace = "phases[3].pace=3600ms".to_owned();
    let set = changes.iter().chain([&pace]).flat_map(|change| ["--set", change.as_str()]);
    let ended = example("velro-prd", &sick, &["--phase", "prd"].into_iter().chain(set).collect::<Vec<_>>());
    let report = ended.report();
    let rows = report.at("/status/compliance/requirements").as_array().unwrap();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(row, "id"), text(row, "tier"))).collect()
}

#[test]
fn each_requirement_of_velro_prd_is_missed_by_an_ill_target() {
    let _turn = beside_others();
    // Fewer users than are required take part, which no illness can change.
    let slow_to_let_in = r#"{"path": "/auth", "latencyMicros": 4500000}"#;
    let without_a_cache = r#"{"path": "/authz", "latencyMicros": 120000, "errorEvery": 5, "cacheOff": true}"#;
    let illnesses = [
        (slow_to_let_in, &["PRD-USERS", "PRD-THROUGHPUT", "PRD-AUTHENTICATION"][..]),
        (without_a_cache, &["PRD-AUTHORIZATION", "PRD-CACHE"]),
    ];
    for_each(&illnesses, |(illness, ill)| {
        let rows = requirements(illness);
        for id in *ill {
            let tier = rows.iter().find(|(row, _)| row == id).map(|(_, tier)| tier.as_str());
            assert!(matches!(tier, Some("Missed" | "Critical")), "{id}: {illness}: {rows:?}");
        }
    });
}
