//! The `ConfigMap`s of a run: the frozen spec with the ingest's authority, the record, the stored result.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use serde_json::json;

use super::metadata;
use crate::api::{API_VERSION, KIND, LoadTest, Run, Verdict};
use crate::operator::names;
use crate::operator::record::Record;
use crate::operator::seen::FrozenSpec;

/// The key of the frozen spec: an object that a worker reads as it would read a file.
pub const SPEC_KEY: &str = "loadtest.json";
/// The key of the authority that workers trust.
pub const AUTHORITY_KEY: &str = "ca.crt";
/// The key of a stored result.
pub const RESULT_KEY: &str = "result";
/// Annotation: the generation of the object whose spec was frozen.
const GENERATION: &str = "loadgate.dev/generation";

/// The spec of `test` as it is now, frozen for `run`, and the authority that workers are to trust, if there is one.
#[must_use]
pub fn spec(test: &LoadTest, run: &Run, authority: Option<&str>) -> ConfigMap {
    let name = test.name_any();
    let mut metadata = metadata(test, run, names::config_map(&name, run.number, "spec"), "spec");
    let generation =
        test.metadata.generation.map(|generation| (GENERATION.to_owned(), generation.to_string()));
    metadata.annotations.get_or_insert_default().extend(generation);
    let object =
        json!({"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": test.spec});
    let mut data = BTreeMap::from([(SPEC_KEY.to_owned(), object.to_string())]);
    data.extend(authority.map(|pem| (AUTHORITY_KEY.to_owned(), pem.to_owned())));
    ConfigMap { metadata, data: Some(data), immutable: Some(true), ..ConfigMap::default() }
}

/// The frozen spec in a ConfigMap; none: it holds none.
#[must_use]
pub fn read_spec(map: &ConfigMap) -> Option<FrozenSpec> {
    let text = map.data.as_ref()?.get(SPEC_KEY)?;
    let mut object: serde_json::Value = serde_json::from_str(text).ok()?;
    let spec = serde_json::from_value(object.get_mut("spec")?.take()).ok()?;
    Some(FrozenSpec {
        spec,
        generation: map.annotations().get(GENERATION).and_then(|text| text.parse().ok()),
    })
}

/// The record of `run`.
#[must_use]
pub fn record(test: &LoadTest, run: &Run, record: &Record) -> ConfigMap {
    let name = names::config_map(&test.name_any(), run.number, "record");
    let metadata = metadata(test, run, name, "record");
    ConfigMap { metadata, data: Some(record.to_data()), ..ConfigMap::default() }
}

/// The stored result of `run`, packed, and what it says.
#[must_use]
pub fn result(test: &LoadTest, run: &Run, verdict: Verdict, packed: Vec<u8>) -> ConfigMap {
    let name = names::result(&test.name_any(), run.number, &run.uid);
    let mut metadata = metadata(test, run, name, "result");
    metadata.annotations.get_or_insert_default().insert(names::VERDICT.to_owned(), format!("{verdict:?}"));
    ConfigMap {
        metadata,
        binary_data: Some(BTreeMap::from([(RESULT_KEY.to_owned(), ByteString(packed))])),
        immutable: Some(true),
        ..ConfigMap::default()
    }
}

/// The packed result in a ConfigMap; none: it holds none.
#[must_use]
pub fn read_result(map: &ConfigMap) -> Option<&[u8]> {
    map.binary_data.as_ref()?.get(RESULT_KEY).map(|bytes| bytes.0.as_slice())
}
