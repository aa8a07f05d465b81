//! How the program ends: exit codes are a contract with pipelines.

use std::process::ExitCode;

use crate::report::escape::printable;
use crate::verdict::Verdict;

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
    pub fn of_run(verdict: Verdict, gate_closed: bool, aborted: bool) -> Self {
        match verdict {
            _ if aborted => Exit::Aborted,
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
        eprintln!("error: {}", printable(&format!("{error:#}")));
        Exit::CouldNotRun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_by_its_gate_unless_it_cannot_tell_or_was_stopped() {
        for (verdict, gate_closed, aborted, want) in [
            (Verdict::Pass, false, false, Exit::Pass),
            (Verdict::Warning, false, false, Exit::Pass),
            (Verdict::Warning, true, false, Exit::Fail),
            (Verdict::Fail, true, false, Exit::Fail),
            (Verdict::Inconclusive, true, false, Exit::Inconclusive),
            (Verdict::Inconclusive, true, true, Exit::Aborted),
        ] {
            assert_eq!(Exit::of_run(verdict, gate_closed, aborted), want, "{verdict:?}");
        }
    }
}
