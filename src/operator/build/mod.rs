//! Builds what a run is made of: `ConfigMap`s, the workers' Job, the status. Pure: what comes out depends on what goes in.

pub mod config_maps;
pub mod history;
pub mod job;
pub mod status;
#[cfg(test)]
mod tests;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, ResourceExt};

use super::names;
use crate::api::{LoadTest, Run};

/// The metadata of a child of `run`. Results are found by their labels and belong to nobody: they outlive the object.
fn metadata(test: &LoadTest, run: &Run, name: String, role: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: test.namespace(),
        labels: Some(names::labels(&test.name_any(), &run.uid, role)),
        owner_references: (role != "result").then(|| test.controller_owner_ref(&()).into_iter().collect()),
        ..ObjectMeta::default()
    }
}
