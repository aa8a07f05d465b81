//! What the head of a response says of its own size, its body's end and its connection.

use reqwest::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use reqwest::{StatusCode, Version};

use super::request::field;

/// What the head of a response says, of whose headers each was noted.
pub(super) struct Head<'h> {
    version: Version,
    status: StatusCode,
    fields: u64,
    has_length: bool,
    /// The last of the transfer codings.
    coding: Option<&'h HeaderValue>,
    closes: bool,
    stays: bool,
}

impl<'h> Head<'h> {
    pub(super) fn new(version: Version, status: StatusCode) -> Self {
        Head { version, status, fields: 0, has_length: false, coding: None, closes: false, stays: false }
    }

    /// One of its headers.
    pub(super) fn note(&mut self, name: &HeaderName, value: &'h HeaderValue) {
        self.fields += field(name, value);
        if name == CONTENT_LENGTH {
            self.has_length = true;
        } else if name == TRANSFER_ENCODING {
            self.coding = Some(value);
        } else if name == CONNECTION {
            let words = value.to_str().unwrap_or_default().split(',').map(str::trim);
            for word in words {
                self.closes |= word.eq_ignore_ascii_case("close");
                self.stays |= word.eq_ignore_ascii_case("keep-alive");
            }
        }
    }

    /// Its bytes, as HTTP/1.1 writes it.
    pub(super) fn size(&self) -> u64 {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let line = if self.version == Version::HTTP_2 { "" } else { "HTTP/1.1 200 \r\n\r\n" };
        (line.len() + reason.len()) as u64 + self.fields
    }

    /// Whether nobody knows where the body ends: it isn't sent in chunks, and the library would wait for the connection's end.
    pub(super) fn is_of_unknown_coding(&self) -> bool {
        let codings = self.coding.map(|value| value.to_str().unwrap_or_default());
        let last = codings.and_then(|codings| codings.rsplit(',').next());
        last.is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("chunked"))
    }

    /// Whether the connection should be there for another request.
    pub(super) fn keeps(&self, head_only: bool) -> bool {
        let has_end = head_only
            || matches!(self.status.as_u16(), 204 | 304)
            || self.has_length
            || self.coding.is_some();
        match self.version {
            Version::HTTP_2 => true,
            Version::HTTP_11 => has_end && !self.closes,
            _ => has_end && self.stays,
        }
    }
}
