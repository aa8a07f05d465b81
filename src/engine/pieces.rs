//! Texts whose slots are filled in for each request; what never changes is filled in once.

use std::io::Write;

use memchr::memmem::Finder;
use serde_json::Value;

use super::compile::Constants;
use crate::plan::draw::Draws;
use crate::plan::template::{Encoding, Name, Part, Template};
use crate::plan::{Boundary, Data};

/// A text whose constants are filled in.
#[derive(Debug, Clone)]
pub(super) struct Pieces(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Fixed(Vec<u8>),
    Slot(Name, Encoding, Place),
    /// A field of the row that the iteration has: the feeder, and the field's place.
    Cell(usize, usize, Encoding, Place),
    /// A text that this can't stand in once it is filled in.
    Without(Box<Finder<'static>>, Pieces),
    /// The current value of the header Authorization.
    Authorization,
}

/// Where a text stands, and so what it can't hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a body, or in what a response is compared with.
    Anywhere,
    /// In a header, which ends at a line break.
    Header,
    /// In the path, which ends at a space as well, and of which nothing behind a `#` is meant to be sent.
    Path,
}

/// What the slots of a request are filled with.
pub(super) struct Filling<'a> {
    pub(super) user: u64,
    pub(super) iteration: u64,
    pub(super) index: u64,
    pub(super) round: u32,
    pub(super) slots: &'a [Option<Value>],
    pub(super) rows: Rows<'a>,
    pub(super) draws: &'a mut Draws,
    /// The current value of the header Authorization, where that changes.
    pub(super) authorization: &'a [u8],
    /// The time of day, asked for only where it is needed.
    pub(super) unix_millis: fn() -> u64,
}

/// The rows that an iteration has.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) data: &'a Data,
    /// The number of the row, feeder by feeder; empty where no step names one.
    pub(super) chosen: &'a [usize],
}

impl<'a> Rows<'a> {
    /// A field of the row; none: it has none.
    pub(super) fn cell(self, feeder: usize, column: usize) -> Option<&'a Value> {
        self.data.table(feeder)?.cell(*self.chosen.get(feeder)?, column)
    }
}

/// A value that can't be filled in: it is missing, or would break out of its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl Pieces {
    /// `template` with the constants of a phase filled in.
    pub(super) fn new(template: &Template, place: Place, constants: &Constants<'_>) -> Self {
        let mut pieces = Pieces::empty();
        for part in &template.parts {
            match part {
                Part::Text(text) => pieces.text(text),
                Part::Slot(name, encoding) => pieces.slot(name, *encoding, place, constants),
            }
        }
        pieces
    }

    /// A text without slots.
    pub(super) fn fixed(text: &str) -> Self {
        let mut pieces = Pieces::empty();
        pieces.text(text);
        pieces
    }

    /// What the header Authorization holds when the request is sent.
    pub(super) fn authorization() -> Self {
        Pieces(vec![Piece::Authorization])
    }

    /// Bytes as they are.
    pub(super) fn raw(bytes: &[u8]) -> Self {
        Pieces(vec![Piece::Fixed(bytes.to_vec())])
    }

    /// None yet.
    pub(super) fn empty() -> Self {
        Pieces(Vec::new())
    }

    /// Adds what must not hold `boundary` once it is filled in. What never changes was looked at before.
    pub(super) fn append_without(&mut self, boundary: &Boundary, other: Pieces) {
        if other.as_fixed().is_some() {
            return self.append(other);
        }
        let finder = Finder::new(boundary.text().as_bytes()).into_owned();
        self.0.push(Piece::Without(Box::new(finder), other));
    }

    /// Whether `holds` is true of something that never changes.
    pub(super) fn any_fixed(&self, holds: impl Fn(&[u8]) -> bool) -> bool {
        self.0.iter().any(|piece| match piece {
            Piece::Fixed(bytes) => holds(bytes),
            Piece::Slot(..) | Piece::Cell(..) | Piece::Without(..) | Piece::Authorization => false,
        })
    }

    fn slot(&mut self, name: &Name, encoding: Encoding, place: Place, constants: &Constants<'_>) {
        let value = match name {
            // The plan has checked that every variable is known in every phase that uses it.
            Name::Variable(name) => constants.variables.get(name).cloned().unwrap_or(Value::Null),
            Name::Phase => Value::from(constants.phase),
            Name::RunUid => Value::from(constants.run_uid),
            Name::Iterations => Value::from(constants.iterations),
            Name::Data { feeder, field } => {
                let column = constants.column(*feeder, field);
                return self.0.push(Piece::Cell(*feeder, column, encoding, place));
            }
            Name::Level => constants.level.clone(),
            slot => return self.0.push(Piece::Slot(slot.clone(), encoding, place)),
        };
        // The plan has refused constants that don't fit their place.
        self.text(&encoding.written(&value));
    }

    pub(super) fn append(&mut self, other: Pieces) {
        for piece in other.0 {
            match piece {
                Piece::Fixed(bytes) => self.bytes(&bytes),
                slot @ (Piece::Slot(..) | Piece::Cell(..) | Piece::Without(..) | Piece::Authorization) => {
                    self.0.push(slot);
                }
            }
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            Some(Piece::Fixed(last)) => last.extend_from_slice(bytes),
            _ => self.0.push(Piece::Fixed(bytes.to_vec())),
        }
    }

    /// The bytes, where there are no slots.
    pub(super) fn as_fixed(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [] => Some(b""),
            [Piece::Fixed(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// Appends the text to `out`.
    pub(super) fn render(&self, filling: &mut Filling<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for piece in &self.0 {
            match piece {
                Piece::Fixed(bytes) => out.extend_from_slice(bytes),
                Piece::Authorization => out.extend_from_slice(filling.authorization),
                Piece::Slot(name, encoding, place) => {
                    let before = out.len();
                    filling.write(name, *encoding, out)?;
                    if !place.holds(&out[before..]) {
                        return Err(Unfit);
                    }
                }
                Piece::Cell(feeder, column, encoding, place) => {
                    let value = filling.rows.cell(*feeder, *column).ok_or(Unfit)?;
                    let written = encoding.written(value);
                    if !place.holds(written.as_bytes()) {
                        return Err(Unfit);
                    }
                    out.extend_from_slice(written.as_bytes());
                }
                Piece::Without(boundary, pieces) => {
                    let before = out.len();
                    pieces.render(filling, out)?;
                    if boundary.find(&out[before..]).is_some() {
                        return Err(Unfit);
                    }
                }
            }
        }
        Ok(())
    }
}

impl Filling<'_> {
    fn write(&mut self, name: &Name, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), Unfit> {
        match name {
            Name::User => put(out, format_args!("{}", self.user)),
            Name::Iteration => put(out, format_args!("{}", self.iteration)),
            Name::Index => put(out, format_args!("{}", self.index)),
            Name::Round => put(out, format_args!("{}", self.round)),
            Name::Now => put(out, format_args!("{}", (self.unix_millis)())),
            Name::Random(least, most) => {
                put(out, format_args!("{}", self.draws.whole_between(*least, *most)));
            }
            Name::Uuid => {
                let uuid = self.draws.uuid();
                match encoding {
                    Encoding::JsonValue => put(out, format_args!("\"{uuid}\"")),
                    Encoding::Raw | Encoding::Percent | Encoding::JsonText | Encoding::Quoted => {
                        put(out, format_args!("{uuid}"));
                    }
                }
            }
            Name::Extracted(slot) => {
                let value = self.slots.get(*slot).and_then(Option::as_ref).ok_or(Unfit)?;
                out.extend_from_slice(encoding.written(value).as_bytes());
            }
            Name::Variable(_)
            | Name::Data { .. }
            | Name::Phase
            | Name::RunUid
            | Name::Iterations
            | Name::Level => {
                unreachable!(
                    "constants were filled in, and rows got pieces of their own, when the phase was made ready"
                )
            }
        }
        Ok(())
    }
}

impl Place {
    /// Whether `bytes` can stand here without breaking out.
    fn holds(self, bytes: &[u8]) -> bool {
        match self {
            Place::Anywhere => true,
            Place::Header => !bytes.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'),
            Place::Path => bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#'),
        }
    }
}

/// Writes into memory, which can't fail.
pub(super) fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}
