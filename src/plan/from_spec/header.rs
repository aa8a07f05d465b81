//! Headers: valid names, values without line breaks, none that the engine owns.

use crate::api::{self, SecretKeyRef, ValueFrom};
use crate::plan::fault::At;
use crate::plan::model::{Header, HeaderValue, Scheme};
use crate::plan::template::{Encoding, Name, Part, Scope, Template, compile};

/// The headers of a request or of the target.
pub(super) fn headers(list: &[api::Header], scope: &Scope, at: &At) -> Option<Vec<Header>> {
    for (index, header) in list.iter().enumerate() {
        check_once(header, &list[..index], &at.item(index).field("name"));
    }
    let headers: Vec<Option<Header>> =
        list.iter().enumerate().map(|(index, header)| one(header, scope, &at.item(index))).collect();
    headers.into_iter().collect()
}

/// The name of a header, in lower case as responses are searched.
pub(super) fn lower_name(name: &str, at: &At) -> String {
    at.require(is_token(name), NOT_A_NAME);
    name.to_ascii_lowercase()
}

fn one(header: &api::Header, scope: &Scope, at: &At) -> Option<Header> {
    check_name(&header.name, &at.field("name"));
    let value = value(header, scope, at)?;
    Some(Header { name: header.name.clone(), value, path: at.path().to_owned() })
}

fn check_name(name: &str, at: &At) {
    at.require(is_token(name), NOT_A_NAME);
    if let Some(reason) = not_ours_to_set(&name.to_ascii_lowercase()) {
        at.fault(format!("`{name}` can't be set: {reason}"));
    }
}

const NOT_A_NAME: &str = "isn't a header's name: letters, digits and !#$%&'*+-.^_`|~ only";

/// RFC 9110: what a field name may consist of.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Headers that tell the target how the message itself is framed or what becomes of its connection.
fn not_ours_to_set(name: &str) -> Option<&'static str> {
    match name {
        "content-length" => Some("the engine counts the body"),
        "transfer-encoding" => Some("the engine sends each body whole, with its length"),
        "connection" | "keep-alive" | "proxy-connection" | "upgrade" | "te" | "trailer" => {
            Some("the engine keeps its connections itself")
        }
        "expect" => Some("the engine sends the body at once"),
        _ => None,
    }
}

/// Two of these would make a request that servers refuse.
fn check_once(header: &api::Header, before: &[api::Header], at: &At) {
    let single = ["host", "content-type"].into_iter().find(|name| header.name.eq_ignore_ascii_case(name));
    let is_again = before.iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&header.name));
    at.require(single.is_none() || !is_again, format!("`{}` is given twice; keep one", header.name));
}

fn value(header: &api::Header, scope: &Scope, at: &At) -> Option<HeaderValue> {
    Some(match given(header.value.as_deref(), header.value_from.as_ref(), at)? {
        Given::Here(text) => HeaderValue::Template(text_value(text, scope, &at.field("value"))),
        Given::Secret(reference) => HeaderValue::Secret(reference.clone(), Scheme::Whole),
    })
}

/// Where a value is.
pub(super) enum Given<'a> {
    Here(&'a str),
    Secret(&'a SecretKeyRef),
}

/// The one of value and valueFrom that is given; none: neither or both, and that is reported.
pub(super) fn given<'a>(value: Option<&'a str>, from: Option<&'a ValueFrom>, at: &At) -> Option<Given<'a>> {
    match (value, from) {
        (Some(text), None) => Some(Given::Here(text)),
        (None, Some(ValueFrom { secret_key_ref })) => Some(Given::Secret(secret_key_ref)),
        (Some(_), Some(_)) => {
            at.fault("has both value and valueFrom; keep one");
            None
        }
        (None, None) => {
            at.fault("needs a value or a valueFrom");
            None
        }
    }
}

fn text_value(text: &str, scope: &Scope, at: &At) -> Template {
    let template = compile(text, Encoding::Raw, scope, at);
    check_texts(&template, scope, at, breaks_the_head);
    template
}

/// A line break would end this header and begin another, of the sender's making.
fn breaks_the_head(text: &str) -> Option<&'static str> {
    let is_breaking = |c: char| c.is_control() && c != '\t';
    text.contains(is_breaking).then_some("holds a line break or control character, which a header can't")
}

/// Reports where a text of `template`, or a variable's value in it, has something `wrong`.
pub(super) fn check_texts(
    template: &Template,
    scope: &Scope,
    at: &At,
    wrong: impl Fn(&str) -> Option<&'static str>,
) {
    for part in &template.parts {
        match part {
            Part::Text(text) => {
                if let Some(what) = wrong(text) {
                    at.fault(what);
                }
            }
            Part::Slot(Name::Variable(name), encoding) => {
                for (phase, value) in scope.values(name) {
                    if let Some(what) = wrong(&encoding.written(value)) {
                        let whose = phase.map(|phase| format!(" of phase `{phase}`")).unwrap_or_default();
                        at.fault(format!("variable `{name}`{whose} {what}"));
                    }
                }
            }
            Part::Slot(..) => {}
        }
    }
}
