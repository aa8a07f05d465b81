//! What users do once: which names a setup and a teardown know, and how their steps are numbered.

use super::{check, plan};
use crate::plan::Measure;

/// A scenario whose parts ask for these paths.
fn scenario(setup: &str, step: &str, teardown: &str) -> String {
    format!(
        "
data: [{{name: people, inline: [{{id: 1}}], order: perUser}}, {{name: words, inline: [{{w: a}}]}}]
scenarios:
- name: shop
  setup:
  - {{name: login, request: {{path: '{setup}'}}, extract: [{{name: token, jsonPath: $.t}}]}}
  - {{name: hello, request: {{path: '/${{token}}'}}}}
  steps:
  - {{name: work, request: {{path: '{step}'}}, extract: [{{name: item, jsonPath: $.i}}]}}
  teardown:
  - {{name: sum, request: {{path: '{teardown}'}}, extract: [{{name: total, jsonPath: $.t}}, {{name: rest, jsonPath: $.r}}]}}
  - {{name: logout, request: {{path: '/${{token}}/${{total}}'}}}}"
    )
}

#[test]
fn steps_know_what_setup_extracts_and_teardown_knows_it_too() {
    let plan = plan(&scenario("/${people.id}/${user}", "/${token}/${words.w}", "/${token}/${people.id}"));
    let shop = &plan.scenarios[0];
    assert_eq!((shop.setup.clone(), shop.steps.clone(), shop.teardown.clone()), (0..2, 2..3, 3..5));
    assert_eq!((shop.held, &shop.slots[..]), (1, &["token", "item", "rest"].map(str::to_owned)[..]));
    let slots: Vec<usize> = plan.steps.iter().flat_map(|step| &step.extract).map(|one| one.slot).collect();
    assert_eq!(slots, [0, 1, 1, 2], "a teardown takes the slots of the iteration");
    assert_eq!(shop.feeders, [0, 1]);
}

#[test]
fn what_belongs_to_an_iteration_is_not_known_outside_of_it() {
    const PATH: &str = "spec.scenarios[0].setup[0].request.path: ";
    for (name, want) in [
        (
            "token",
            "`${token}` is extracted by step `login`, which isn't before this one; only what earlier steps extract is known",
        ),
        (
            "item",
            "`${item}` is extracted by step `work`, which isn't before this one; only what earlier steps extract is known",
        ),
        (
            "index",
            "`${index}` can't be used here: setup and teardown belong to no iteration; `${user}` is known",
        ),
        (
            "iteration",
            "`${iteration}` can't be used here: setup and teardown belong to no iteration; `${user}` is known",
        ),
        (
            "words.w",
            "`${words.w}` is another row in each iteration, and setup and teardown belong to none; give `words` the order perUser",
        ),
    ] {
        check(&scenario(&format!("/${{{name}}}"), "/", "/"), &[&format!("{PATH}{want}")]);
    }
    check(
        &scenario("/", "/${total}", "/${item}"),
        &[
            "spec.scenarios[0].steps[0].request.path: there is no `${total}`; …",
            "spec.scenarios[0].teardown[0].request.path: `${item}` is extracted by step `work`, in each iteration; a teardown knows what setup extracts",
        ],
    );
}

#[test]
fn a_name_stands_for_one_step_of_all_parts() {
    let text =
        scenario("/", "/", "/").replace("name: sum", "name: login").replace("name: total", "name: item");
    let text = text.replace("/${total}", "");
    check(
        &text,
        &[
            "spec.scenarios[0].teardown[0].name: `login` is taken by spec.scenarios[0].setup[0].name; choose another name",
            "spec.scenarios[0].teardown[0].extract[0].name: `item` is taken by spec.scenarios[0].steps[0].extract[0].name; choose another name",
        ],
    );
}

#[test]
fn rows_name_the_steps_of_all_parts() {
    let requirement = |step: &str| {
        format!(
            "{}\nrequirements: [{{id: R, metric: requests, where: {{steps: [{step}]}}, target: '> 1'}}]",
            scenario("/", "/", "/")
        )
    };
    for (step, want) in [("login", vec![0]), ("shop.work", vec![2]), ("logout", vec![4])] {
        let plan = plan(&requirement(step));
        let Measure::Metric(narrowed) = &plan.requirements[0].measure else { panic!("it is one metric") };
        assert_eq!(narrowed.steps, Some(want), "{step}");
    }
}
