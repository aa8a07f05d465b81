//! What is known of a run when it is over, whether any load was sent or not.

use jiff::Timestamp;

use super::local::{NotStarted, Outcome};
use crate::metrics::Aggregate;
use crate::plan::Plan;
use crate::report::RunFacts;
use crate::verdict::Circumstances;

/// What is known of a run when it is over.
pub(super) struct Ended {
    /// What was measured.
    pub(super) aggregate: Aggregate,
    /// What the figures don't tell, as far as the run itself knows it.
    pub(super) facts: RunFacts,
}

impl Ended {
    /// Of a run whose workers were started.
    pub(super) fn of_outcome(outcome: Outcome, started_at: Timestamp) -> Self {
        let Outcome { aggregate, view, aborted, failed } = outcome;
        let has_begun = aggregate.phases.iter().any(|phase| phase.started_micros.is_some());
        let (failed, not_started) = if has_begun { (failed, None) } else { (None, failed) };
        let facts = RunFacts {
            started_at: has_begun.then_some(started_at),
            finished_at: Timestamp::now(),
            workers_desired: view.desired,
            workers_ready: view.admitted,
            clocks_off: view.clocks_off,
            circumstances: Circumstances {
                aborted: aborted.map(str::to_owned),
                failed,
                workers_lost: view.lost,
                lost_because: None,
                not_started,
            },
            ..RunFacts::default()
        };
        Ended { aggregate, facts }
    }

    /// Of a run in which there were no workers yet.
    pub(super) fn before_the_load(plan: &Plan, reason: &NotStarted) -> Self {
        let circumstances = match reason {
            NotStarted::Aborted(_) => {
                Circumstances { aborted: Some(reason.to_string()), ..Circumstances::default() }
            }
            NotStarted::Tls(_)
            | NotStarted::Unreachable(_)
            | NotStarted::NoRoom(_)
            | NotStarted::Token(_)
            | NotStarted::Preflight(_) => {
                Circumstances { not_started: Some(reason.to_string()), ..Circumstances::default() }
            }
        };
        let facts = RunFacts {
            finished_at: Timestamp::now(),
            workers_desired: plan.workers,
            circumstances,
            ..RunFacts::default()
        };
        Ended { aggregate: Aggregate::new(plan.phases.len()), facts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Exit;
    use crate::ingest::SessionView;
    use crate::verdict::Verdict;

    /// How a run of two phases ends the program, of which so many began.
    #[track_caller]
    fn check(
        begun: usize,
        aborted: Option<&'static str>,
        failed: Option<&str>,
        exit: Exit,
        want: &Circumstances,
    ) {
        let mut aggregate = Aggregate::new(2);
        for phase in &mut aggregate.phases[..begun] {
            phase.started_micros = Some(0);
        }
        let view = SessionView {
            desired: 2,
            admitted: 2,
            lost: 0,
            clocks_off: 0,
            phase: None,
            finished: true,
            missing: 0,
            unheard: std::time::Duration::ZERO,
            aborted: Some("whatever the session says".to_owned()),
        };
        let outcome = Outcome { aggregate, view, aborted, failed: failed.map(str::to_owned) };
        let ended = Ended::of_outcome(outcome, Timestamp::UNIX_EPOCH);
        let circumstances = &ended.facts.circumstances;
        assert_eq!(Exit::of_run(Verdict::Inconclusive, true, circumstances), exit);
        assert_eq!(circumstances, want);
        assert_eq!(ended.facts.started_at.is_some(), begun > 0);
    }

    #[test]
    fn a_run_that_could_not_go_on_was_aborted_by_nobody() {
        let nothing = Circumstances::default;
        let some = |text: &str| Some(text.to_owned());
        check(1, None, None, Exit::Inconclusive, &nothing());
        let failed = Circumstances { failed: some("it broke"), ..nothing() };
        check(1, None, Some("it broke"), Exit::Inconclusive, &failed);
        let not_started = Circumstances { not_started: some("it broke"), ..nothing() };
        check(0, None, Some("it broke"), Exit::CouldNotRun, &not_started);
        let aborted = Circumstances { aborted: some("interrupted"), ..nothing() };
        check(1, Some("interrupted"), None, Exit::Aborted, &aborted);
    }
}
