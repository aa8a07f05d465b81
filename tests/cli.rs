//! The program from outside: exit codes, and messages that name the field and the fix.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

use std::process::Output;

use assert_cmd::Command;

const SHOP: &str = "tests/golden/shop.yaml";

/// A test with one phase and one requirement, into which a fault can be put.
const SOUND: &str = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: tiny}
spec:
  target: {baseUrl: "http://127.0.0.1:8080"}
  scenarios: [{name: visit, steps: [{name: get, request: {path: /}}]}]
  phases: [{name: steady, load: {constantUsers: {users: 5, duration: 10s}}}]
  requirements: [{id: fast, metric: latency.p95, target: "< 100ms"}]
"#;

fn loadgate(arguments: &[&str]) -> Output {
    Command::cargo_bin("loadgate").unwrap().args(arguments).env_remove("RUST_LOG").output().unwrap()
}

/// What the program says about `text`, given on standard input.
fn validate(text: &str) -> Output {
    Command::cargo_bin("loadgate").unwrap().args(["validate", "-"]).write_stdin(text).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn usage_that_makes_no_sense_ends_with_3_and_says_what_is_known() {
    for (arguments, want) in [
        (&[][..], "Usage: loadgate"),
        (&["fly"], "unrecognized subcommand 'fly'"),
        (&["validate"], "<FILE>..."),
        (&["plan", SHOP, "--nope"], "unexpected argument '--nope'"),
        (&["plan", SHOP, "--quick=0"], "invalid value '0' for '--quick"),
        (&["plan", SHOP, "--quick", "60"], "unexpected argument '60'"),
        (&["plan", SHOP, "--workers", "0"], "invalid value '0' for '--workers"),
    ] {
        let output = loadgate(arguments);
        assert_eq!(code(&output), 3, "{arguments:?}");
        assert!(err(&output).contains(want), "{arguments:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}

#[test]
fn help_and_version_end_with_0() {
    for (arguments, want) in [
        (["--help"], "Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 usage or invalid file"),
        (["--version"], concat!("loadgate ", env!("CARGO_PKG_VERSION"))),
    ] {
        let output = loadgate(&arguments);
        assert_eq!(code(&output), 0);
        assert!(out(&output).contains(want), "{}", out(&output));
    }
}

#[test]
fn a_sound_file_is_ok() {
    let output = loadgate(&["validate", SHOP]);
    assert_eq!((code(&output), out(&output)), (0, format!("{SHOP}: ok\n")), "{}", err(&output));
    let output = validate(SOUND);
    assert_eq!((code(&output), out(&output).as_str()), (0, "standard input: ok\n"), "{}", err(&output));
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_loadgate"));
    let ended = program.args(["validate", SHOP, SHOP]).stdout(writer).stderr(std::process::Stdio::piped());
    let ended = ended.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!((code(&ended), err(&ended).as_str()), (0, ""));
}

#[test]
fn a_fault_is_told_with_its_field_and_ends_with_3() {
    for (part, fault, want) in [
        ("users: 5", "users: 5, colour: red", "spec.phases[0].load.constantUsers.colour: "),
        (
            "constantUsers: {users: 5, duration: 10s}",
            "constantUsers: {users: 5, duration: 10s}, burst: {iterations: 5}",
            "spec.phases[0].load: ",
        ),
        (
            "constantUsers: {users: 5, duration: 10s}",
            "constantRate: {rate: 0/s, duration: 10s}",
            "spec.phases[0].load.constantRate.rate: ",
        ),
        ("duration: 10s", "duration: soon", "spec.phases[0].load.constantUsers.duration: "),
        ("< 100ms", "< 100", "spec.requirements[0].target"),
        ("path: /}", "path: \"/${nobody}\"}", "spec.scenarios[0].steps[0].request.path: "),
        (
            "path: /}",
            "path: /, headers: [{name: X, value: \"a\\r\\nY: b\"}]}",
            "spec.scenarios[0].steps[0].request.headers[0].value: ",
        ),
        ("http://127.0.0.1:8080", "ftp://127.0.0.1", "spec.target.baseUrl: "),
        ("kind: LoadTest", "kind: Pod", "kind: "),
        ("metadata: {name: tiny}", "metadata: {}", "metadata.name: "),
        ("apiVersion: loadgate.dev/v1alpha1", "apiVersion: loadgate.dev/v9", "apiVersion: "),
        ("latency.p95", "latency.p9x", "spec.requirements[0].metric"),
    ] {
        assert!(SOUND.contains(part), "{part}");
        let output = validate(&SOUND.replacen(part, fault, 1));
        assert_eq!(code(&output), 3, "{fault}: {}", out(&output));
        let told = err(&output);
        assert!(
            told.lines().any(|line| line.starts_with(&format!("standard input: {want}"))),
            "{fault}: {told}"
        );
    }
}

#[test]
fn what_is_no_yaml_is_told_with_its_line() {
    let output = validate("spec: [1,\n");
    assert_eq!(code(&output), 3);
    assert!(err(&output).contains("line"), "{}", err(&output));
}

#[test]
fn all_faults_of_all_files_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yaml");
    std::fs::write(&broken, SOUND.replace("duration: 10s", "duration: soon").replace("users: 5", "users: 0"))
        .unwrap();
    let broken = broken.to_str().unwrap();
    let output = loadgate(&["validate", broken, SHOP, "nowhere.yaml"]);
    let told = err(&output);
    assert_eq!(code(&output), 3);
    assert_eq!(out(&output), format!("{SHOP}: ok\n"));
    let named =
        |field: &str| told.contains(&format!("{broken}: spec.phases[0].load.constantUsers.{field}: "));
    assert!(named("duration") && named("users"), "{told}");
    assert!(told.contains("nowhere.yaml: can't be read: "), "{told}");
}

#[test]
fn a_plan_is_told_with_what_the_options_change() {
    for (arguments, want) in [
        (&[][..], "2,500 users for 2m, ramp 10s"),
        (&["--quick"], "2,500 users for 2s"),
        (&["--workers", "3"], "Worker"),
        (&["--set", "phases[1].load.constantUsers.users=70"], "70 users for 2m"),
        (&["--target", "http://other:81"], "http://other:81"),
        (&["--phase", "s*"], "Left out   warm-up\n"),
    ] {
        let output = loadgate(&[&["plan", SHOP], arguments].concat());
        assert_eq!(code(&output), 0, "{arguments:?}: {}", err(&output));
        assert!(out(&output).contains(want), "{arguments:?}: {}", out(&output));
    }
}

#[test]
fn options_that_do_not_fit_the_file_are_faults_too() {
    for (arguments, want) in [
        (["--set", "phases[9].name=x"], "phases[9]"),
        (["--set", "nonsense"], "--set"),
        (["--set", "seed=many"], "spec.seed"),
        (["--target", "ftp://other"], "spec.target.baseUrl"),
        (["--phase", "nobody"], "--phase"),
    ] {
        let output = loadgate(&["plan", SHOP, arguments[0], arguments[1]]);
        assert_eq!(code(&output), 3, "{arguments:?}: {}", out(&output));
        assert!(err(&output).contains(want), "{arguments:?}: {}", err(&output));
    }
}

#[test]
fn the_definition_is_printed_as_it_is_committed() {
    let output = loadgate(&["crd"]);
    assert_eq!(code(&output), 0);
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/crds/loadtests.loadgate.dev.yaml"))
            .unwrap();
    assert_eq!(out(&output), committed);
}
