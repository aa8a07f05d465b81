//! `--set` and `--target`.

use super::{Document, RIGHT};
use crate::plan::{Options, Plan};

fn set(assignments: &[&str]) -> Result<Plan, Vec<String>> {
    let mut document = Document::parse(RIGHT).expect("RIGHT is YAML");
    for assignment in assignments {
        document.set(assignment).map_err(|fault| vec![fault.to_string()])?;
    }
    let checked = document.check(&Options::default());
    checked.map(|checked| checked.plan).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn check(assignment: &str, want: &[&str]) {
    let lines = set(&[assignment]).err().unwrap_or_default();
    assert_eq!(lines, want, "{assignment}");
}

#[test]
fn a_field_of_the_spec_is_set() {
    let plan =
        set(&["phases[0].load.burst.iterations=50", "spec.title=Shop", "workers.count=3", "variables.x=1"]);
    let plan = plan.expect("nothing is wrong");
    assert_eq!(
        (
            plan.phases[0].executor.users(),
            plan.title.as_str(),
            plan.workers,
            plan.phases[0].variables["x"].clone()
        ),
        (50, "Shop", 3, 1.into())
    );
}

#[test]
fn a_word_that_kubectl_reads_as_a_boolean_needs_quotes_here_too() {
    let message =
        "`on` without quotes is a boolean to kubectl and a text to us; write \"on\", or true or false";
    check("variables.a=on", &[&format!("--set variables.a: {message}")]);
    check("variables.a=[1, on]", &[&format!("--set variables.a: {message}")]);
    check("variables.a=\"on\"", &[]);
    check("variables.a=once", &[]);
}

#[test]
fn a_path_that_leads_nowhere_is_told() {
    for (assignment, want) in [
        (
            "phases[0].load.burst.iterations",
            "--set phases[0].load.burst.iterations: needs a value: --set path=value",
        ),
        ("phases[1].pace=1s", "--set phases[1].pace: spec.phases ends at [0]; there is no [1]"),
        ("phases.pace=1s", "--set phases.pace: spec.phases is a list; say which item: spec.phases[0].pace"),
        (
            "phases[0].name.x=1",
            "--set phases[0].name.x: spec.phases[0].name is \"main\", which has no field x",
        ),
        ("target[0]=1", "--set target[0]: spec.target isn't a list"),
        ("requirements[0].must=true", "--set requirements[0].must: spec.requirements isn't there"),
        ("phases[x].pace=1s", "--set phases[x].pace: isn't a path such as phases[0].load.burst.iterations"),
        ("a..b=1", "--set a..b: isn't a path such as phases[0].load.burst.iterations"),
        ("=1", "--set : isn't a path such as phases[0].load.burst.iterations"),
        (
            "title={",
            "--set title: the value isn't YAML: did not find expected node content at line 2 column 1, while parsing a flow node",
        ),
        (
            "phases[0].load.burst.iteratoins=1",
            "spec.phases[0].load.burst.iteratoins: unknown field; did you mean `iterations`?",
        ),
        (
            "phases[0].load.burst.iterations=many",
            "spec.phases[0].load.burst.iterations: expected a whole number, found `many`",
        ),
    ] {
        check(assignment, &[want]);
    }
}

#[test]
fn a_target_is_taken_as_it_is() {
    let mut document = Document::parse(RIGHT).expect("RIGHT is YAML");
    document.set_target("http://other:9#x").expect("a field");
    let faults = document.check(&Options::default()).expect_err("a fragment");
    assert_eq!(
        faults[0].to_string(),
        "spec.target.baseUrl: has a fragment, which is never sent; leave it out"
    );
}
