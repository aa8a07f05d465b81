//! Whatever a request is filled with, it is that one request: nothing breaks out of its path or header.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::compiled::{CompiledPhase, CompiledScenario};
use super::super::pieces::{Filling, Rows};
use super::super::render::{CompiledRequest, fill};
use super::multipart::{boundary, form, is_the_form};
use crate::plan::secrets::Secrets;
use crate::plan::{Data, Draws, Options, Plan};

/// The most headers of a request that is made here, those that are added to it included.
const MOST_HEADERS: usize = 16;

/// Texts, separated by a zero byte: a path, a query parameter, a header, a body, the values of a variable, of a row's field
/// and of what a step has extracted. Each of them may name the others.
///
/// # Panics
/// When what would be sent isn't the one request that was meant.
pub fn request(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let texts: Vec<&str> = text.split('\0').collect();
    let given = |place: usize| texts.get(place).copied().unwrap_or_default();
    let (body, extracted) = (given(3), Value::from(given(6)));
    for kind in ["text", "json", "form", "multipart"] {
        let Some(plan) = planned(kind, &given) else { continue };
        let Ok(data) = Data::read(&plan, |_| Ok(Some(body.as_bytes().to_vec()))) else { continue };
        let made = CompiledPhase::new(&plan, &plan.phases[0], &Secrets::default(), &data, "run");
        let Ok(compiled) = made else { unreachable!("there is no Secret") };
        let Some(sent) = sent(&compiled.scenarios[0], &data, &extracted) else { continue };
        is_the_one(&sent, kind, &given);
        if kind == "multipart" {
            the_boundary_is_never_filled_in(&sent, body, &compiled, &data);
        }
    }
}

/// A target has seen the boundary, and may say it in what is extracted.
fn the_boundary_is_never_filled_in(sent: &[u8], text: &str, compiled: &CompiledPhase, data: &Data) {
    let shown = String::from_utf8_lossy(sent);
    let Some(boundary) = boundary(&shown) else { panic!("it has none: {shown:?}") };
    let said = Value::from(format!("a\r\n--{boundary}--"));
    let again = self::sent(&compiled.scenarios[0], data, &said);
    assert!(again.is_none() || !text.contains("${taken}"), "it was sent: {text:?}");
}

/// What is planned with these texts; none: they were refused.
fn planned<'t>(kind: &str, given: &impl Fn(usize) -> &'t str) -> Option<Plan> {
    let body = match kind {
        "text" => json!(given(3)),
        "json" => json!({"key": given(3), given(1): [given(3), 1, null]}),
        "multipart" => form(given),
        _ => json!({given(1): given(3)}),
    };
    let first =
        json!({"name": "first", "request": {"path": "/"}, "extract": [{"name": "taken", "header": "x"}]});
    let step = json!({"name": "step", "request": {
        "method": "POST", "path": format!("/{}", given(0)), "query": {given(1): given(1)},
        "headers": [{"name": "X-Own", "value": given(2)}], kind: body,
    }});
    let spec = json!({
        "target": {"baseUrl": "http://shop.test/base"},
        "variables": {"variable": given(4)},
        "data": [{"name": "row", "inline": [{"field": given(5)}]}],
        "scenarios": [{"name": "visit", "steps": [first, step]}],
        "phases": [{"name": "only", "load": {"burst": {"iterations": 1}}}],
    });
    Plan::from_spec("law", &serde_json::from_value(spec).ok()?, &Options::default()).ok()
}

/// The bytes of the second step's request; none: it isn't sent.
fn sent(scenario: &CompiledScenario, data: &Data, extracted: &Value) -> Option<Vec<u8>> {
    let (slots, chosen) = ([Some(extracted.clone())], [0]);
    let mut filling = Filling {
        user: 1,
        iteration: 2,
        index: 3,
        round: 0,
        slots: &slots,
        rows: Rows { data, chosen: &chosen },
        draws: &mut Draws::open(7, 0, 0),
        authorization: &[],
        unix_millis: || 1_000,
    };
    match &scenario.steps[1].request {
        CompiledRequest::Fixed(bytes) => Some(bytes.clone()),
        CompiledRequest::Filled { head, body } => {
            let (mut scratch, mut out) = (Vec::new(), Vec::new());
            fill(head, body.as_ref(), &mut filling, &mut scratch, &mut out).ok()?;
            Some(out)
        }
    }
}

fn is_the_one<'t>(sent: &[u8], kind: &str, given: &impl Fn(usize) -> &'t str) {
    let body = given(3);
    let shown = String::from_utf8_lossy(sent);
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(length)) = request.parse(sent) else { panic!("no request: {shown:?}") };
    assert_eq!((request.method, request.version), (Some("POST"), Some(1)), "{shown:?}");
    assert!(request.path.is_some_and(|path| path.starts_with("/base/") && !path.contains('#')), "{shown:?}");
    let told: BTreeMap<&str, &[u8]> =
        request.headers.iter().map(|header| (header.name, header.value)).collect();
    let want = ["Accept", "Content-Length", "Content-Type", "Host", "User-Agent", "X-Own"];
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), want, "{shown:?}");
    assert_eq!(request.headers.len(), want.len(), "{shown:?}");
    let rest = &sent[length..];
    assert_eq!(told["Content-Length"], rest.len().to_string().as_bytes(), "{shown:?}");
    match kind {
        // A text in which nothing is named is sent as it was written.
        "text" if !body.contains("${") => assert_eq!(rest, body.as_bytes()),
        "text" => {}
        "json" => {
            let read: Result<Value, _> = serde_json::from_slice(rest);
            assert!(read.is_ok_and(|value| value.get("key").is_some()), "no JSON: {shown:?}");
        }
        "multipart" => is_the_form(rest, told["Content-Type"], given),
        _ => {
            let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%=".contains(byte);
            assert!(rest.iter().all(is_plain), "no form of one field: {shown:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(texts: [&str; 7]) {
        request(texts.join("\0").as_bytes());
    }

    #[test]
    fn found() {
        holds([
            "${taken}",
            "${variable}",
            "${row.field}",
            "{\"a\": ${taken}}",
            "v\r\n",
            "f\n",
            "a b\r\nX: 1",
        ]);
        holds(["${variable}?${taken}", "a&b=${taken}", "x", "$${taken} ${now}", "v", "f", "#frag"]);
        holds(["${row.field}", "${row.field}", "${row.field}", "${row.field}", "", "\"\\\u{1}", ""]);
        holds(["${uuid}${random(1,6)}", "", "${phase}${level}", "", "", "", ""]);
        holds(["a", "b\"\r\nX: 1", "", "\r\n--${taken}\r\n", "v\"", "f\n", "a\"\r\n\r\n--loadgate-"]);
        holds(["a/b\\", "${taken}", "", "${row.field}\0", "", "", "\u{0}\"; filename=\"c"]);
    }
}
