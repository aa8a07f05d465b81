//! Decides once the load has begun: it goes on until all workers are through, or until something ends it.

use std::time::Duration;

use super::{Decision, Ending, PATIENCE, deadlines, wants_abort};
use crate::api::LoadTest;
use crate::operator::seen::{Seen, SeenRun, SeenSession};

/// Why the load of an object ends that is going.
pub const DELETED: &str = "the LoadTest was deleted";
/// How long an abort may take to reach all workers before the run is judged without them.
const ABORT_LIMIT: Duration = Duration::from_secs(30);
/// How long it may take where none of those who are missing has been heard since: only the end of their pods reaches them,
/// and their load must not go on for longer than ten seconds.
const ABORT_LIMIT_UNHEARD: Duration = Duration::from_secs(6);

/// The load has begun, or may have: it is never begun again.
pub(super) fn begun(seen: &Seen, children: &SeenRun) -> Decision {
    let Some(session) = &children.session else {
        let line = "its frozen spec or its record was taken away, and with it what its workers measured";
        return Decision::Judge(Ending::Broken("RunLost", line.to_owned()));
    };
    let cause = cause(seen, children, session);
    match (session.view.finished, session.aborted_for, cause) {
        (true, None, Some(lost @ Ending::Broken("WorkersLost", _))) if session.view.lost > 0 => {
            Decision::Judge(lost)
        }
        // A load that was through before anything ended it came to its planned end.
        (true, None, _) => Decision::Judge(Ending::Planned),
        (true, Some(_), cause) => Decision::Judge(ending(session, cause)),
        (false, Some(since), cause) if is_beyond_reach(since, session.view.unheard) => {
            Decision::Judge(ending(session, cause))
        }
        (false, None, Some(cause)) => Decision::Abort(cause.line().unwrap_or_default().to_owned()),
        (false, Some(_), _) | (false, None, None) => Decision::Watch,
    }
}

/// Whether those who aren't through so long after the word are waited for no longer.
fn is_beyond_reach(since: Duration, unheard: Duration) -> bool {
    since >= if unheard >= since { ABORT_LIMIT_UNHEARD } else { ABORT_LIMIT }
}

/// What ends the load before its plan does. It is read from what is seen and not kept, so that another process comes
/// to the same.
fn cause(seen: &Seen, children: &SeenRun, session: &SeenSession) -> Option<Ending> {
    let lost = || {
        let line = "the workers' Job was taken away";
        children.job.ours().is_none().then(|| Ending::Broken("WorkersLost", line.to_owned()))
    };
    aborted(&seen.test).or_else(lost).or_else(|| late(deadlines(seen, children).run, session))
}

fn aborted(test: &LoadTest) -> Option<Ending> {
    wants_abort(test).then(|| Ending::Aborted("spec.abort was set".to_owned()))
}

fn late(deadline: Duration, session: &SeenSession) -> Option<Ending> {
    let line = || format!("spec.deadlines.run: the load wasn't through after {} s", deadline.as_secs());
    session.load.is_beyond(deadline, PATIENCE).then(|| Ending::Broken("RunDeadlineExceeded", line()))
}

/// Why a load that is on is to end, as far as that can be said without a look at what there is of its run.
#[must_use]
pub fn word_to_end(test: &LoadTest, deadline: Duration, session: &SeenSession) -> Option<String> {
    if !session.has_begun || session.view.finished || session.aborted_for.is_some() {
        return None;
    }
    if test.metadata.deletion_timestamp.is_some() {
        return Some(DELETED.to_owned());
    }
    let ending = aborted(test).or_else(|| late(deadline, session))?;
    ending.line().map(str::to_owned)
}

/// Where what ended the load is gone again, the session still knows that it was.
fn ending(session: &SeenSession, cause: Option<Ending>) -> Ending {
    let told = || session.view.aborted.clone().unwrap_or_else(|| "the load was ended".to_owned());
    cause.unwrap_or_else(|| Ending::Aborted(told()))
}
