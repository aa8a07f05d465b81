//! How a run came to its end.

/// How a run came to its end. A word is one in `CamelCase`, for conditions; a line is for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// As its plan said.
    #[default]
    Planned,
    /// A person wanted it so.
    Aborted(String),
    /// Its load never began.
    NotStarted(&'static str, String),
    /// It couldn't go on.
    Broken(&'static str, String),
}

impl Ending {
    /// The word of an end that neither its plan nor a person brought about.
    #[must_use]
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Ending::Planned | Ending::Aborted(_) => None,
            Ending::NotStarted(word, _) | Ending::Broken(word, _) => Some(word),
        }
    }

    /// Why; none: its plan said so.
    #[must_use]
    pub fn line(&self) -> Option<&str> {
        match self {
            Ending::Planned => None,
            Ending::Aborted(line) | Ending::NotStarted(_, line) | Ending::Broken(_, line) => Some(line),
        }
    }
}
