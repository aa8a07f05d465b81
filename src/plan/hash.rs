//! The digest of all that the load of a spec consists of.
//!
//! It is taken of the parsed form with everything that has its default left out, so that neither another order of
//! keys, nor another way to write a length, nor a default that the API server fills in makes another load of it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::executor;
use super::units::{Pause, Share, parse_duration};
use crate::api::{self, LoadTestSpec, Method};

/// How many bytes of the digest are kept.
const KEPT: usize = 16;

/// 32 hexadecimal digits.
pub(super) fn of_load(spec: &LoadTestSpec, workers: u32) -> String {
    let digest = Sha256::digest(canonical(spec, workers).to_string());
    digest.iter().take(KEPT).fold(String::with_capacity(2 * KEPT), |mut hex, byte| {
        // Writing to a String never fails.
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Objects are written with their keys sorted, as `serde_json` keeps them.
fn canonical(spec: &LoadTestSpec, workers: u32) -> Value {
    let LoadTestSpec {
        title: _,
        target,
        variables,
        data,
        scenarios,
        classify,
        phases,
        requirements: _,
        scoring: _,
        gate: _,
        workers: placement,
        deadlines,
        run_id: _,
        abort: _,
        history: _,
        seed,
    } = spec.clone();
    let placement = placement.map(|workers| api::Workers { count: None, ..workers });
    let mut parts = json!({
        "target": self::target(target),
        "variables": variables,
        "scenarios": scenarios.into_iter().map(scenario).collect::<Vec<_>>(),
        "classify": classify,
        "phases": phases.into_iter().map(|phase| self::phase(phase, spec)).collect::<Vec<_>>(),
        "workers": workers,
        "seed": seed.unwrap_or(0),
    });
    // What a spec doesn't use is no part of the digest: a field that a later release brings changes none of them.
    if let Some(placement) = placement.filter(|placement| *placement != api::Workers::default()) {
        parts["placement"] = json!(placement);
    }
    if !data.is_empty() {
        parts["data"] = json!(data.into_iter().map(rows).collect::<Vec<_>>());
    }
    if let Some(deadlines) =
        deadlines.map(self::deadlines).filter(|given| *given != api::Deadlines::default())
    {
        parts["deadlines"] = json!(deadlines);
    }
    parts
}

fn target(mut target: api::Target) -> api::Target {
    optional_length(&mut target.timeout, "30s");
    optional_length(&mut target.connect_timeout, "5s");
    if let Some(http) = &mut target.http {
        drop_default(&mut http.version, &api::HttpVersion::default());
        drop_default(&mut http.redirects, &0);
        drop_default(&mut http.tier, &api::HttpTier::default());
    }
    drop_default(&mut target.http, &api::TargetHttp::default());
    if let Some(oauth2) = target.auth.as_mut().and_then(|auth| auth.oauth2.as_mut()) {
        drop_default(&mut oauth2.client_auth, &api::ClientAuth::default());
    }
    for action in &mut target.preflight {
        request(&mut action.request);
        action.within.iter_mut().for_each(length);
    }
    target
}

fn scenario(mut scenario: api::Scenario) -> api::Scenario {
    drop_default(&mut scenario.weight, &1);
    drop_default(&mut scenario.cookies, &false);
    scenario.pace.iter_mut().for_each(length);
    for block in &mut scenario.blocks {
        drop_default(&mut block.repeat, &1);
        block.probability.iter_mut().for_each(|text| rewrite(text, Share::parse(text)));
        drop_default(&mut block.probability, &"100%".to_owned());
    }
    for step in scenario.setup.iter_mut().chain(&mut scenario.steps).chain(&mut scenario.teardown) {
        step.probability.iter_mut().for_each(|text| rewrite(text, Share::parse(text)));
        drop_default(&mut step.probability, &"100%".to_owned());
        request(&mut step.request);
        step.think.iter_mut().for_each(|text| rewrite(text, Pause::parse(text)));
    }
    scenario
}

/// Rows in the spec are part of the load; of those outside, the place is.
fn rows(mut data: api::Data) -> api::Data {
    drop_default(&mut data.order, &api::RowOrder::default());
    data
}

fn request(request: &mut api::Request) {
    drop_default(&mut request.method, &Method::Get);
}

fn phase(mut phase: api::Phase, spec: &LoadTestSpec) -> api::Phase {
    phase.title = None;
    phase.judge = None;
    phase.critical = None;
    phase.expect = Vec::new();
    if phase.scenarios.iter().eq(spec.scenarios.iter().map(|scenario| &scenario.name)) {
        phase.scenarios = Vec::new();
    }
    phase.pace.iter_mut().for_each(length);
    phase.max_duration.iter_mut().for_each(length);
    executor::write_alike(&mut phase.load);
    phase
}

fn deadlines(mut deadlines: api::Deadlines) -> api::Deadlines {
    optional_length(&mut deadlines.start, "2m");
    deadlines.run.iter_mut().for_each(length);
    deadlines
}

pub(super) fn optional_length(text: &mut Option<String>, default: &str) {
    let mut default = default.to_owned();
    length(&mut default);
    text.iter_mut().for_each(length);
    drop_default(text, &default);
}

/// `1m` and `60s` are one.
pub(super) fn length(text: &mut String) {
    if let Ok(length) = parse_duration(text) {
        *text = format!("{}ns", length.as_nanos());
    }
}

/// As it is shown, which is one way of the several to write it.
pub(super) fn rewrite<T: ToString, E>(text: &mut String, parsed: Result<T, E>) {
    if let Ok(value) = parsed {
        *text = value.to_string();
    }
}

pub(super) fn drop_default<T: PartialEq>(field: &mut Option<T>, default: &T) {
    if field.as_ref() == Some(default) {
        *field = None;
    }
}
