//! A request: method, path and query, headers, body.

use crate::api::{self, Method};
use crate::plan::fault::At;
use crate::plan::model::{FileBody, Place, Request};
use crate::plan::template::{self, Body, Compiler, Encoding, Scope, Template};

use super::data::place;
use super::header::{check_texts, headers};

/// The request of a step or an action.
pub(super) fn request(spec: &api::Request, scope: &Scope, at: &At) -> Option<Request> {
    let target = request_target(spec, scope, at);
    let headers = headers(&spec.headers, scope, &at.field("headers"));
    let body = body(spec, scope, at);
    let file = spec.file.as_ref().map(|content| file(content, &at.field("file")));
    check_method(spec, at);
    Some(Request {
        method: spec.method.unwrap_or_default(),
        path: as_written(spec),
        target,
        headers: headers?,
        body,
        file: file.map_or(Some(None), |file| file.map(Some))?,
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

fn body(spec: &api::Request, scope: &Scope, at: &At) -> Option<Body> {
    let json = spec.json.as_ref().map(|value| template::json(value, scope, &at.field("json")));
    let text = spec.text.as_ref().map(|text| template::text(text, scope, &at.field("text")));
    let form = spec.form.as_ref().map(|fields| template::form(fields, scope, &at.field("form")));
    let mut bodies = [json, text, form].into_iter().flatten();
    let body = bodies.next();
    let is_one = bodies.next().is_none() && (body.is_none() || spec.file.is_none());
    at.require(is_one, "has more than one body; keep one of json, text, form and file");
    body
}

fn file(content: &api::Content, at: &At) -> Option<FileBody> {
    let place = place(content, at)?;
    let name = match &place {
        Place::ConfigMap(reference) => &reference.key,
        Place::File(path) => path,
    };
    Some(FileBody { content_type: content_type(name), place, path: at.path().to_owned() })
}

/// What a file of that name usually holds.
fn content_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "json" => "application/json",
        "xml" => "application/xml",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "txt" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

/// A body without a method is a POST that someone forgot; a GET with one may be meant, and is sent.
fn check_method(spec: &api::Request, at: &At) {
    let has_body = spec.json.is_some() || spec.text.is_some() || spec.form.is_some() || spec.file.is_some();
    let at = at.field("method");
    let missing = spec.method.is_none() && has_body;
    at.require(!missing, "is missing, and there is a body; say POST, PUT, PATCH or what is meant");
    let headless = spec.method == Some(Method::Head) && has_body;
    at.require(!headless, "HEAD has no body; leave the body out");
}
