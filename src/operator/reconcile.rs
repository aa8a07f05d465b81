//! Reconciles one test: observe, lead, decide, carry out, publish.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::controller::Action;

use super::api::CallError;
use super::build::status;
use super::carry_out::carry_out;
use super::context::Context;
use super::decide::{Decision, decide, is_complete, run_of};
use super::ends::end;
use super::judging::JudgingError;
use super::lead::lead;
use super::observe::observe;
use super::publish::{publish, write};
use super::reading::{Read, Watched, read};

/// When a run under way is looked at again, whatever happens.
const SOON: Duration = Duration::from_secs(1);
/// When a result that couldn't be stored is tried again.
const STORE_AGAIN: Duration = Duration::from_secs(15);
/// When a test at rest is looked at again, whatever happens.
const LATER: Duration = Duration::from_mins(5);
/// After what time something that failed is tried again.
pub const AGAIN: Duration = Duration::from_secs(3);
/// After what time something that another writer got in the way of is tried again.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Brings `test` one step on.
pub async fn reconcile(test: Arc<Watched>, context: Arc<Context>) -> Result<Action, JudgingError> {
    let done = bring_on(&test, &context).await;
    if let Err(error) = &done {
        context.telemetry.reconcile_failed(word(error));
    }
    done
}

async fn bring_on(test: &Watched, context: &Context) -> Result<Action, JudgingError> {
    let (namespace, name) = (test.namespace().unwrap_or_default(), test.name_any());
    // The watch may lag behind: what is decided is decided on the object as it is now.
    let read = read(context, &namespace, &name).await?;
    // Whoever took the finalizer away has let it go without a word.
    context.runs.close_others(&namespace, &name, read.as_ref().and_then(|read| read.test.uid()).as_deref());
    let Some(read) = read else { return Ok(Action::await_change()) };
    context.telemetry.api_is_reached();
    end(&context.runs, &read.test);
    let began = Instant::now();
    // Behind the end of its term this process writes nothing more.
    let Ok(done) = context.standing.guard(Box::pin(step_or_tell(context, read))).await else {
        return Ok(Action::await_change());
    };
    context.telemetry.reconciled(began.elapsed());
    context.telemetry.sessions_open(context.runs.all().len());
    done
}

async fn step_or_tell(context: &Context, read: Read) -> Result<Action, JudgingError> {
    let (namespace, name) = (read.test.namespace().unwrap_or_default(), read.test.name_any());
    let done = Box::pin(step(context, read)).await;
    if let Err(JudgingError::Call(error)) = &done
        && error.is_refused()
    {
        tell_refused(context, &namespace, &name, error).await?;
    }
    done
}

async fn step(context: &Context, read: Read) -> Result<Action, JudgingError> {
    let now = Timestamp::now();
    let mut seen = observe(context, read).await?;
    lead(context, &mut seen, now);
    let decision = decide(&seen);
    tracing::debug!(test = seen.test.name_any(), ?decision, "decided");
    let (mut test, told) = Box::pin(carry_out(context, &seen, &decision, now)).await?;
    if let Some(status) = told {
        test = publish(context, &seen.author, &test, status).await?;
    }
    let is_unstored = run_of(&test).is_some_and(|run| context.storing.is_left(&run.uid));
    Ok(Action::requeue(match decision {
        Decision::Rest if is_unstored => STORE_AGAIN,
        Decision::Rest => LATER,
        // What stands there was found to be true, and nothing is left of its run: so it rests.
        Decision::Rejudge if seen.run.is_none() && test.status == seen.test.status => LATER,
        Decision::Begin
        | Decision::Judge(_)
        | Decision::Clear
        | Decision::Refuse(_)
        | Decision::Rejudge
        | Decision::Recover(_) => AT_ONCE,
        Decision::Gather(_)
        | Decision::Start(_)
        | Decision::Watch
        | Decision::Abort(_)
        | Decision::Remove => SOON,
    }))
}

/// What the API server won't have is told where people look: on the object, as the step that failed has left it.
async fn tell_refused(
    context: &Context,
    namespace: &str,
    name: &str,
    error: &CallError,
) -> Result<(), CallError> {
    let test = read(context, namespace, name).await?.map(|read| read.test);
    if let Some(test) = test.filter(|test| run_of(test).is_some() && !is_complete(test)) {
        let reason = if error.is_forbidden() { "Forbidden" } else { "Refused" };
        let told = status::hindered(&test, reason, error.to_string(), Timestamp::now());
        // What it says beside this is as it was.
        let is_own = context.known.is_own(&test);
        let written = write(context, &test, &told).await?;
        if is_own {
            let _ = context.known.note(&told, written);
        }
    }
    Ok(())
}

/// What failed, for the counters.
fn word(error: &JudgingError) -> &'static str {
    match error {
        JudgingError::Call(error) if error.is_conflict() => "conflict",
        JudgingError::Call(error) if error.is_forbidden() => "forbidden",
        JudgingError::Call(_) => "api",
        JudgingError::Missing(_) => "spec",
    }
}

/// What is done about a step that failed.
#[must_use]
pub fn after_failure(test: &Watched, error: &JudgingError) -> Action {
    match error {
        JudgingError::Call(error) if error.is_conflict() => {
            tracing::debug!(test = test.name_any(), %error, "somebody else wrote first");
            Action::requeue(AT_ONCE)
        }
        error => {
            tracing::warn!(test = test.name_any(), namespace = test.namespace(), %error, "a step failed");
            Action::requeue(AGAIN)
        }
    }
}
