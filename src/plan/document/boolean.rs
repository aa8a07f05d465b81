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

use crate::plan::fault::Fault;

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
    block: Option<Block>,
    /// A plain scalar that may go on in the next line, with the line it began in.
    plain: Option<(String, usize)>,
    faults: Vec<Fault>,
}

/// A block scalar: its lines are indented by more than `parent`.
struct Block {
    parent: i64,
}

impl Walk {
    fn line(&mut self, line: &str, number: usize) {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(block) = &self.block {
            if line.trim().is_empty() || i64::try_from(indent).unwrap_or(i64::MAX) > block.parent {
                return;
            }
            self.block = None;
        }
        if self.flow == 0 && self.quote.is_none() && (line.starts_with("---") || line.starts_with("...")) {
            self.end_plain();
            return self.tokens(line, 3, -1, number);
        }
        self.tokens(line, 0, -1, number);
    }

    /// Walks a line from byte `at`; `parent` is the column of the innermost key or dash that began in it.
    fn tokens(&mut self, line: &str, mut at: usize, mut parent: i64, number: usize) {
        if self.quote.is_some() {
            at = self.quoted(line, at);
        }
        while let Some(next) = line[at..].chars().next() {
            let rest = &line[at..];
            let is_spaced = at == 0 || line[..at].ends_with([' ', '\t']);
            let ends = |c: char| rest[c.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
            match next {
                ' ' | '\t' => at += 1,
                '#' if is_spaced => return self.end_plain(),
                '"' | '\'' => {
                    self.end_plain();
                    parent = self.key_column(at, parent);
                    self.quote = Some(next);
                    at = self.quoted(line, at + 1);
                }
                '[' | '{' => {
                    self.end_plain();
                    self.flow += 1;
                    at += 1;
                }
                ']' | '}' | ',' if self.flow > 0 => {
                    self.end_plain();
                    self.flow = if next == ',' { self.flow } else { self.flow - 1 };
                    at += 1;
                }
                '-' | '?' if ends(next) && self.flow == 0 => {
                    self.end_plain();
                    parent = i64::try_from(at).unwrap_or(i64::MAX);
                    at += 1;
                }
                ':' if ends(next) || self.flow > 0 => {
                    self.end_plain();
                    at += 1;
                }
                '|' | '>' if self.flow == 0 => {
                    self.end_plain();
                    self.block = Some(Block { parent });
                    return;
                }
                '&' | '*' | '!' => {
                    self.end_plain();
                    at += rest.find(|c: char| c.is_whitespace() || ",]}".contains(c)).unwrap_or(rest.len());
                }
                _ => {
                    let plain = plain_scalar(rest, self.flow > 0);
                    let is_key = rest[plain.len()..].trim_start().starts_with(':');
                    if is_key {
                        self.end_plain();
                        parent = self.key_column(at, parent);
                    }
                    self.collect(plain.trim_end(), number);
                    at += plain.len();
                }
            }
        }
    }

    /// A key's column is what a block scalar behind it must be indented beyond.
    fn key_column(&self, at: usize, parent: i64) -> i64 {
        if self.flow == 0 { i64::try_from(at).unwrap_or(i64::MAX) } else { parent }
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
            let message = format!("`{text}` without quotes is a boolean to kubectl and a text to us; write \"{text}\", or true or false");
            self.faults.push(Fault::new(format!("line {line}"), message));
        }
    }
}

/// The plain scalar that `rest` begins with.
fn plain_scalar(rest: &str, in_flow: bool) -> &str {
    let mut before = ' ';
    for (place, c) in rest.char_indices() {
        let ends_key = c == ':' && rest[place + 1..].chars().next().is_none_or(|next| {
            next.is_whitespace() || (in_flow && ",[]{}".contains(next))
        });
        let is_comment = c == '#' && before.is_whitespace() && place > 0;
        if ends_key || is_comment || (in_flow && ",[]{}".contains(c)) {
            return &rest[..place];
        }
        before = c;
    }
    rest
}

/// YAML 1.1 knows each word in three cases: on, On, ON.
fn is_case_of(text: &str, word: &str) -> bool {
    let capitalised = word[..1].to_uppercase() + &word[1..];
    text == word || text == word.to_uppercase() || text == capitalised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, words: &[(usize, &str)]) {
        let want: Vec<(String, String)> =
            words.iter().map(|(line, word)| (format!("line {line}"), format!("`{word}`"))).collect();
        let found = look_alikes(text);
        let found: Vec<(String, String)> = found
            .into_iter()
            .map(|fault| (fault.path, fault.message.split(' ').next().unwrap_or_default().to_owned()))
            .collect();
        assert_eq!(found, want, "{text}");
    }

    #[test]
    fn a_word_without_quotes_is_found_wherever_it_stands() {
        check("cached: on", &[(1, "on")]);
        check("a:\n  b: Yes # sure", &[(2, "Yes")]);
        check("- off\n- \"off\"\n- 'no'\n- NO", &[(1, "off"), (4, "NO")]);
        check("{a: y, b: [n, on,off], c: x}", &[(1, "y"), (1, "n"), (1, "on"), (1, "off")]);
        check("y: 1\n\"n\": 2", &[(1, "y")]);
        check("a:\n  off", &[(2, "off")]);
        check("a: &anchor yes\nb: *anchor\nc: !!str no", &[(1, "yes"), (3, "no")]);
        check("--- on", &[(1, "on")]);
    }

    #[test]
    fn a_word_within_a_text_is_no_boolean() {
        check("a: \"on\"\nb: 'it''s on'\nc: \"say \\\" on\"", &[]);
        check("a: on and off\nb: yes, please\nc: x:on\nd: a#no", &[]);
        check("a: oN\nb: onn\nc: nO", &[]);
        check("# on\na: 1 # off\n#no: yes", &[]);
        check("a: foo\n  on\nb: on\n  the go", &[]);
        check("a: \"first\n  on\n  no\"\nb: off", &[(4, "off")]);
        check("url: http://on\npath: /v1/on", &[]);
    }

    #[test]
    fn a_block_scalar_is_a_text() {
        check("a: |\n  on\n  no\nb: off", &[(4, "off")]);
        check("a: >-\n\n  on\n\nb: 1", &[]);
        check("- a: |\n    on\n  b: yes", &[(3, "yes")]);
        check("- |\n on\n- off", &[(3, "off")]);
        check("a: | # a comment\n   on\n", &[]);
    }
}
