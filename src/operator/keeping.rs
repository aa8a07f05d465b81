//! Keeps what was measured: as a `ConfigMap` of its own, beside those of a few runs before.
//!
//! Older ones are taken away with what else a judged run leaves, and not when its own is stored: whoever takes over
//! between the two would judge what is stored and never come to it.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;

use super::api::{CallError, Objects};
use super::build::{config_maps, history};
use super::context::Context;
use super::names;
use crate::api::{LoadTest, Run, Verdict};
use crate::report::kept::KeptRun;
use crate::store;

/// Stores the run; where it is then. None: it is too large for a `ConfigMap`.
pub async fn keep(
    context: &Context,
    test: &LoadTest,
    run: &Run,
    kept: &KeptRun,
) -> Result<Option<String>, CallError> {
    let location = format!("configmap/{}", names::result(&test.name_any(), run.number, &run.uid));
    let mut kept = kept.clone();
    kept.facts.results = Some(location.clone());
    let packed = match store::pack(&kept) {
        Ok(packed) => packed,
        Err(error) => {
            tracing::warn!(%error, run = run.uid, "the result isn't stored");
            return Ok(None);
        }
    };
    let maps = Objects::<ConfigMap>::new(&context.client, &test.namespace().unwrap_or_default());
    maps.create(&config_maps::result(test, run, verdict(&kept), packed)).await?;
    Ok(Some(location))
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
