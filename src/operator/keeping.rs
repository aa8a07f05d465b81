//! Keeps what was measured: as a `ConfigMap` of its own, beside those of a few runs before.
//!
//! Older ones are taken away with what else a judged run leaves, and not when its own is stored: whoever takes over
//! between the two would judge what is stored and never come to it.
//!
//! ```text
//! it fits     and is taken   stored, then judged
//!             isn't taken    tried again for a while; then the verdict says ResultsStored=False, and it is tried on
//! it doesn't                 judged: ResultsStored=False, and only what is told of it is stored
//! ```

use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;

use super::api::{CallError, Objects};
use super::build::{config_maps, history, status};
use super::context::Context;
use super::decide::run_of;
use super::judging::is_result_of;
use super::storing::NotStored;
use super::{judging, names};
use crate::api::{LoadTest, LoadTestStatus, Results, Run, Verdict};
use crate::report::kept::KeptRun;
use crate::store::{self, PackError, Packed};

/// What became of a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// It is stored there.
    Stored(Results),
    /// It isn't, and the verdict needn't wait for it.
    Not(NotStored),
}

/// Stores the run, of which this is said. An error: it isn't stored yet, and is to be tried again before the verdict.
pub async fn keep(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    kept: &KeptRun,
    verdict: Verdict,
) -> Result<Kept, CallError> {
    let location = location(test, run);
    let mut kept = kept.clone();
    kept.facts.results = Some(location.clone());
    let Packed { bytes, left_out } = match pack(kept).await {
        Ok(packed) => packed,
        Err(error) => {
            return Ok(Kept::Not(NotStored { reason: NotStored::TOO_LARGE, message: error.to_string() }));
        }
    };
    let map = config_maps::result(test, run, verdict, bytes);
    // From before the call: one that gets no answer takes its time.
    let _ = context.storing.lasted(&run.uid);
    match results(context, test).create(&map).await {
        Ok(_) => {
            context.storing.forget(&run.uid);
            Ok(Kept::Stored(Results { location, left_out }))
        }
        // What is there already is looked at anew.
        Err(error) if error.is_conflict() || is_awaited(context, run) => Err(error),
        Err(error) => {
            let why = not_stored(&error);
            context.storing.put_off(&run.uid, map, why.clone());
            Ok(Kept::Not(why))
        }
    }
}

/// Stores what is told of a run whose figures can't be: whatever began leaves something that tells of it.
pub async fn keep_told(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    told: &LoadTestStatus,
) -> Result<(), CallError> {
    match store::pack(&judging::told_of(test, run, told)) {
        Ok(Packed { bytes, .. }) => {
            let verdict = told.verdict.unwrap_or(Verdict::Inconclusive);
            let map = config_maps::result(test, run, verdict, bytes);
            let _ = context.storing.lasted(&run.uid);
            match results(context, test).create(&map).await {
                Ok(_) => context.storing.forget(&run.uid),
                Err(error) if error.is_conflict() || is_awaited(context, run) => return Err(error),
                Err(error) => {
                    context.storing.forget(&run.uid);
                    tracing::warn!(%error, run = run.uid, "what was told isn't stored");
                }
            }
            Ok(())
        }
        Err(error) => {
            tracing::warn!(%error, run = run.uid, "what was told isn't stored");
            Ok(())
        }
    }
}

/// Whether the verdict still waits: the workers of a load that was ended may have taken their time already.
fn is_awaited(context: &Context, run: &Run) -> bool {
    let ended_at = context.runs.get(&run.uid).and_then(|live| live.aborted_at);
    context.storing.is_awaited(&run.uid, ended_at.map(|at| at.elapsed()))
}

/// To press ten megabytes into as few bytes as there is room for takes seconds, in which others want to be heard.
async fn pack(kept: KeptRun) -> Result<Packed, PackError> {
    let packing = tokio::task::spawn_blocking(move || store::pack(&kept));
    packing.await.unwrap_or_else(|broken| Err(std::io::Error::other(broken).into()))
}

fn not_stored(error: &CallError) -> NotStored {
    let reason = if error.is_forbidden() {
        "Forbidden"
    } else if error.is_refused() {
        "Refused"
    } else {
        "StoreFailed"
    };
    NotStored { reason, message: error.to_string() }
}

/// Tries again what couldn't be stored when the verdict was told; the status that says that it is stored now.
pub async fn keep_later(context: &Context, test: &LoadTest) -> Result<Option<LoadTestStatus>, CallError> {
    let Some(run) = run_of(test) else { return Ok(None) };
    let Some((map, _)) = context.storing.left(&run.uid) else { return Ok(None) };
    if test.metadata.deletion_timestamp.is_some() {
        context.storing.forget(&run.uid);
        return Ok(None);
    }
    if let Err(error) = results(context, test).create(&map).await
        && !is_there(context, test, run, &error).await?
    {
        tracing::warn!(%error, run = run.uid, "the result isn't stored yet");
        return Ok(None);
    }
    prune(context, test).await?;
    // What is said meanwhile may be of another spec, and says nothing of the result.
    if !status::is_unstored(test) {
        context.storing.forget(&run.uid);
        return Ok(None);
    }
    let left_out = config_maps::read_result(&map).and_then(|packed| store::unpack(packed).ok());
    let left_out = left_out.map(|kept| kept.facts.left_out).unwrap_or_default();
    Ok(Some(status::stored(test, Results { location: location(test, run), left_out })))
}

/// Whether what couldn't be stored again is there already, as where an answer was lost.
async fn is_there(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    error: &CallError,
) -> Result<bool, CallError> {
    if !error.is_conflict() {
        return Ok(false);
    }
    let there = results(context, test).get(&names::result(&test.name_any(), run.number, &run.uid)).await?;
    Ok(there.is_some_and(|map| is_result_of(&map.metadata, run)))
}

fn results(context: &Context, test: &LoadTest) -> Objects<ConfigMap> {
    Objects::new(&context.client, &test.namespace().unwrap_or_default())
}

fn location(test: &LoadTest, run: &Run) -> String {
    format!("configmap/{}", names::result(&test.name_any(), run.number, &run.uid))
}

/// Takes away all stored results but the newest few and the last that passed.
pub async fn prune(context: &Context, test: &LoadTest) -> Result<(), CallError> {
    let maps = results(context, test);
    let name = names::label_value(&test.name_any());
    let labels = format!("{}={name},{}=result", names::TEST_LABEL, names::ROLE_LABEL);
    for map in history::outdated(test, maps.list(&labels).await?) {
        maps.delete(&map.name_any()).await?;
    }
    Ok(())
}
