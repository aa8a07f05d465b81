//! Runs that never begin: what a pipeline finds of them.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// The address of a port that nobody listens at.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn test(address: &str) -> String {
    format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: tiny}}
spec:
  target: {{baseUrl: "http://{address}", preflight: [{{request: {{path: /}}}}]}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  phases: [{{name: steady, load: {{burst: {{iterations: 5}}}}, expect: [{{metric: error_rate, target: "< 1%"}}]}}]
"#
    )
}

/// Runs `test` where the report of an earlier run lies, which passed.
fn run(folder: &Path, test: &str, arguments: &[&str]) -> Output {
    for name in ["report.json", "junit.xml", "report.txt"] {
        std::fs::write(folder.join(name), "an earlier pass").unwrap();
    }
    let mut command = Command::cargo_bin("loadgate").unwrap();
    command.args(["run", "-", "--report"]).arg(folder).args(arguments).env_remove("RUST_LOG");
    command.write_stdin(test).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn is_inconclusive(report: &Value) -> bool {
    let status = &report["status"];
    status["verdict"] == "Inconclusive"
        && status["phase"] == "Inconclusive"
        && status["message"].as_str().is_some_and(|message| message.starts_with("the load never began: "))
}

#[test]
fn a_target_that_is_not_there_leaves_an_honest_report() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(folder.path(), &test(&nobody()), &[]);
    let (out, err) = (text(&ended.stdout), text(&ended.stderr));
    assert_eq!((ended.status.code(), out), (Some(4), ""), "{err}");
    assert_eq!(err.matches("Connection refused").count(), 1, "{err}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert!(is_inconclusive(&report), "{report:#}");
    let junit = read("junit.xml");
    assert!(junit.contains("<error") && junit.contains("the load never began: "), "{junit}");
    assert!(read("report.txt").contains("INCONCLUSIVE"), "{}", read("report.txt"));
}

#[test]
fn what_a_program_reads_is_there_when_nothing_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(folder.path(), &test(&nobody()), &["--format", "json"]);
    assert_eq!(ended.status.code(), Some(4));
    assert!(is_inconclusive(&serde_json::from_slice(&ended.stdout).unwrap()));
    let ended = run(folder.path(), &test(&nobody()), &["--format", "junit"]);
    assert!(text(&ended.stdout).contains("<error"), "{}", text(&ended.stdout));
}

#[test]
fn a_file_that_is_refused_leaves_no_earlier_report() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(folder.path(), &test("127.0.0.1:1").replace("iterations: 5", "iterations: 0"), &[]);
    assert_eq!(ended.status.code(), Some(3), "{}", text(&ended.stderr));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
