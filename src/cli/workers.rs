//! Sees the workers of this process through to their end: what is told of one that fails, and that the others stop.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use crate::ingest::SharedSession;
use crate::worker::WorkerError;

/// How often the run is looked at while it goes.
const GLANCE: Duration = Duration::from_millis(500);

/// The workers under way.
#[derive(Default)]
pub(super) struct Workers {
    tasks: JoinSet<Result<(), WorkerError>>,
    /// Which worker a task is.
    numbers: HashMap<Id, u32>,
}

/// How it went.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ending {
    /// Why the run was aborted from outside, if it was.
    pub(super) aborted: Option<&'static str>,
    /// Why it couldn't go on, if it couldn't: the first fault of a worker.
    pub(super) failed: Option<String>,
}

impl Workers {
    /// Starts worker number `number`.
    pub(super) fn spawn(
        &mut self,
        number: u32,
        work: impl Future<Output = Result<(), WorkerError>> + Send + 'static,
    ) {
        let task = self.tasks.spawn(work);
        self.numbers.insert(task.id(), number);
    }

    /// Waits until all have ended; `observe` is called twice a second, and `abort` ends them early. One that fails
    /// ends the run: what the others would still measure is another load than the one that was planned.
    pub(super) async fn ended(
        mut self,
        session: &SharedSession,
        abort: impl Future<Output = &'static str>,
        mut observe: impl FnMut(&SharedSession),
    ) -> Ending {
        tokio::pin!(abort);
        let mut ending = Ending::default();
        let mut glances = tokio::time::interval(GLANCE);
        loop {
            tokio::select! {
                ended = self.tasks.join_next_with_id() => match ended {
                    None => return ending,
                    Some(Ok((_, Ok(())))) => {}
                    Some(Ok((task, Err(fault)))) => self.failed(task, &fault, session, &mut ending),
                    Some(Err(panic)) => self.failed(panic.id(), &Panic(&panic), session, &mut ending),
                },
                _ = glances.tick() => observe(session),
                reason = &mut abort, if ending.aborted.is_none() => {
                    ending.aborted = Some(reason);
                    session.abort(reason);
                }
            }
        }
    }

    fn failed(&self, task: Id, fault: &dyn fmt::Display, session: &SharedSession, ending: &mut Ending) {
        let number = self.numbers.get(&task).copied().unwrap_or_default();
        let reason = format!("worker {number} failed: {fault}");
        tracing::warn!(worker = number, "{reason}");
        session.lose(number);
        session.abort(&reason);
        ending.failed.get_or_insert(reason);
    }
}

/// What is to be said of a panic, which has been told where it happened.
struct Panic<'a>(&'a JoinError);

impl fmt::Display for Panic<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_panic() { "it panicked" } else { "it was cancelled" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Refusal, Session, Unreachable};

    /// A session of two workers that nobody has come to.
    fn session() -> SharedSession {
        let text = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: tiny}
spec:
  target: {baseUrl: "http://127.0.0.1:8080"}
  scenarios: [{name: visit, steps: [{name: get, request: {path: /}}]}]
  phases: [{name: steady, load: {burst: {iterations: 5}}}]
"#;
        let changes = crate::cli::options::Changes { workers: Some(2), ..Default::default() };
        SharedSession::new(Session::new(&crate::cli::load::check(text, &changes).unwrap().plan, 1))
    }

    type Work = fn() -> Result<(), WorkerError>;

    #[track_caller]
    fn check(works: [Work; 2], aborts: bool, want: &Ending, lost: u32) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let session = session();
        let ending = runtime.block_on(async {
            let mut workers = Workers::default();
            for (number, work) in (0..).zip(works) {
                workers.spawn(number, async move { work() });
            }
            let abort = async { if aborts { "interrupted" } else { std::future::pending().await } };
            workers.ended(&session, abort, |_| {}).await
        });
        assert_eq!((&ending, session.view().lost), (want, lost));
    }

    fn refused() -> Result<(), WorkerError> {
        Err(Unreachable::Refused(Refusal::TooLate).into())
    }

    #[test]
    fn a_worker_that_fails_or_panics_is_told_and_nobody_aborted_the_run() {
        let fine: Work = || Ok(());
        check([fine, fine], false, &Ending::default(), 0);
        let failed = |reason: &str| Ending { failed: Some(reason.to_owned()), aborted: None };
        let late = "worker 1 failed: the run has begun; no worker is admitted any more";
        check([fine, refused], false, &failed(late), 1);
        check([fine, || panic!("for the test")], false, &failed("worker 1 failed: it panicked"), 1);
    }

    #[test]
    fn an_abort_is_no_failure() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let session = session();
        let ending = runtime.block_on(async {
            let mut workers = Workers::default();
            let heard = session.clone();
            workers.spawn(0, async move {
                while heard.view().aborted.is_none() {
                    tokio::task::yield_now().await;
                }
                Ok(())
            });
            workers.ended(&session, async { "interrupted" }, |_| {}).await
        });
        assert_eq!(ending, Ending { aborted: Some("interrupted"), failed: None });
    }
}
