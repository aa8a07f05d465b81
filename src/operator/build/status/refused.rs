//! The status where no run starts: what is asked for can't run, or isn't to.

use jiff::Timestamp;

use super::super::history::past_runs;
use super::{before, with_times, without};
use crate::api::{LoadTest, LoadTestStatus, Run, Verdict};
use crate::operator::decide::Refused;
use crate::operator::names;
use crate::plan::Fault;
use crate::report::conditions::{self, Told};
use crate::report::facts::rfc3339;

/// The most faults that the message tells.
const MOST_FAULTS: usize = 5;
const ABORTED: &str =
    "spec.abort was set before the run began: to run the test, unset it and name another spec.runId";

/// No run starts. What the last one said isn't said of this spec: it goes into the history. What was asked for while
/// `spec.abort` was set is a run that has ended before it began: unsetting it asks for nothing new.
#[must_use]
pub fn refused(test: &LoadTest, refused: &Refused, now: Timestamp) -> LoadTestStatus {
    let (phase, verdict, message) = match refused {
        Refused::Invalid(faults) => ("Invalid", None, of_faults(faults)),
        Refused::Aborted(_) => ("Aborted", Some(Verdict::Inconclusive), ABORTED.to_owned()),
    };
    let (run, history) = match refused {
        Refused::Invalid(_) => (before(test).run, past_runs(test)),
        Refused::Aborted(run_hash) => {
            let run = never_begun(test, run_hash, now);
            (Some(run.clone()), without(past_runs(test), &run))
        }
    };
    let generation = test.metadata.generation;
    let told = Told { generation, since: now, reason: phase, message: &message };
    LoadTestStatus {
        phase: Some(phase.to_owned()),
        verdict,
        observed_generation: generation,
        conditions: with_times(test, conditions::ended(true, &told)),
        message: Some(message),
        run,
        history,
        ..LoadTestStatus::default()
    }
}

/// The run that is asked for, which ends before anything is made of it. Its number is that of the last one, where
/// nothing was made of that either.
fn never_begun(test: &LoadTest, run_hash: &str, now: Timestamp) -> Run {
    let LoadTestStatus { run: last, phase, compliance, .. } = before(test);
    let was_refused = phase.as_deref() == Some("Aborted") && compliance.is_none();
    let is_only_numbered =
        |last: &Run| last.finished_at.is_none() || (was_refused && last.started_at.is_none());
    let number = last.map_or(1, |last| last.number + u64::from(!is_only_numbered(&last)));
    Run {
        number,
        uid: names::run_uid(test.metadata.uid.as_deref().unwrap_or_default(), number),
        run_hash: run_hash.to_owned(),
        run_id: test.spec.run_id.clone(),
        started_at: None,
        finished_at: Some(rfc3339(now)),
    }
}

fn of_faults(faults: &[Fault]) -> String {
    let told: Vec<String> = faults.iter().take(MOST_FAULTS).map(ToString::to_string).collect();
    match faults.len().saturating_sub(MOST_FAULTS) {
        0 => told.join("; "),
        more => format!("{}; and {more} more", told.join("; ")),
    }
}
