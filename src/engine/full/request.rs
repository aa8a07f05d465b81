//! Requests as the library takes them, made from those that HTTP/1.1 writes.

use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use reqwest::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};

use super::Pattern;
use crate::engine::render::{ACCEPT, USER_AGENT};
use crate::plan::StepIndex;

/// The most headers of a request: those of step and target, and our own.
const MOST_HEADERS: usize = 128;

static HEAD_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\r\n\r\n"));

/// The heads that the steps had last. All users of a shard share them: most of a request is that of the one before.
#[derive(Default)]
pub(in crate::engine) struct Heads(RefCell<Vec<Head>>);

impl Heads {
    /// The request of `step` that these bytes are; none: they are none.
    pub(super) fn read(&self, step: StepIndex, bytes: &[u8], pattern: &Pattern) -> Option<Request> {
        let mut heads = self.0.borrow_mut();
        if heads.len() <= step {
            heads.resize_with(step + 1, Head::default);
        }
        heads[step].read(bytes, pattern)
    }
}

/// A request without its body: as bytes, and what they say.
#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    /// How many of the bytes are the request line.
    line: usize,
    method: Method,
    /// None: nothing was read yet.
    url: Option<Url>,
    headers: HeaderMap,
}

impl Head {
    fn read(&mut self, bytes: &[u8], pattern: &Pattern) -> Option<Request> {
        // A head holds its end once: what begins with one, begins with no other.
        if self.bytes.is_empty() || !bytes.starts_with(&self.bytes) {
            let length = HEAD_END.find(bytes)? + HEAD_END.needle().len();
            self.renew(&bytes[..length], pattern)?;
        }
        let body = &bytes[self.bytes.len()..];
        let mut request = Request::new(self.method.clone(), self.url.clone()?);
        *request.headers_mut() = self.headers.clone();
        if !body.is_empty() {
            *request.body_mut() = Some(body.to_vec().into());
        }
        Some(request)
    }

    /// Reads what isn't as it was.
    fn renew(&mut self, bytes: &[u8], pattern: &Pattern) -> Option<()> {
        let mut room = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let mut head = httparse::Request::new(&mut []);
        let read = head.parse_with_uninit_headers(bytes, &mut room).ok()?;
        (read == httparse::Status::Complete(bytes.len())).then_some(())?;
        let line = memchr::memchr(b'\n', bytes)? + 1;
        let (method, url) = (Method::from_bytes(head.method?.as_bytes()).ok()?, pattern.url(head.path?));
        if self.bytes[self.line..] != bytes[line..] {
            self.headers = headers(head.headers, pattern)?;
        }
        (self.method, self.url, self.line) = (method, Some(url), line);
        bytes.clone_into(&mut self.bytes);
        Some(())
    }
}

/// Lengths are counted again, and HTTP/2 has the host elsewhere.
fn headers(read: &[httparse::Header<'_>], pattern: &Pattern) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(read.len());
    for header in read {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        if name != CONTENT_LENGTH && (name != HOST || !pattern.is_two()) {
            headers.append(name, value(header.value)?);
        }
    }
    Some(headers)
}

/// The library clones them again and again: for those that nearly all requests have, that costs nothing.
fn value(bytes: &[u8]) -> Option<HeaderValue> {
    let known = [ACCEPT, USER_AGENT].into_iter().find(|known| known.as_bytes() == bytes);
    known.map(HeaderValue::from_static).or_else(|| HeaderValue::from_bytes(bytes).ok())
}

/// About as many bytes as HTTP/1.1 takes to write it.
pub(super) fn size(request: &Request) -> u64 {
    let url = request.url();
    let line =
        request.method().as_str().len() + url.path().len() + url.query().map_or(0, |query| query.len() + 1);
    let body = request.body().and_then(|body| body.as_bytes()).map_or(0, <[u8]>::len);
    (line + " HTTP/1.1\r\n\r\n".len() + 1 + body) as u64 + fields(request.headers())
}

fn fields(headers: &HeaderMap) -> u64 {
    headers.iter().map(|(name, value)| field(name, value)).sum()
}

/// The bytes of a header.
pub(super) fn field(name: &HeaderName, value: &HeaderValue) -> u64 {
    (name.as_str().len() + value.len() + ": \r\n".len()) as u64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plan::secrets::Secrets;
    use crate::plan::{Document, Options};

    fn pattern(version: &str) -> Arc<Pattern> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let text = format!(
            r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: heads}}
spec:
  target: {{baseUrl: "http://127.0.0.1:1", http: {{tier: full, version: "{version}"}}}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  phases: [{{name: steady, load: {{constantUsers: {{users: 1, duration: 1s}}}}}}]
"#
        );
        let checked = Document::parse(&text).and_then(|document| document.check(&Options::default()));
        let plan = checked.expect("it is sound").plan;
        Pattern::of(&plan.target, None, &Secrets::default())
            .ok()
            .flatten()
            .expect("it asks for the full client")
    }

    fn headers(request: &Request) -> Vec<String> {
        let told = request.headers().iter();
        told.map(|(name, value)| format!("{name}: {}", value.to_str().expect("it is text"))).collect()
    }

    #[test]
    fn each_request_is_what_its_bytes_say_whatever_came_before() {
        let (pattern, heads) = (pattern("1.1"), Heads::default());
        for (step, line, own, body) in [
            (0, "GET /a", &["a: 1"][..], ""),
            (0, "GET /a", &["a: 1"], ""),
            (0, "GET /b?c=d", &["a: 1"], ""),
            (0, "GET /b?c=d", &["a: 2"], ""),
            (0, "POST /b?c=d", &["a: 2"], "one"),
            (0, "POST /b?c=d", &["a: 2"], "two"),
            (2, "POST /b?c=d", &["a: 1"], "two"),
            (0, "PUT /c", &["a: 1"], "a\r\n\r\nb"),
            (1, "GET /", &["host: b"], ""),
            (1, "GET /", &["host: b", "cookie: a=1"], ""),
            (1, "GET /", &["host: b", "cookie: a=2", "authorization: Bearer c"], ""),
            (1, "GET /", &["host: b", "a: 1", "a: 2"], ""),
            (1, "GET /", &[], ""),
            (2, "GET /b?c=d", &["a: 12"], ""),
        ] {
            let lines = own.iter().fold(String::new(), |lines, header| lines + header + "\r\n");
            let bytes = format!("{line} HTTP/1.1\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len());
            let request = heads.read(step, bytes.as_bytes(), &pattern).expect("it is one");
            let url = request.url();
            let query = url.query().map_or(String::new(), |query| format!("?{query}"));
            assert_eq!(format!("{} {}{query}", request.method(), url.path()), line);
            assert_eq!(headers(&request), own);
            let sent = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
            assert_eq!(sent, body.as_bytes());
        }
    }

    #[test]
    fn what_is_no_request_leaves_nothing_to_the_next() {
        let (pattern, heads) = (pattern("1.1"), Heads::default());
        for none in ["", "GET / HTTP/1.1\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1\r\nPUT\r\n\r\n"] {
            assert!(heads.read(0, none.as_bytes(), &pattern).is_none(), "{none}");
            let next = heads.read(0, b"PUT /c HTTP/1.1\r\na: 1\r\n\r\n", &pattern).expect("it is one");
            assert_eq!((next.url().path(), headers(&next)), ("/c", vec!["a: 1".to_owned()]), "after {none}");
        }
    }

    #[test]
    fn over_http_2_the_host_is_no_header() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nb: 1\r\n\r\n";
        let request = Heads::default().read(0, bytes, &pattern("2")).expect("it is one");
        assert_eq!(headers(&request), ["b: 1"]);
    }
}
