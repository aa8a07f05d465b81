//! Decides once the load has begun: it goes on until all workers are through, or until something ends it.

use std::time::Duration;

use super::{Decision, Ending, PATIENCE, deadlines, wants_abort};
use crate::operator::seen::{Seen, SeenRun, SeenSession};

/// How long an abort may take to reach all workers before the run is judged without them.
const ABORT_LIMIT: Duration = Duration::from_secs(30);

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
        (false, Some(since), cause) if since >= ABORT_LIMIT => Decision::Judge(ending(session, cause)),
        (false, None, Some(cause)) => Decision::Abort(cause.line().unwrap_or_default().to_owned()),
        (false, Some(_), _) | (false, None, None) => Decision::Watch,
    }
}

/// What ends the load before its plan does. It is read from what is seen and not kept, so that another process comes
/// to the same.
fn cause(seen: &Seen, children: &SeenRun, session: &SeenSession) -> Option<Ending> {
    let deadline = deadlines(seen, children).run;
    if wants_abort(&seen.test) {
        Some(Ending::Aborted("spec.abort was set".to_owned()))
    } else if children.job.ours().is_none() {
        Some(Ending::Broken("WorkersLost", "the workers' Job was taken away".to_owned()))
    } else if session.load.is_beyond(deadline, PATIENCE) {
        let line = format!("spec.deadlines.run: the load wasn't through after {} s", deadline.as_secs());
        Some(Ending::Broken("RunDeadlineExceeded", line))
    } else {
        None
    }
}

/// Where what ended the load is gone again, the session still knows that it was.
fn ending(session: &SeenSession, cause: Option<Ending>) -> Ending {
    let told = || session.view.aborted.clone().unwrap_or_else(|| "the load was ended".to_owned());
    cause.unwrap_or_else(|| Ending::Aborted(told()))
}
