//! From a text to its parts: `/v1/${id}` → `/v1/`, the slot `id`.

use super::{Encoding, Name, Part, Scope, Template};
use crate::plan::fault::At;

/// The parts of `text`, each name written with `encoding`. What is wrong with it is reported at `at`.
pub(crate) fn compile(text: &str, encoding: Encoding, scope: &Scope, at: &At) -> Template {
    let mut compiler = Compiler::default();
    compiler.text(text, encoding, scope, at);
    compiler.finish()
}

/// Puts a template together from texts and what stands between them.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    parts: Vec<Part>,
}

impl Compiler {
    /// Adds `literal` as it is.
    pub(crate) fn literal(&mut self, literal: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push_str(literal),
            _ if literal.is_empty() => {}
            _ => self.parts.push(Part::Text(literal.to_owned())),
        }
    }

    /// Adds `text`; what is around its names is written with `encoding` as well.
    pub(crate) fn text(&mut self, text: &str, encoding: Encoding, scope: &Scope, at: &At) {
        for piece in pieces(text) {
            match piece {
                Ok(Piece::Text(text)) => self.literal(&encoding.written_text(&text)),
                Ok(Piece::Name(name)) => {
                    if let Some(name) = at.take(scope.resolve(name.trim())) {
                        self.slot(name, encoding);
                    }
                }
                Err(message) => at.fault(message),
            }
        }
    }

    /// Adds a template.
    pub(crate) fn template(&mut self, template: Template) {
        for part in template.parts {
            match part {
                Part::Text(text) => self.literal(&text),
                Part::Slot(name, encoding) => self.slot(name, encoding),
            }
        }
    }

    /// Adds a name.
    pub(crate) fn slot(&mut self, name: Name, encoding: Encoding) {
        self.parts.push(Part::Slot(name, encoding));
    }

    /// What was put together.
    pub(crate) fn finish(self) -> Template {
        Template { parts: self.parts }
    }
}

/// The name, where `text` is one `${name}` and nothing else.
pub(crate) fn single_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    (!name.contains('}')).then(|| name.trim())
}

/// A stretch of a text.
enum Piece<'a> {
    Text(String),
    Name(&'a str),
}

/// Cuts a text at its names. `$${` stands for the characters `${`.
fn pieces(text: &str) -> Vec<Result<Piece<'_>, String>> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, behind) = (&rest[..at], &rest[at + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            plain.push_str(before);
            plain.push_str("${");
            rest = behind;
            continue;
        }
        plain.push_str(before);
        pieces.push(Ok(Piece::Text(std::mem::take(&mut plain))));
        let Some((name, behind)) = behind.split_once('}') else {
            pieces.push(Err(UNCLOSED.to_owned()));
            return pieces;
        };
        pieces.push(Ok(Piece::Name(name)));
        rest = behind;
    }
    plain.push_str(rest);
    pieces.push(Ok(Piece::Text(plain)));
    pieces
}

const UNCLOSED: &str = "`${` has no `}` behind it; close it, or write `$${` for the characters themselves";
