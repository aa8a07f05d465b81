//! Forms of several parts: what their heads say, what they read, and their faults.

use super::{check_step, plan};
use crate::plan::data::{Data, config_maps, files};
use crate::plan::template::{Part, Template};
use crate::plan::{Body, Multipart, PartContent, Plan};

fn planned(parts: &str) -> Plan {
    plan(&format!(
        "scenarios: [{{name: a, steps: [{{name: b, request: {{method: POST, path: /, multipart: [{parts}]}}}}]}}]"
    ))
}

fn form(plan: &Plan) -> &Multipart {
    match &plan.steps[0].request.body {
        Some(Body::Multipart(form)) => form,
        other => panic!("{other:?}"),
    }
}

fn written(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Slot(name, encoding) => format!("«{name:?} {encoding:?}»"),
    };
    template.parts.iter().map(part).collect()
}

#[test]
fn a_head_names_the_part_and_its_file_as_browsers_do() {
    for (part, want) in [
        ("name: a, text: b", "name=\"a\""),
        ("name: 'a \"é${user}', text: b", "name=\"a %22é«User Quoted»\""),
        ("name: \"a\\r\\nX-Own: 1\", text: b", "name=\"a%0D%0AX-Own: 1\""),
        ("name: a, text: b, fileName: '\"${index}.txt'", "name=\"a\"; filename=\"%22«Index Quoted».txt\""),
        (
            "name: a, text: b, contentType: text/csv; header=present",
            "name=\"a\"|Content-Type: text/csv; header=present",
        ),
        ("name: a, file: {file: some/b.png}", "name=\"a\"; filename=\"b.png\"|Content-Type: image/png"),
        (
            "name: a, file: {file: 'b\"c'}",
            "name=\"a\"; filename=\"b%22c\"|Content-Type: application/octet-stream",
        ),
        (
            "name: a, file: {configMapKeyRef: {name: shop, key: k.bin}}, fileName: '${user}.PDF'",
            "name=\"a\"; filename=\"«User Quoted».PDF\"|Content-Type: application/pdf",
        ),
        (
            "name: a, file: {file: b.png}, contentType: x/y",
            "name=\"a\"; filename=\"b.png\"|Content-Type: x/y",
        ),
    ] {
        let plan = planned(&format!("{{{part}}}"));
        let head = written(&form(&plan).parts[0].head);
        let want = format!("Content-Disposition: form-data; {}\r\n\r\n", want.replace('|', "\r\n"));
        assert_eq!(head, want, "{part}");
    }
}

#[test]
fn a_text_is_filled_in_and_a_file_is_not() {
    let plan = planned("{name: a, text: 'b ${uuid}$${c}'}, {name: d, file: {file: '${e}'}}");
    let contents: Vec<String> = form(&plan)
        .parts
        .iter()
        .map(|part| match &part.content {
            PartContent::Text(text) => written(text),
            PartContent::File(file) => format!("{:?}", file.place),
        })
        .collect();
    assert_eq!(contents, ["b «Uuid Raw»${c}", "File(\"${e}\")"]);
}

#[test]
fn a_part_and_its_request_are_sound() {
    for (request, want) in [
        ("multipart: []", "multipart: has no parts; give it one, or leave it out"),
        ("multipart: [{name: a}]", "multipart[0]: needs a text or a file"),
        (
            "multipart: [{name: a, text: b, file: {file: c}}]",
            "multipart[0]: has both text and file; keep one",
        ),
        ("multipart: [{name: a, file: {}}]", "multipart[0].file: needs a configMapKeyRef or a file"),
        (
            "multipart: [{name: '${modle}', text: b}]",
            "multipart[0].name: there is no `${modle}`; did you mean `model`?",
        ),
        (
            "multipart: [{name: a, text: '${modle}'}]",
            "multipart[0].text: there is no `${modle}`; did you mean `model`?",
        ),
        (
            "multipart: [{name: a, text: b, fileName: '${modle}'}]",
            "multipart[0].fileName: there is no `${modle}`; did you mean `model`?",
        ),
        (
            "multipart: [{name: a, text: b}], text: c",
            ": has more than one body; keep one of json, text, form, multipart and file",
        ),
        (
            "multipart: [{name: a, text: b}], file: {file: c}",
            ": has more than one body; keep one of json, text, form, multipart and file",
        ),
        (
            "headers: [{name: X, value: y}, {name: content-TYPE, value: multipart/form-data}], multipart: [{name: a, text: b}]",
            "headers[1].name: multipart has a Content-Type of its own, which tells the boundary; leave it out",
        ),
    ] {
        let want = format!("request.{want}").replace(".:", ":");
        check_step(&format!("request: {{path: /, method: POST, {request}}}"), &[&want]);
    }
    for media_type in ["png", "image/", "/png", "image/${model}", "a/b\\r\\nX-Own: 1", "a/é"] {
        let request = format!("multipart: [{{name: a, text: b, contentType: \"{media_type}\"}}]");
        check_step(
            &format!("request: {{path: /, method: POST, {request}}}"),
            &[
                "request.multipart[0].contentType: isn't a media type, in which nothing is filled in; write one such as image/png",
            ],
        );
    }
    check_step(
        "request: {path: /, multipart: [{name: a, text: b}]}",
        &["request.method: is missing, and there is a body; say POST, PUT, PATCH or what is meant"],
    );
}

#[test]
fn what_parts_name_is_known_and_the_files_of_a_form_are_read_as_one_body() {
    let plan = plan(
        "
data: [{name: people, inline: [{id: 1}]}, {name: words, inline: [{w: a}]}, {name: more, inline: [{m: a}]}]
scenarios: [{name: a, steps: [{name: b, request: {method: POST, path: /, multipart: [
  {name: 'n${people.id}', file: {file: a.bin}}, {name: b, text: '${more.m}'}, {name: c, file: {configMapKeyRef: {name: shop, key: b.bin}}},
  {name: d, file: {file: a.bin}}]}}]}]",
    );
    assert_eq!(plan.scenarios[0].feeders, [0, 2]);
    assert_eq!(config_maps(&plan).iter().map(|map| map.key.as_str()).collect::<Vec<_>>(), ["b.bin"]);
    let told: Vec<String> = files(&plan).into_iter().map(|fault| fault.path).collect();
    let path = "spec.scenarios[0].steps[0].request.multipart";
    assert_eq!(told, [format!("{path}[0].file.file"), format!("{path}[3].file.file")]);

    let read = |bytes: Vec<u8>| Data::read(&plan, |_| Ok(Some(bytes.clone())));
    let digest = read(vec![0, 255]).expect("it is sound").digest().to_owned();
    assert_ne!(digest, read(vec![0, 254]).expect("it is sound").digest());
    let third = 16 * 1024 * 1024 / 3;
    assert!(read(vec![0; third]).is_ok());
    let faults = read(vec![0; third + 1]).expect_err("together they are too long");
    let want = format!("{path}: has files of 16777218 bytes; a body may have 16777216");
    assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [want]);
}
