//! Reads a short text from left to right, and says at which character it stopped making sense.

use std::fmt;

/// A text that could not be read: what is wrong, and at which character.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Misread {
    /// The whole text as it was given.
    pub text: String,
    /// The character that is wrong, counted from 0; the length of the text when something is missing at its end.
    pub at: usize,
    /// What is wrong and what was expected, with an example.
    pub message: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}, character {}: {}", self.text, self.at + 1, self.message)
    }
}

impl Misread {
    /// Two lines: the text behind its label, and a caret under the character with the message.
    ///
    /// ```text
    /// latency.p95: "< 100mss"
    ///                    ^ unknown unit "mss", expected us, ms, s, m or h
    /// ```
    #[must_use]
    pub fn under(&self, label: &str) -> String {
        // A control character would take no column, or break the line.
        let text: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let indent = label.chars().count() + ": \"".len() + self.at;
        format!("{label}: \"{text}\"\n{:indent$}^ {}", "", self.message)
    }
}

/// A place in a text that is being read.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    byte: usize,
}

impl<'a> Cursor<'a> {
    /// At the first character that is no space.
    pub(super) fn new(text: &'a str) -> Self {
        let mut cursor = Self { text, byte: 0 };
        cursor.skip_spaces();
        cursor
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.byte..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Steps over `expected` if it comes next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.byte += expected.len();
        }
        found
    }

    /// Steps over the characters for which `belongs` holds, and gives them.
    pub(super) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !belongs(c)).unwrap_or(rest.len())];
        self.byte += taken.len();
        taken
    }

    /// A fault at this place.
    pub(super) fn fault(&self, message: impl Into<String>) -> Misread {
        let at = self.text[..self.byte].chars().count();
        Misread { text: self.text.to_owned(), at, message: message.into() }
    }

    /// Refuses anything but spaces from here on.
    pub(super) fn expect_end(&mut self, expected: &str) -> Result<(), Misread> {
        self.skip_spaces();
        match self.rest() {
            "" => Ok(()),
            rest => Err(self.fault(format!("unexpected {rest:?}, expected {expected}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, at: usize, expected: &str) {
        let misread = Misread { text: text.into(), at, message: "here".into() };
        assert_eq!(misread.under("rate"), expected);
    }

    #[test]
    fn the_caret_stands_under_the_character() {
        check("10x", 2, "rate: \"10x\"\n         ^ here");
        check("µµx", 2, "rate: \"µµx\"\n         ^ here");
        check("1\n2", 2, "rate: \"1 2\"\n         ^ here");
        check("", 0, "rate: \"\"\n       ^ here");
    }

    #[test]
    fn one_line_counts_characters_from_one() {
        let misread = Cursor::new("  x").fault("here");
        assert_eq!(misread.to_string(), "\"  x\", character 3: here");
    }
}
