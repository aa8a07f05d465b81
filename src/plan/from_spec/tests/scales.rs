//! Faults of `spec.scoring`.

use super::{check, plan};

#[track_caller]
fn check_scoring(scoring: &str, want: &[&str]) {
    let want: Vec<String> = want.iter().map(|line| format!("spec.scoring.{line}")).collect();
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    check(&format!("scoring: {{{scoring}}}"), &want);
}

#[test]
fn a_warning_is_at_most_a_pass() {
    check_scoring("pass: 80, warning: 80", &[]);
    check_scoring("pass: 80, warning: 81", &["warning: must be at most the score that passes (80)"]);
    check_scoring("pass: 101, warning: 10", &["pass: must be at most 100"]);
    assert_eq!(plan("scoring: {pass: 50}").scoring.warning, 50);
}

#[test]
fn grades_fall_to_zero() {
    check_scoring("grades: [{name: A, from: 50}, {name: B, from: 0}]", &[]);
    check_scoring(
        "grades: [{name: A, from: 101}, {name: B, from: 50}, {name: C, from: 50}]",
        &[
            "grades[0].from: must be at most 100",
            "grades[2].from: must be below that of `B` (50); list the best grade first",
            "grades[2].from: must be 0: the last grade takes every score below the others",
        ],
    );
}

#[test]
fn grades_of_phases_are_limits_on_a_metric() {
    check_scoring("phaseGrades: {metric: latency.mean, grades: [{name: A, is: '< 3s'}]}", &[]);
    check_scoring(
        "phaseGrades: {metric: latency.maen, grades: [{name: A, is: '< 3s'}]}",
        &["phaseGrades.metric: \"latency.maen\", character 1: there is no metric…"],
    );
    check_scoring(
        "phaseGrades: {metric: latency.mean, grades: [{name: A, is: '< 3'}, {name: B, is: ''}]}",
        &[
            "phaseGrades.grades[0].is: \"< 3\", character 4: …",
            "phaseGrades.grades[1].is: \"\", character 1: …",
        ],
    );
    check_scoring(
        "phaseGrades: {metric: latency.mean, grades: []}",
        &["phaseGrades.grades: is empty; name at least one grade"],
    );
}
