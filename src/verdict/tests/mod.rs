//! Tables of runs: what was required, what was recorded, and the judgement on it.

mod cuts;
mod findings;
mod generators;
mod judgements;
mod laws;
mod metrics;
mod rows;
mod search;
mod verdicts;

use super::{Circumstances, Judgement, judge};
use crate::metrics::{
    Aggregate, CacheHit, ErrorClass, Layout, Part, PhaseAggregate, PhaseEnd, Recorder, Sample, Timing,
};
use crate::plan::{Options, Plan};

/// A test in which nothing is required; tests replace its parts.
const SHOP: &str = "
target: {baseUrl: 'http://shop:8080'}
scenarios:
- name: shop
  steps: [{name: list, request: {path: /list}}]
classify:
  cache: {header: X-Cache, hit: [HIT], miss: [MISS], layerHeader: X-Layer}
  groups: [{name: account, header: X-Account}]
  errors: [{name: quota, jsonPath: $.code, equals: quota}]
  values: [{name: waited, header: X-Waited, unit: ms}]
phases:
- {name: steady, load: {constantRate: {rate: 100/s, duration: 20s}}}
";

const MILLI: u64 = 1_000;
const SECOND: u64 = 1_000_000;

/// The plan of `SHOP` with the top-level fields of `parts` instead of its own.
#[track_caller]
fn plan(parts: &str) -> Plan {
    plan_with(&Options::default(), parts)
}

#[track_caller]
fn plan_with(options: &Options, parts: &str) -> Plan {
    let mut spec: serde_json::Value = serde_yaml::from_str(SHOP).unwrap();
    let parts: serde_json::Value = serde_yaml::from_str(parts).unwrap();
    for (name, part) in parts.as_object().into_iter().flatten() {
        spec[name] = part.clone();
    }
    let spec = serde_json::from_value(spec).unwrap();
    Plan::from_spec("shop", &spec, options).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// Two phases, `steady` and `spike`, with one requirement.
fn required(requirement: &str) -> String {
    format!("requirements: [{{id: R1, {requirement}}}]")
}

/// What was recorded in one phase, request by request.
struct Load {
    recorder: Recorder,
    every: u64,
    at: u64,
    end: Option<PhaseEnd>,
    has_begun: bool,
}

/// One request and its response.
#[derive(Clone, Copy)]
struct Hit<'a> {
    micros: u64,
    lag: u64,
    step: usize,
    part: Part,
    status: Option<u16>,
    error: Option<ErrorClass>,
    cache: Option<CacheHit<'a>>,
    account: Option<&'a str>,
    waited: Option<f64>,
}

/// A response of 50 ms as it should be.
const FINE: Hit<'_> = Hit {
    micros: 50 * MILLI,
    lag: 0,
    step: 0,
    part: Part::Steady,
    status: Some(200),
    error: None,
    cache: None,
    account: None,
    waited: None,
};

impl Load {
    /// An iteration of one request every so many microseconds.
    fn every(micros: u64) -> Self {
        let layout = Layout { groups: 1, values: 1, open_loop: true };
        let end = Some(PhaseEnd::Completed);
        Load { recorder: Recorder::new(layout), every: micros, at: 0, end, has_begun: true }
    }

    /// 20 s of 100 requests a second, each of which takes `micros`.
    fn steady(micros: u64) -> Self {
        Load::every(10 * MILLI).of(2000, micros)
    }

    /// As [`Load::every`], in a closed loop: what is due is what is sent.
    fn closed(micros: u64) -> Self {
        let layout = Layout { groups: 1, values: 1, open_loop: false };
        Load { recorder: Recorder::new(layout), ..Load::every(micros) }
    }

    fn never() -> Self {
        Load { has_begun: false, ..Load::every(0) }
    }

    /// From now on at another pace.
    fn paced(self, every: u64) -> Self {
        Load { every, ..self }
    }

    fn of(self, count: u64, micros: u64) -> Self {
        self.sends(count, Hit { micros, ..FINE })
    }

    fn failing(self, count: u64, error: ErrorClass) -> Self {
        let status = if let ErrorClass::Status(code) = error { Some(code) } else { None };
        self.sends(count, Hit { error: Some(error), status, ..FINE })
    }

    fn sends(mut self, count: u64, hit: Hit<'_>) -> Self {
        for _ in 0..count {
            self.one(hit);
        }
        self
    }

    fn one(&mut self, hit: Hit<'_>) {
        let (intended, sent) = (self.at, self.at + hit.lag);
        let end = sent + hit.micros;
        self.recorder.scheduled(1);
        self.recorder.iteration_started(hit.part, sent, Some(hit.lag));
        let (groups, values) = ([hit.account], [hit.waited]);
        let told = usize::from(hit.status.is_some());
        self.recorder.request(&Sample {
            step: hit.step,
            part: hit.part,
            timing: Timing { intended, sent, first_byte: hit.status.map(|_| end), end },
            status: hit.status,
            error: hit.error,
            cache: hit.cache,
            groups: &groups[..told],
            values: &values[..told],
            bytes_sent: 100,
            bytes_received: 1_000,
        });
        self.recorder.iteration_completed(hit.part, end);
        self.at += self.every;
    }

    /// Changes what the requests alone don't make.
    fn with(mut self, change: impl FnOnce(&mut Recorder)) -> Self {
        change(&mut self.recorder);
        self
    }

    fn ending(self, end: Option<PhaseEnd>) -> Self {
        Load { end, ..self }
    }

    fn aggregate(mut self) -> PhaseAggregate {
        let mut phase = PhaseAggregate::default();
        if self.has_begun {
            self.recorder.state_mut().end = self.end;
            let (state, seconds) = self.recorder.so_far(self.at, 0);
            phase.add(&state, &seconds);
            phase.started_micros = Some(0);
        }
        phase
    }
}

/// What was measured when the phases had these loads.
fn measured(loads: impl IntoIterator<Item = Load>) -> Aggregate {
    Aggregate { phases: loads.into_iter().map(Load::aggregate).collect() }
}

/// The judgement on a run in which nothing happened beside the load.
#[track_caller]
fn judged(parts: &str, loads: impl IntoIterator<Item = Load>) -> Judgement {
    judge(&plan(parts), &measured(loads), &Circumstances::default())
}
