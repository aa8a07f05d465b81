//! A request: method, path and query, headers.

use crate::api::{self, Method};
use crate::plan::fault::At;
use crate::plan::model::Request;
use crate::plan::template::{self, Compiler, Encoding, Scope, Template};

use super::body::bodies;
use super::header::{check_texts, headers};

/// The request of a step or an action.
pub(super) fn request(spec: &api::Request, scope: &Scope, at: &At) -> Option<Request> {
    let target = request_target(spec, scope, at);
    let headers = headers(&spec.headers, scope, &at.field("headers"));
    let bodies = bodies(spec, scope, at);
    check_method(spec, !bodies.is_empty(), at);
    at.require(bodies.len() <= 1, "has more than one body; keep one of json, text, form, multipart and file");
    let body = bodies.into_iter().next();
    Some(Request {
        method: spec.method.unwrap_or_default(),
        path: as_written(spec),
        target,
        headers: headers?,
        body: body.map_or(Some(None), |body| body.map(Some))?,
    })
}

/// Path and query as they stand in the spec, for people.
fn as_written(spec: &api::Request) -> String {
    let pairs: Vec<String> = spec.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() {
        return spec.path.clone();
    }
    format!("{}{}{}", spec.path, query_mark(&spec.path), pairs.join("&"))
}

/// What stands between a path and the first parameter: the path may have a query of its own.
fn query_mark(path: &str) -> &'static str {
    if path.contains('?') { "&" } else { "?" }
}

fn request_target(spec: &api::Request, scope: &Scope, at: &At) -> Template {
    let path = at.field("path");
    path.require(spec.path.starts_with('/'), "must begin with `/`; it is appended to spec.target.baseUrl");
    let written = template::compile(&spec.path, Encoding::Raw, scope, &path);
    check_texts(&written, scope, &path, breaks_the_line);
    if spec.query.is_empty() {
        return written;
    }
    let mut compiler = Compiler::default();
    compiler.template(written);
    compiler.literal(query_mark(&spec.path));
    compiler.template(template::pairs(&spec.query, scope, &at.field("query")));
    compiler.finish()
}

/// The request line is ASCII and ends at the first space.
fn breaks_the_line(text: &str) -> Option<&'static str> {
    if text.contains('#') {
        return Some("holds a `#`; what is behind it is never sent, so leave it out or write %23");
    }
    let is_breaking = |c: char| c.is_control() || c.is_whitespace() || !c.is_ascii();
    text.contains(is_breaking)
        .then_some("holds a space, a control character or one beyond ASCII; percent-encode it (%20)")
}

/// A body without a method is a POST that someone forgot; a GET with one may be meant, and is sent.
fn check_method(spec: &api::Request, has_body: bool, at: &At) {
    let at = at.field("method");
    let missing = spec.method.is_none() && has_body;
    at.require(!missing, "is missing, and there is a body; say POST, PUT, PATCH or what is meant");
    let headless = spec.method == Some(Method::Head) && has_body;
    at.require(!headless, "HEAD has no body; leave the body out");
}
