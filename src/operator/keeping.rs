//! Keeps what was measured: as a `ConfigMap` of its own, beside those of a few runs before.
//!
//! Older ones are taken away with what else a judged run leaves, and not when its own is stored: whoever takes over
//! between the two would judge what is stored and never come to it.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;

use super::api::{CallError, Objects};
use super::build::{config_maps, history};
use super::context::Context;
use super::{judging, names};
use crate::api::{LoadTest, LoadTestStatus, Run, Verdict};
use crate::report::kept::KeptRun;
use crate::store;

/// Stores the run; where it is then. None: what was measured is too large for a `ConfigMap`, and what was told of it is
/// stored in its place, so that the verdict can be told from one that nobody has measured.
pub async fn keep(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    kept: &KeptRun,
) -> Result<Option<String>, CallError> {
    let location = format!("configmap/{}", names::result(&test.name_any(), run.number, &run.uid));
    let mut kept = kept.clone();
    kept.facts.results = Some(location.clone());
    let (packed, location) = match store::pack(&kept) {
        Ok(packed) => (packed, Some(location)),
        Err(error) => {
            tracing::warn!(%error, run = run.uid, "what was measured isn't stored");
            kept.facts.results = None;
            let Some(packed) = without_figures(&kept) else { return Ok(None) };
            (packed, None)
        }
    };
    store(context, test, run, verdict(&kept), packed).await?;
    Ok(location)
}

/// Stores what is told of a run that can't be judged: whatever began leaves something that tells of it.
pub async fn keep_told(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    told: &LoadTestStatus,
) -> Result<(), CallError> {
    match store::pack(&judging::told_of(test, run, told)) {
        Ok(packed) => store(context, test, run, Verdict::Inconclusive, packed).await,
        Err(error) => {
            tracing::warn!(%error, run = run.uid, "what was told isn't stored");
            Ok(())
        }
    }
}

async fn store(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    verdict: Verdict,
    packed: Vec<u8>,
) -> Result<(), CallError> {
    let maps = Objects::<ConfigMap>::new(&context.client, &test.namespace().unwrap_or_default());
    maps.create(&config_maps::result(test, run, verdict, packed)).await.map(drop)
}

/// What was told of the run, packed.
#[must_use]
pub fn without_figures(kept: &KeptRun) -> Option<Vec<u8>> {
    store::pack(&kept.without_figures().ok()?).ok()
}

fn verdict(kept: &KeptRun) -> Verdict {
    let report = kept.report(&kept.spec, kept.facts.generation).ok();
    report.and_then(|report| report.status.verdict).unwrap_or(Verdict::Inconclusive)
}

/// Takes away all stored results but the newest few and the last that passed.
pub async fn prune(context: &Context, test: &LoadTest) -> Result<(), CallError> {
    let maps = Objects::<ConfigMap>::new(&context.client, &test.namespace().unwrap_or_default());
    let name = names::label_value(&test.name_any());
    let labels = format!("{}={name},{}=result", names::TEST_LABEL, names::ROLE_LABEL);
    for map in history::outdated(maps.list(&labels).await?, history::kept(test)) {
        maps.delete(&map.name_any()).await?;
    }
    Ok(())
}
