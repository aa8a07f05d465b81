//! How a worker's process ends: whoever has started it reads from the exit code whether another try makes sense.

use super::coordinator::{Refusal, Unreachable};

/// All that it measured is safe, or it was told to stop and has told everything.
pub const DONE: u8 = 0;
/// It broke off in a way that may not come again: its share may be tried once more before the load begins.
pub const FAILED: u8 = 1;
/// The spec or the options make no sense: no worker of the run will get further.
pub const INVALID: u8 = 3;
/// The target can't be reached, there is no access token, or the preflight failed: the run can't begin.
pub const NOT_STARTED: u8 = 4;
/// Its share is another process's, or the load has begun: this share must not be tried again.
pub const FENCED: u8 = 10;
/// It was asked to stop by a signal.
pub const STOPPED: u8 = 143;

/// The exit code of a worker whose coordinator didn't take what it said.
#[must_use]
pub fn code(error: &Unreachable) -> u8 {
    match error {
        Unreachable::Refused(refusal) => code_of_refusal(refusal),
        Unreachable::TurnedAway(_) | Unreachable::Silent(_) | Unreachable::Busy(_) => FAILED,
    }
}

fn code_of_refusal(refusal: &Refusal) -> u8 {
    match refusal {
        Refusal::Protocol { .. }
        | Refusal::Plan { .. }
        | Refusal::Data { .. }
        | Refusal::NoSuchShare { .. } => INVALID,
        Refusal::Taken { .. } | Refusal::TooLate | Refusal::Unknown { .. } => FENCED,
        Refusal::Unreadable(_) => FAILED,
    }
}
