//! How the program ends: exit codes are a contract with pipelines.

use std::process::ExitCode;

use crate::report::escape::printable;
use crate::verdict::{Circumstances, Verdict};

/// The exit codes, for the help text.
pub(super) const HELP: &str =
    "Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 usage or invalid file, 4 could not run, 130 aborted.";

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The gate is open, or what was asked for is done.
    Pass = 0,
    /// The gate is closed by the verdict.
    Fail = 1,
    /// The run cannot tell.
    Inconclusive = 2,
    /// What was typed, or a file, is wrong.
    Invalid = 3,
    /// The run couldn't begin or go on.
    CouldNotRun = 4,
    /// Stopped from outside; what was measured is kept.
    Aborted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// How a run ends the program.
    #[must_use]
    pub fn of_run(verdict: Verdict, gate_closed: bool, circumstances: &Circumstances) -> Self {
        match verdict {
            _ if circumstances.aborted.is_some() => Exit::Aborted,
            _ if circumstances.not_started.is_some() => Exit::CouldNotRun,
            Verdict::Inconclusive => Exit::Inconclusive,
            Verdict::Pass | Verdict::Warning | Verdict::Fail if gate_closed => Exit::Fail,
            Verdict::Pass | Verdict::Warning | Verdict::Fail => Exit::Pass,
        }
    }
}

/// What was typed, or a file, is wrong: one line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Refused(pub Vec<String>);

impl Refused {
    /// A single thing that is wrong.
    pub fn one(line: impl Into<String>) -> Self {
        Refused(vec![line.into()])
    }
}

/// Tells why the program couldn't do what was asked.
pub(super) fn told(error: &anyhow::Error) -> Exit {
    if let Some(Refused(lines)) = error.downcast_ref() {
        for line in lines {
            eprintln!("{}", printable(line));
        }
        Exit::Invalid
    } else {
        eprintln!("error: {}", printable(&whole(error)));
        Exit::CouldNotRun
    }
}

/// The error with its causes, but those that it has told itself.
fn whole(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        told if told.contains(&cause) => text,
        told => format!("{told}: {cause}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_by_its_gate_unless_it_cannot_tell_or_was_stopped() {
        let nothing = Circumstances::default;
        let aborted = Circumstances { aborted: Some("interrupted".to_owned()), ..nothing() };
        let not_started = Circumstances { not_started: Some("preflight".to_owned()), ..nothing() };
        for (verdict, gate_closed, circumstances, want) in [
            (Verdict::Pass, false, nothing(), Exit::Pass),
            (Verdict::Warning, false, nothing(), Exit::Pass),
            (Verdict::Warning, true, nothing(), Exit::Fail),
            (Verdict::Fail, true, nothing(), Exit::Fail),
            (Verdict::Inconclusive, true, nothing(), Exit::Inconclusive),
            (Verdict::Inconclusive, true, aborted, Exit::Aborted),
            (Verdict::Inconclusive, true, not_started, Exit::CouldNotRun),
        ] {
            assert_eq!(Exit::of_run(verdict, gate_closed, &circumstances), want, "{verdict:?}");
        }
    }

    #[test]
    fn a_cause_is_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the door is shut: {0}")]
        struct Told(#[source] std::io::Error);
        #[derive(Debug, thiserror::Error)]
        #[error("the door is shut")]
        struct Silent(#[source] std::io::Error);
        let cause = || std::io::Error::other("locked");
        assert_eq!(whole(&Told(cause()).into()), "the door is shut: locked");
        assert_eq!(whole(&Silent(cause()).into()), "the door is shut: locked");
        let below = anyhow::Error::from(Silent(cause())).context("can't go in");
        assert_eq!(whole(&below), "can't go in: the door is shut: locked");
    }
}
