//! What a line of YAML consists of, as far as plain scalars are to be told from everything else.

/// What begins at a place of a line.
pub(super) enum Token {
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
    pub(super) fn at(before: &str, rest: &str, in_flow: bool) -> Option<Self> {
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

/// The plain scalar that `rest` begins with.
pub(super) fn plain_scalar(rest: &str, in_flow: bool) -> &str {
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
