//! Makes texts from outside harmless: what a target or a file says must not move the cursor or forge a line.

use std::borrow::Cow;

/// `text` with control characters and those that turn the writing direction replaced.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        Cow::Owned(text.chars().map(|c| if is_unsafe(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The bidirectional marks can show a text in another order than it has.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_replaced() {
        for (text, want) in [
            ("plain – text", "plain – text"),
            ("\u{1b}[31mred", "\u{fffd}[31mred"),
            ("two\nlines\r", "two\u{fffd}lines\u{fffd}"),
            ("\u{9b}2J", "\u{fffd}2J"),
            ("a\u{202e}b", "a\u{fffd}b"),
        ] {
            assert_eq!(printable(text), want);
        }
    }
}
