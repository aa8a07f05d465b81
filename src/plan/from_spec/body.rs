//! The body of a request: JSON, text, form, file, or a form of several parts.

use crate::api;
use crate::plan::fault::At;
use crate::plan::model::{Body, FileBody, Multipart, Part, PartContent, Place};
use crate::plan::template::{self, Compiler, Encoding, Scope, Template, compile};

use super::data::place;

/// Each body that the request has, for it may have one; none in its place: it is faulty.
pub(super) fn bodies(spec: &api::Request, scope: &Scope, at: &At) -> Vec<Option<Body>> {
    let json = spec.json.as_ref().map(|value| template::json(value, scope, &at.field("json")));
    let text = spec.text.as_ref().map(|text| template::text(text, scope, &at.field("text")));
    let form = spec.form.as_ref().map(|fields| template::form(fields, scope, &at.field("form")));
    let written = [json, text, form].into_iter().flatten().map(|body| Some(Body::Written(body)));
    let file = spec.file.as_ref().map(|content| whole_file(content, &at.field("file")));
    let multipart = spec.multipart.as_ref().map(|parts| {
        check_content_type(&spec.headers, &at.field("headers"));
        multipart(parts, scope, &at.field("multipart"))
    });
    written.chain(multipart).chain(file).collect()
}

fn whole_file(content: &api::Content, at: &At) -> Option<Body> {
    let file = file(content, at)?;
    Some(Body::File { content_type: content_type(path_of(&file.place)), file })
}

fn file(content: &api::Content, at: &At) -> Option<FileBody> {
    Some(FileBody { place: place(content, at)?, path: at.path().to_owned() })
}

fn path_of(place: &Place) -> &str {
    match place {
        Place::ConfigMap(reference) => &reference.key,
        Place::File(path) => path,
    }
}

/// Who reads the body needs the boundary, and it isn't known to the spec.
fn check_content_type(headers: &[api::Header], at: &At) {
    for (index, header) in headers.iter().enumerate() {
        at.item(index).field("name").require(
            !header.name.eq_ignore_ascii_case("content-type"),
            "multipart has a Content-Type of its own, which tells the boundary; leave it out",
        );
    }
}

fn multipart(parts: &[api::Part], scope: &Scope, at: &At) -> Option<Body> {
    at.require(!parts.is_empty(), "has no parts; give it one, or leave it out");
    let Ok(drawn_from) = serde_json::to_string(parts) else { unreachable!("parts are plain data") };
    let parts: Vec<Option<Part>> =
        parts.iter().enumerate().map(|(index, spec)| part(spec, scope, &at.item(index))).collect();
    let parts = parts.into_iter().collect::<Option<_>>()?;
    Some(Body::Multipart(Multipart { parts, drawn_from, path: at.path().to_owned() }))
}

fn part(spec: &api::Part, scope: &Scope, at: &At) -> Option<Part> {
    let content = content(spec, scope, at);
    let head = head(spec, content.as_ref(), scope, at);
    Some(Part { head, content: content? })
}

fn content(spec: &api::Part, scope: &Scope, at: &At) -> Option<PartContent> {
    match (&spec.text, &spec.file) {
        (Some(text), None) => Some(PartContent::Text(compile(text, Encoding::Raw, scope, &at.field("text")))),
        (None, Some(content)) => file(content, &at.field("file")).map(PartContent::File),
        (Some(_), Some(_)) => {
            at.fault("has both text and file; keep one");
            None
        }
        (None, None) => {
            at.fault("needs a text or a file");
            None
        }
    }
}

/// What is filled in here is written so that it stays within its quotes, and so within its line.
fn head(spec: &api::Part, content: Option<&PartContent>, scope: &Scope, at: &At) -> Template {
    let own = content.and_then(|content| match content {
        PartContent::File(file) => Some(file_name(path_of(&file.place))),
        PartContent::Text(_) => None,
    });
    let file_name = spec.file_name.as_deref();
    let mut head = Compiler::default();
    head.literal("Content-Disposition: form-data; name=\"");
    head.text(&spec.name, Encoding::Quoted, scope, &at.field("name"));
    if let Some(name) = file_name {
        head.literal("\"; filename=\"");
        head.text(name, Encoding::Quoted, scope, &at.field("fileName"));
    } else if let Some(name) = own {
        head.literal("\"; filename=\"");
        head.literal(&Encoding::Quoted.written_text(name));
    }
    head.literal("\"\r\n");
    let guessed = own.map(|own| content_type(file_name.unwrap_or(own)));
    if let Some(content_type) = spec.content_type.as_deref().or(guessed) {
        check_media_type(content_type, &at.field("contentType"));
        head.literal(&format!("Content-Type: {content_type}\r\n"));
    }
    head.literal("\r\n");
    head.finish()
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A line break would begin a header of the sender's making.
fn check_media_type(text: &str, at: &At) {
    let is_one = text.split_once('/').is_some_and(|(main, sub)| !main.is_empty() && !sub.is_empty());
    let is_plain = text.bytes().all(|b| (b == b' ' || b.is_ascii_graphic()) && b != b'$');
    at.require(
        is_one && is_plain,
        "isn't a media type, in which nothing is filled in; write one such as image/png",
    );
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
