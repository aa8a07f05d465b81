//! The cookies of a user on their way into requests and out of responses.

use std::time::Instant;

use super::compiled::Cookies;
use super::jar::{Jar, Now};
use super::response::Reader;

/// The cookies of a user.
#[derive(Debug, Default)]
pub(super) struct OwnCookies {
    jar: Jar,
    /// The path that was asked for last: a cookie without a path is kept for what lies beside it.
    asked: String,
}

impl OwnCookies {
    /// Puts the Cookie header behind the request line, where there is one to be sent and the step has none of its own.
    pub(super) fn put_into(&mut self, cookies: Cookies, request: &mut Vec<u8>) {
        if cookies == Cookies::Ignored {
            return;
        }
        let Some(end) = memchr::memmem::find(request, b"\r\n") else { return };
        self.asked.clear();
        self.asked.push_str(path_of(&request[..end]));
        if cookies == Cookies::Sent && !self.jar.is_empty() {
            let mut header = Vec::new();
            self.jar.write(&self.asked, Instant::now(), &mut header);
            request.splice(end + 2..end + 2, header);
        }
    }

    /// What a request of `path` has as its Cookie header, where it has any.
    pub(super) fn value(&mut self, path: &str) -> Option<String> {
        path.clone_into(&mut self.asked);
        let mut header = Vec::new();
        self.jar.write(path, Instant::now(), &mut header);
        let header = String::from_utf8(header).ok()?;
        header.strip_prefix("Cookie: ").map(|value| value.trim_end().to_owned())
    }

    /// Keeps those of the response to what was asked for.
    pub(super) fn keep(&mut self, response: &Reader, host: &str) {
        for header in response.cookies() {
            self.jar.take(header, host, &self.asked, Now::new());
        }
    }

    pub(super) fn clear(&mut self) {
        self.jar.clear();
    }
}

/// The path of a request line.
fn path_of(line: &[u8]) -> &str {
    let path = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    std::str::from_utf8(path).unwrap_or_default()
}
