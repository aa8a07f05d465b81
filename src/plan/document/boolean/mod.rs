//! Finds words without quotes that kubectl reads as booleans and we as texts: on, off, yes, no, y, n.
//!
//! YAML 1.1 and 1.2 differ on them, and a parser only tells what it made of a word, not whether it stood in quotes.
//! So the text itself is walked, just far enough to know plain scalars from everything else:
//!
//! ```text
//! line ──▶ within a block scalar? ─yes─▶ skip the line
//!   │no
//!   ▼ token: quoted │ # comment │ | or > block scalar │ & * ! anchors │ - ? : [ ] { } , │ plain ─▶ collect
//! ```

#[cfg(test)]
mod tests;
mod token;

use crate::plan::fault::Fault;
use token::{Token, plain_scalar};

const WORDS: [&str; 6] = ["on", "off", "yes", "no", "y", "n"];

/// A fault for each such word.
pub(super) fn look_alikes(text: &str) -> Vec<Fault> {
    let mut walk = Walk::default();
    for (number, line) in text.lines().enumerate() {
        walk.line(line, number + 1);
    }
    walk.end_plain();
    walk.faults
}

#[derive(Default)]
struct Walk {
    /// How many `[` and `{` are open.
    flow: u32,
    /// The quotation mark of a text that goes on behind the line's end.
    quote: Option<char>,
    /// The column of the innermost key or dash that began in this line: a block scalar behind it is indented more.
    parent: Option<usize>,
    block: Option<Block>,
    /// A plain scalar that may go on in the next line, with the line it began in.
    plain: Option<(String, usize)>,
    faults: Vec<Fault>,
}

/// A block scalar goes on while its lines are indented beyond this column; at the document's own level there is none.
struct Block {
    parent: Option<usize>,
}

impl Walk {
    fn line(&mut self, line: &str, number: usize) {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(Block { parent }) = self.block {
            let is_within = parent.is_none_or(|parent| indent > parent);
            if line.trim().is_empty() || is_within {
                return;
            }
            self.block = None;
        }
        let is_marker =
            self.flow == 0 && self.quote.is_none() && (line.starts_with("---") || line.starts_with("..."));
        let mut at = match (is_marker, self.quote) {
            (true, _) => {
                self.end_plain();
                "---".len()
            }
            (false, Some(_)) => self.quoted(line, 0),
            (false, None) => 0,
        };
        self.parent = None;
        while let Some(token) = Token::at(&line[..at], &line[at..], self.flow > 0) {
            at = self.token(&token, line, at, number);
        }
    }

    /// The byte behind the token that begins at `at`.
    fn token(&mut self, token: &Token, line: &str, at: usize, number: usize) -> usize {
        if !matches!(token, Token::Space | Token::Plain) {
            self.end_plain();
        }
        match token {
            Token::Space | Token::Comma | Token::Colon => at + 1,
            Token::Comment => line.len(),
            Token::Quote(mark) => {
                self.begin_key(at);
                self.quote = Some(*mark);
                self.quoted(line, at + 1)
            }
            Token::Open => {
                self.flow += 1;
                at + 1
            }
            Token::Close => {
                self.flow -= 1;
                at + 1
            }
            Token::Indicator => {
                self.parent = Some(at);
                at + 1
            }
            Token::Block => {
                self.block = Some(Block { parent: self.parent });
                line.len()
            }
            Token::Property(length) => at + length,
            Token::Plain => self.plain_token(line, at, number),
        }
    }

    fn plain_token(&mut self, line: &str, at: usize, number: usize) -> usize {
        let rest = &line[at..];
        let plain = plain_scalar(rest, self.flow > 0);
        if rest[plain.len()..].starts_with(':') {
            self.end_plain();
            self.begin_key(at);
        }
        self.collect(plain.trim_end(), number);
        at + plain.len()
    }

    fn begin_key(&mut self, at: usize) {
        if self.flow == 0 {
            self.parent = Some(at);
        }
    }

    /// The byte behind the closing mark, or the line's end when it isn't in this line.
    fn quoted(&mut self, line: &str, at: usize) -> usize {
        let mut chars = line[at..].char_indices().peekable();
        while let Some((place, c)) = chars.next() {
            match (c, self.quote) {
                ('\\', Some('"')) => _ = chars.next(),
                ('\'', Some('\'')) if chars.peek().is_some_and(|(_, next)| *next == '\'') => _ = chars.next(),
                (c, Some(mark)) if c == mark => {
                    self.quote = None;
                    return at + place + 1;
                }
                _ => {}
            }
        }
        line.len()
    }

    /// A plain scalar goes on where nothing but a line's end was in between.
    fn collect(&mut self, text: &str, number: usize) {
        match &mut self.plain {
            Some((begun, _)) => {
                begun.push(' ');
                begun.push_str(text);
            }
            None => self.plain = Some((text.to_owned(), number)),
        }
    }

    fn end_plain(&mut self) {
        let Some((text, line)) = self.plain.take() else {
            return;
        };
        if WORDS.iter().any(|word| is_case_of(&text, word)) {
            let message = format!(
                "`{text}` without quotes is a boolean to kubectl and a text to us; write \"{text}\", or true or false"
            );
            self.faults.push(Fault::new(format!("line {line}"), message));
        }
    }
}

/// YAML 1.1 knows each word in three cases: on, On, ON.
fn is_case_of(text: &str, word: &str) -> bool {
    let capitalised = word[..1].to_uppercase() + &word[1..];
    text == word || text == word.to_uppercase() || text == capitalised
}
