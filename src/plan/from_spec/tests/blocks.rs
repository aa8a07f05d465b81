//! Blocks: which steps they hold, what is wrong with them, and what knows of them.

use std::time::Duration;

use super::{check, plan};
use crate::plan::Measure;
use crate::plan::template::Name;

/// A scenario with these blocks, and five steps in these of them.
fn scenario(blocks: &str, of_steps: [&str; 5]) -> String {
    let steps: Vec<String> = of_steps
        .iter()
        .enumerate()
        .map(|(number, block)| {
            let block = if block.is_empty() { String::new() } else { format!("block: {block}, ") };
            format!(
                "\n  - {{name: s{number}, {block}request: {{path: /}}, extract: [{{name: e{number}, jsonPath: $.a}}]}}"
            )
        })
        .collect();
    format!(
        "scenarios:\n- name: shop\n  blocks: [{blocks}]\n  setup: [{{name: login, request: {{path: /}}}}]\n  steps:{}",
        steps.concat()
    )
}

#[test]
fn a_block_is_a_run_of_steps() {
    let text = scenario(
        "{name: late, probability: 50%}, {name: early, repeat: 3, when: '${e0}'}",
        ["", "early", "early", "late", ""],
    );
    let blocks = &plan(&text).scenarios[0].blocks;
    let of = |index: usize| {
        let block = &blocks[index];
        (block.name.as_str(), block.steps.clone(), block.repeat, block.probability_ppm, block.when.clone())
    };
    assert_eq!(of(0), ("early", 2..4, 3, 1_000_000, Some(Name::Extracted(0))));
    assert_eq!(of(1), ("late", 4..5, 1, 500_000, None), "in the order of the steps");
}

#[test]
fn what_is_wrong_with_a_block_is_told_with_its_field() {
    const AT: &str = "spec.scenarios[0].";
    for (blocks, of_steps, want) in [
        (
            "{name: a}",
            ["a", "", "", "", "a"],
            "steps[4].block: the steps of a block are neighbours; put them together, or give them another block",
        ),
        (
            "{name: a}, {name: b}",
            ["a", "b", "a", "", ""],
            "steps[2].block: the steps of a block are neighbours; put them together, or give them another block",
        ),
        (
            "{name: a}, {name: b}",
            ["a", "", "", "", ""],
            "blocks[1].name: no step names the block; give one of the steps it, or leave it out",
        ),
        (
            "{name: browse}",
            ["browse", "brwose", "", "", ""],
            "steps[1].block: there is no block `brwose`; did you mean `browse`?; declare it in the scenario's blocks",
        ),
        (
            "{name: a}, {name: a}",
            ["a", "", "", "", ""],
            "blocks[1].name: `a` is taken by spec.scenarios[0].blocks[0].name; choose another name",
        ),
        (
            "{name: s4}",
            ["s4", "", "", "", ""],
            "blocks[0].name: `s4` is taken by spec.scenarios[0].steps[4].name; choose another name",
        ),
        (
            "{name: login}",
            ["login", "", "", "", ""],
            "blocks[0].name: `login` is taken by spec.scenarios[0].setup[0].name; choose another name",
        ),
        ("{name: a, repeat: 0}", ["a", "", "", "", ""], "blocks[0].repeat: must be at least 1"),
        (
            "{name: a, probability: 0%}",
            ["a", "", "", "", ""],
            "blocks[0].probability: must be above 0%; leave out a step that is never taken",
        ),
        (
            "{name: a, when: token}",
            ["a", "", "", "", ""],
            "blocks[0].when: must be one name and nothing else, such as ${token}",
        ),
        (
            "{name: a, when: '${e1}'}",
            ["", "a", "", "", ""],
            "blocks[0].when: `${e1}` is extracted by step `s1`, which isn't before this one; only what earlier steps extract is known",
        ),
        (
            "{name: a, when: '${round}'}",
            ["", "a", "", "", ""],
            "blocks[0].when: `${round}` can't be used here: only steps of a block are taken in rounds",
        ),
    ] {
        check(&scenario(blocks, of_steps), &[&format!("{AT}{want}")]);
    }
}

#[test]
fn what_is_done_once_has_no_blocks() {
    let text =
        scenario("{name: a}", ["a", "", "", "", ""]).replace("{name: login,", "{name: login, block: a,");
    check(&text, &["spec.scenarios[0].setup[0].block: setup and teardown have none; leave it out"]);
}

#[test]
fn a_round_has_a_number_in_the_steps_of_a_block_only() {
    let text = scenario("{name: a}", ["a", "", "", "", ""]).replace("path: /", "path: '/${round}'");
    let want = |place: &str| {
        format!(
            "spec.scenarios[0].{place}.request.path: `${{round}}` can't be used here: only steps of a block are taken in rounds"
        )
    };
    let want = ["setup[0]", "steps[1]", "steps[2]", "steps[3]", "steps[4]"].map(want);
    check(&text, &want.each_ref().map(String::as_str));
    check(
        "variables: {round: 1}",
        &["spec.variables.round: `round` is a name of Loadgate's own; choose another"],
    );
}

#[test]
fn rows_name_the_steps_of_a_block_at_once() {
    for (name, want) in [("a", vec![2, 3]), ("shop.a", vec![2, 3]), ("s1", vec![2])] {
        let row =
            format!("requirements: [{{id: R, metric: requests, where: {{steps: [{name}]}}, target: '> 1'}}]");
        let plan = plan(&format!("{}\n{row}", scenario("{name: a, repeat: 2}", ["", "a", "a", "", ""])));
        let Measure::Metric(narrowed) = &plan.requirements[0].measure else { panic!("it is one metric") };
        assert_eq!(narrowed.steps, Some(want), "{name}");
    }
}

/// What a phase of two iterations is given: of all that may last, and of what is certain to.
#[test]
fn the_time_that_a_phase_has_knows_the_rounds() {
    let phase = |block: &str, max: &str| {
        format!(
            "target: {{baseUrl: 'http://shop:8080', timeout: 1s, connectTimeout: 1s}}
scenarios: [{{name: shop, blocks: [{{name: a, repeat: 5{block}}}], steps: [{{name: s, block: a, think: 2s, request: {{path: /}}}}]}}]
phases: [{{name: main, {max}load: {{iterations: {{users: 1, perUser: 2}}}}}}]"
        )
    };
    assert_eq!(plan(&phase("", "")).phases[0].deadline, Duration::from_secs(2 * 5 * (1 + 1 + 2)));
    let short = "spec.phases[0].maxDuration: is shorter than the load itself; give at least 10s";
    check(&phase("", "maxDuration: 9s, "), &[short]);
    check(&phase(", probability: 50%", "maxDuration: 9s, "), &[]);
    check(&phase("", "maxDuration: 9s, ").replace("think: 2s", "when: '${model}', think: 2s"), &[]);
}
