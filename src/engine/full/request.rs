//! Requests as the library takes them, made from those that HTTP/1.1 writes.

use reqwest::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Response, Version};

use super::Pattern;

/// The most headers of a request: those of step and target, and our own.
const MOST_HEADERS: usize = 128;

/// The request that these bytes are; none: they are none.
pub(super) fn read(bytes: &[u8], pattern: &Pattern) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes).ok()? else { return None };
    let method = Method::from_bytes(head.method?.as_bytes()).ok()?;
    let mut request = Request::new(method, pattern.url(head.path?));
    *request.headers_mut() = self::headers(head.headers, pattern)?;
    let body = &bytes[length..];
    if !body.is_empty() {
        *request.body_mut() = Some(body.to_vec().into());
    }
    Some(request)
}

/// Lengths are counted again, and HTTP/2 has the host elsewhere.
fn headers(read: &[httparse::Header<'_>], pattern: &Pattern) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(read.len());
    for header in read {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        if name != CONTENT_LENGTH && (name != HOST || !pattern.is_two()) {
            headers.append(name, HeaderValue::from_bytes(header.value).ok()?);
        }
    }
    Some(headers)
}

/// About as many bytes as HTTP/1.1 takes to write it.
pub(super) fn size(request: &Request) -> u64 {
    let url = request.url();
    let line =
        request.method().as_str().len() + url.path().len() + url.query().map_or(0, |query| query.len() + 1);
    let body = request.body().and_then(|body| body.as_bytes()).map_or(0, <[u8]>::len);
    (line + " HTTP/1.1\r\n\r\n".len() + 1 + body) as u64 + fields(request.headers())
}

/// The bytes of a response's head, as HTTP/1.1 writes it.
pub(super) fn head_size(response: &Response) -> u64 {
    let reason = response.status().canonical_reason().unwrap_or_default();
    let version = if response.version() == Version::HTTP_2 { "" } else { "HTTP/1.1 200 \r\n\r\n" };
    (version.len() + reason.len()) as u64 + fields(response.headers())
}

fn fields(headers: &HeaderMap) -> u64 {
    headers.iter().map(|(name, value)| (name.as_str().len() + value.len() + ": \r\n".len()) as u64).sum()
}
