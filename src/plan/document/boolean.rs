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

/// What begins at a place of a line.
enum Token {
    Space,
    Comment,
    Quote(char),
    Open,
    Close,
    Comma,
    /// `-`, `?`, or a `:` that begins a line.
    Indicator,
    Colon,
    Block,
    /// An anchor, alias or tag, this many bytes long.
    Property(usize),
    Plain,
}

impl Token {
    /// What begins with `rest`, behind `before` in its line.
    fn at(before: &str, rest: &str, in_flow: bool) -> Option<Self> {
        let mut chars = rest.chars();
        let next = chars.next()?;
        let is_alone = chars.next().is_none_or(char::is_whitespace);
        Some(match next {
            ' ' | '\t' => Self::Space,
            '#' if before.is_empty() || before.ends_with([' ', '\t']) => Self::Comment,
            '"' | '\'' => Self::Quote(next),
            '[' | '{' => Self::Open,
            ']' | '}' if in_flow => Self::Close,
            ',' if in_flow => Self::Comma,
            '-' | '?' if is_alone && !in_flow => Self::Indicator,
            ':' if is_alone && !in_flow && before.trim().is_empty() => Self::Indicator,
            ':' if is_alone || in_flow => Self::Colon,
            '|' | '>' if !in_flow => Self::Block,
            '&' | '*' | '!' => {
                let ends = |c: char| c.is_whitespace() || ",]}".contains(c);
                Self::Property(rest.find(ends).unwrap_or(rest.len()))
            }
            _ => Self::Plain,
        })
    }
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

/// The plain scalar that `rest` begins with.
fn plain_scalar(rest: &str, in_flow: bool) -> &str {
    let mut before = ' ';
    for (place, c) in rest.char_indices() {
        let ends_key = c == ':'
            && rest[place + 1..]
                .chars()
                .next()
                .is_none_or(|next| next.is_whitespace() || (in_flow && ",[]{}".contains(next)));
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
    use proptest::prelude::*;

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

    /// Texts of words, quotation marks, indicators and line breaks, in lists and maps.
    fn documents() -> impl Strategy<Value = serde_yaml::Value> {
        let text = proptest::collection::vec(
            prop_oneof![
                Just("on"),
                Just("no"),
                Just(" "),
                Just("\n"),
                Just("\""),
                Just("'"),
                Just("#"),
                Just(": "),
                Just("- "),
                Just("|"),
                Just(","),
                Just("]"),
                Just("é")
            ],
            0..6,
        );
        let text = text.prop_map(|pieces| serde_yaml::Value::String(pieces.concat()));
        let key = text.clone();
        text.prop_recursive(3, 12, 4, move |inner| {
            let list = proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_yaml::Value::Sequence);
            let map = proptest::collection::vec((key.clone(), inner), 0..4);
            let map = map.prop_map(|fields| serde_yaml::Value::Mapping(fields.into_iter().collect()));
            prop_oneof![list, map]
        })
    }

    /// How many texts of a document are such words, its keys included.
    fn words_in(document: &serde_yaml::Value) -> usize {
        match document {
            serde_yaml::Value::String(text) => usize::from(WORDS.contains(&text.as_str())),
            serde_yaml::Value::Sequence(items) => items.iter().map(words_in).sum(),
            serde_yaml::Value::Mapping(fields) => {
                fields.iter().map(|(key, value)| words_in(key) + words_in(value)).sum()
            }
            _ => 0,
        }
    }

    proptest! {
        /// The writer gives quotes to all that would be read otherwise, and knows nothing of these words.
        #[test]
        fn in_what_a_writer_wrote_just_these_words_are_found(document in documents()) {
            let text = serde_yaml::to_string(&document).expect("YAML");
            prop_assert_eq!(look_alikes(&text).len(), words_in(&document), "{}", text);
        }
    }
}
