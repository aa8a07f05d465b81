//! Forms of several parts: multipart/form-data (RFC 7578).
//!
//! A boundary stands between the parts, and in none of them. It is drawn from the form as it is written, so that all
//! processes draw the same one; where something that never changes holds it, as a file may, it is drawn again. What is
//! filled into a request is looked at in each one: it may come from a target that has seen the boundary.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::FileBody;
use crate::plan::template::Template;

/// How many bytes of the digest a boundary consists of.
const KEPT: usize = 16;

/// A form of several parts.
#[derive(Clone, Debug)]
pub struct Multipart {
    /// The parts, in order; never none.
    pub parts: Vec<Part>,
    /// What its boundary is drawn from.
    pub drawn_from: String,
    /// The field path.
    pub path: String,
}

/// One field of a form.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its headers, with the empty line behind them.
    pub head: Template,
    /// What it holds.
    pub content: PartContent,
}

/// What a field of a form holds.
#[derive(Clone, Debug)]
pub enum PartContent {
    /// A text of the spec.
    Text(Template),
    /// Bytes outside.
    File(FileBody),
}

impl Multipart {
    /// What its parts hold from outside the spec.
    pub fn files(&self) -> impl Iterator<Item = &FileBody> {
        self.parts.iter().filter_map(|part| match &part.content {
            PartContent::File(file) => Some(file),
            PartContent::Text(_) => None,
        })
    }

    /// What is filled in.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.parts.iter().flat_map(|part| {
            let text = match &part.content {
                PartContent::Text(text) => Some(text),
                PartContent::File(_) => None,
            };
            [&part.head].into_iter().chain(text)
        })
    }

    /// The first boundary that isn't `held` by anything between its lines.
    #[must_use]
    pub fn boundary(&self, held: impl Fn(&Boundary) -> bool) -> Boundary {
        let mut number = 0;
        loop {
            let boundary = Boundary::drawn(&self.drawn_from, number);
            if !held(&boundary) {
                return boundary;
            }
            number += 1;
        }
    }
}

/// What stands between the parts of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    fn drawn(from: &str, number: u32) -> Self {
        let digest = Sha256::new().chain_update(number.to_be_bytes()).chain_update(from).finalize();
        let digits = digest.iter().take(KEPT).fold(String::new(), |mut digits, byte| {
            // Writing to a String never fails.
            _ = write!(digits, "{byte:02x}");
            digits
        });
        Boundary(format!("loadgate-{digits}"))
    }

    /// The boundary itself.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The value of Content-Type.
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.0)
    }

    /// Whether it stands in `bytes`.
    #[must_use]
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        memchr::memmem::find(bytes, self.0.as_bytes()).is_some()
    }

    /// What stands before the part of this number.
    #[must_use]
    pub fn before(&self, part: usize) -> String {
        format!("{}--{}\r\n", if part == 0 { "" } else { "\r\n" }, self.0)
    }

    /// What stands behind the last one.
    #[must_use]
    pub fn end(&self) -> String {
        format!("\r\n--{}--\r\n", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(drawn_from: &str) -> Multipart {
        Multipart { parts: Vec::new(), drawn_from: drawn_from.to_owned(), path: String::new() }
    }

    #[test]
    fn a_boundary_is_the_same_for_the_same_form_and_another_for_another() {
        let of = |drawn_from: &str| form(drawn_from).boundary(|_| false);
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        // RFC 2046: at most 70 characters; these need no quotes.
        let text = of("a").text().to_owned();
        assert!(text.len() <= 70 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{text}");
    }

    #[test]
    fn a_boundary_that_something_holds_is_drawn_again() {
        let form = form("a");
        let first = form.boundary(|_| false);
        let content = format!("before{}behind", first.text());
        let second = form.boundary(|boundary| boundary.is_in(content.as_bytes()));
        assert_ne!(first, second);
        assert_eq!(second, form.boundary(|boundary| *boundary == first), "always the same");
    }
}
