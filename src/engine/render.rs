//! Requests as bytes: what never changes is made once, slots are filled in for each request.

use super::carried::Carried;
use super::compile::Constants;
use super::pieces::{Filling, Pieces, Place, Unfit, put};
use crate::plan;

/// What is said where a request names none.
pub(super) const USER_AGENT: &str = concat!("loadgate/", env!("CARGO_PKG_VERSION"));
pub(super) const ACCEPT: &str = "*/*";

/// A request as bytes.
#[derive(Debug)]
pub(super) enum CompiledRequest {
    /// The same bytes each time.
    Fixed(Vec<u8>),
    /// Request line and headers; then the body, whose length becomes a header.
    Filled { head: Pieces, body: Option<Pieces> },
}

impl CompiledRequest {
    pub(super) fn new(
        target: &plan::Target,
        request: &plan::Request,
        headers: &[(&str, Pieces)],
        constants: &Constants<'_>,
    ) -> Self {
        let carried = request.body.as_ref().map(|body| Carried::new(body, constants));
        let content_type = carried.as_ref().map(|carried| carried.content_type.as_ref());
        let head = head(target, request, headers, content_type, constants);
        let body = carried.map(|carried| carried.content);
        match (head.as_fixed(), body.as_ref().map(Pieces::as_fixed)) {
            (Some(head), None) => CompiledRequest::Fixed(with_body(head, None)),
            (Some(head), Some(Some(body))) => CompiledRequest::Fixed(with_body(head, Some(body))),
            _ => CompiledRequest::Filled { head, body },
        }
    }
}

fn with_body(head: &[u8], body: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = head.to_vec();
    end_head(&mut bytes, body.map(<[u8]>::len));
    bytes.extend_from_slice(body.unwrap_or_default());
    bytes
}

/// Fills `head` and `body` into `out`. `scratch` holds the body until its length is known.
pub(super) fn fill(
    head: &Pieces,
    body: Option<&Pieces>,
    filling: &mut Filling<'_>,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), Unfit> {
    out.clear();
    head.render(filling, out)?;
    scratch.clear();
    if let Some(body) = body {
        body.render(filling, scratch)?;
    }
    end_head(out, body.map(|_| scratch.len()));
    out.extend_from_slice(scratch);
    Ok(())
}

fn end_head(out: &mut Vec<u8>, body: Option<usize>) {
    if let Some(length) = body {
        put(out, format_args!("Content-Length: {length}\r\n"));
    }
    out.extend_from_slice(b"\r\n");
}

fn head(
    target: &plan::Target,
    request: &plan::Request,
    headers: &[(&str, Pieces)],
    content_type: Option<&str>,
    constants: &Constants<'_>,
) -> Pieces {
    let mut pieces = Pieces::empty();
    let given = |name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    pieces.text(&format!("{} {}", method(request.method), target.base_path));
    pieces.append(Pieces::new(&request.target, Place::Path, constants));
    pieces.text(" HTTP/1.1\r\n");
    if !given("host") {
        pieces.text(&format!("Host: {}\r\n", target.authority));
    }
    if !given("user-agent") {
        pieces.text(&format!("User-Agent: {USER_AGENT}\r\n"));
    }
    if !given("accept") {
        pieces.text(&format!("Accept: {ACCEPT}\r\n"));
    }
    if let Some(content_type) = content_type
        && !given("content-type")
    {
        pieces.text(&format!("Content-Type: {content_type}\r\n"));
    }
    for (name, value) in headers {
        pieces.text(&format!("{name}: "));
        pieces.append(value.clone());
        pieces.text("\r\n");
    }
    pieces
}

fn method(method: crate::plan::Method) -> &'static str {
    use crate::plan::Method;
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        Method::Options => "OPTIONS",
    }
}
