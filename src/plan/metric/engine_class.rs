//! The ways in which requests fail, besides a status, and what specs call them.

use std::fmt;

use super::ErrorSelector;
use crate::plan::model::StatusPattern;

/// The ways in which requests fail, besides a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`metrics::ErrorClass` says what each is")]
pub enum EngineClass {
    Connect,
    Tls,
    Timeout,
    Reset,
    Stale,
    Protocol,
    Redirects,
    BodyLimit,
    Check,
    Exhausted,
    Unsent,
}

impl EngineClass {
    /// All of them.
    pub const ALL: [EngineClass; 11] = [
        EngineClass::Connect,
        EngineClass::Tls,
        EngineClass::Timeout,
        EngineClass::Reset,
        EngineClass::Stale,
        EngineClass::Protocol,
        EngineClass::Redirects,
        EngineClass::BodyLimit,
        EngineClass::Check,
        EngineClass::Exhausted,
        EngineClass::Unsent,
    ];

    /// Its name in `errors(…)`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EngineClass::Connect => "connect",
            EngineClass::Tls => "tls",
            EngineClass::Timeout => "timeout",
            EngineClass::Reset => "reset",
            EngineClass::Stale => "stale",
            EngineClass::Protocol => "protocol",
            EngineClass::Redirects => "redirects",
            EngineClass::BodyLimit => "body_limit",
            EngineClass::Check => "check",
            EngineClass::Exhausted => "exhausted",
            EngineClass::Unsent => "unsent",
        }
    }
}

impl fmt::Display for EngineClass {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl ErrorSelector {
    /// What `errors(name)` counts: names of the engine's and statuses come before those that a spec declares.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let of_engine = EngineClass::ALL.into_iter().find(|class| class.name() == name);
        match (of_engine, StatusPattern::parse(name)) {
            (Some(class), _) => ErrorSelector::Class(class),
            (None, Some(pattern)) => ErrorSelector::Status(pattern),
            (None, None) => ErrorSelector::Declared(name.to_owned()),
        }
    }
}
