//! Rows of data: where they may come from, what may be named of them, and which of them content lacks.

use super::{check, plan};
use crate::plan::data::{Data, config_maps, files};
use crate::plan::model::Place;

/// A step that names a field, and the data.
fn naming(name: &str, data: &str) -> String {
    format!(
        "
data: [{data}]
scenarios: [{{name: browse, steps: [{{name: home, request: {{path: '/${{{name}}}'}}}}]}}]"
    )
}

const PEOPLE: &str = "{name: people, inline: [{id: 1}, {id: 2, city: Rome}]}";
const PATH: &str = "spec.scenarios[0].steps[0].request.path";

#[test]
fn rows_come_from_one_place() {
    for (data, want) in [
        ("", ": has no rows; give it inline, csv or json"),
        (
            "inline: [{a: 1}], csv: {file: a}",
            ": has its rows from several places; keep one of inline, csv and json",
        ),
        ("csv: {}", ".csv: needs a configMapKeyRef or a file"),
        (
            "json: {file: a, configMapKeyRef: {name: a, key: b}}",
            ".json: has both configMapKeyRef and file; keep one",
        ),
    ] {
        check(&format!("data: [{{name: people, {data}}}]"), &[&format!("spec.data[0]{want}")]);
    }
    check(
        &format!("data: [{PEOPLE}, {PEOPLE}]"),
        &["spec.data[1].name: `people` is taken by spec.data[0].name; choose another name"],
    );
}

#[test]
fn a_field_is_named_behind_its_data() {
    check(&naming("people.city", PEOPLE), &[]);
    check(&naming("rows.any thing", "{name: rows, csv: {file: a.csv}}"), &[]);
    for (name, want) in [
        ("people.ctiy", "no row of `people` has a field `ctiy`; did you mean `city`?"),
        ("poeple.city", "there is no `${poeple.city}`; "),
    ] {
        let want = format!("{PATH}: {want}");
        let want = if want.ends_with("; ") { format!("{want}…") } else { want };
        check(&naming(name, PEOPLE), &[&want]);
    }
    check(
        &format!(
            "target: {{baseUrl: 'http://shop', headers: [{{name: X, value: '${{people.id}}'}}]}}\ndata: [{PEOPLE}]"
        ),
        &[
            "spec.target.headers[0].value: `${people.id}` can't be used here: rows are known to the steps of scenarios; name it there",
        ],
    );
    check(
        &format!(
            "data: [{PEOPLE}]\nscenarios: [{{name: a, steps: [{{name: b, request: {{path: /}}, extract: [{{name: people.id, jsonPath: $.a}}]}}]}}]"
        ),
        &[
            "spec.scenarios[0].steps[0].extract[0].name: `people.id` is a field of spec.data already; choose another name",
        ],
    );
}

#[test]
fn a_scenario_knows_whose_rows_its_steps_name() {
    let data = format!("{PEOPLE}, {{name: words, inline: [{{w: a}}]}}, {{name: more, inline: [{{m: a}}]}}");
    let steps = "[{name: one, when: '${more.m}', request: {path: /}}, {name: two, request: {path: /, headers: [{name: X, value: '${people.id}'}]}}]";
    let plan = plan(&format!("data: [{data}]\nscenarios: [{{name: a, steps: {steps}}}]"));
    assert_eq!(plan.scenarios[0].feeders, [0, 2]);
}

#[test]
fn content_outside_the_spec_is_read_once_its_place_is_known() {
    const OUTSIDE: &str =
        "{name: rows, csv: {file: a.csv}}, {name: more, json: {configMapKeyRef: {name: shop, key: b}}}";
    let plan = plan(&naming("rows.a", OUTSIDE));
    let references = config_maps(&plan);
    assert_eq!((references.len(), references[0].key.as_str()), (1, "b"));
    let told: Vec<String> = files(&plan).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("spec.data[0].csv.file: is read where the test runs without a cluster only"),
        "{told:?}"
    );

    let read = |csv: &'static str| {
        Data::read(&plan, |place| match place {
            Place::File(_) => Ok(Some(csv.into())),
            Place::ConfigMap(_) => Ok(Some(b"[{\"c\": 1}]".to_vec())),
        })
    };
    let data = read("a,b\n1,2\n").expect("it is sound");
    assert_eq!(data.table(0).map(|table| table.rows()), Some(1));
    assert_ne!(data.digest(), read("a,b\n1,3\n").expect("it is sound").digest());
    for (csv, want) in [
        ("b\n1\n", "spec.data[0].csv: has no field `a`; there are `b`; step browse.home names it"),
        ("a\n", "spec.data[0].csv: has no rows"),
    ] {
        let faults = read(csv).expect_err("something is wrong");
        assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [want]);
    }
}

/// A body is mounted, refused and held against those of other workers as rows are.
#[test]
fn bodies_outside_the_spec_are_read_as_rows_are() {
    let body = |content: &str| format!("{{method: PUT, path: /, file: {{{content}}}}}");
    let map = body("configMapKeyRef: {name: shop, key: a.bin}");
    let plan = plan(&format!(
        "target: {{baseUrl: 'http://shop', preflight: [{{request: {}}}]}}
scenarios: [{{name: a, steps: [{{name: b, request: {map}}}, {{name: c, request: {map}}}]}}]",
        body("file: b.bin")
    ));
    assert_eq!(config_maps(&plan).iter().map(|map| map.key.as_str()).collect::<Vec<_>>(), ["a.bin"]);
    let told: Vec<String> = files(&plan).iter().map(|fault| fault.path.clone()).collect();
    assert_eq!(told, ["spec.target.preflight[0].request.file.file"]);

    let mut asked = Vec::new();
    let mut read = |bytes: Vec<u8>| {
        Data::read(&plan, |place| {
            asked.push(place.clone());
            Ok(Some(bytes.clone()))
        })
    };
    let digest = read(vec![0, 255]).expect("it is sound").digest().to_owned();
    assert_ne!(digest, read(vec![0, 254]).expect("it is sound").digest());
    let faults = read(vec![0; 16 * 1024 * 1024 + 1]).expect_err("it is too long");
    let want = "spec.scenarios[0].steps[0].request.file: has 16777217 bytes; a body may have 16777216";
    assert_eq!(faults[0].to_string(), want);
    assert_eq!(asked[..2].iter().filter(|place| matches!(place, Place::File(_))).count(), 1, "each once");
}
