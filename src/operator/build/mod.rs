//! Builds what a run is made of: `ConfigMap`s, the workers' Job, the status. Pure: what comes out depends on what goes in.

pub mod config_maps;
pub mod history;
pub mod job;
pub mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, ResourceExt};

use super::names;
use crate::api::{LoadTest, Run};

/// The metadata of a child of `run`. They tell which run it is, so that it is found where the status tells of none. Results
/// are found by their labels and belong to nobody: they outlive the object.
fn metadata(test: &LoadTest, run: &Run, name: String, role: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: test.namespace(),
        labels: Some(names::labels(&test.name_any(), &run.uid, role)),
        annotations: Some(notes(run)),
        owner_references: (role != "result").then(|| test.controller_owner_ref(&()).into_iter().collect()),
        ..ObjectMeta::default()
    }
}

fn notes(run: &Run) -> BTreeMap<String, String> {
    let notes = [(names::NUMBER, run.number.to_string()), (names::RUN_HASH, run.run_hash.clone())];
    let notes = notes.into_iter().chain(run.run_id.clone().map(|id| (names::RUN_ID, id)));
    notes.map(|(name, note)| (name.to_owned(), note)).collect()
}

/// The run that a child with this metadata is of; none: it doesn't say.
#[must_use]
pub fn read_run(metadata: &ObjectMeta) -> Option<Run> {
    let note = |name: &str| metadata.annotations.as_ref()?.get(name).cloned();
    Some(Run {
        number: note(names::NUMBER)?.parse().ok()?,
        uid: metadata.labels.as_ref()?.get(names::RUN_LABEL)?.clone(),
        run_hash: note(names::RUN_HASH)?,
        run_id: note(names::RUN_ID),
        started_at: None,
        finished_at: None,
    })
}
