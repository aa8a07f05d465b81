//! The metrics and their registry.

use prometheus::{
    Error, Histogram, IntCounter, IntCounterVec, IntGauge, Registry, TextEncoder, histogram_opts,
    register_histogram_with_registry, register_int_counter_vec_with_registry,
    register_int_counter_with_registry, register_int_gauge_vec_with_registry,
    register_int_gauge_with_registry,
};

use super::live::LiveFigures;
use crate::api::Verdict;

/// A reconcile asks the API server a few times, which takes milliseconds, or seconds where that is ill.
const RECONCILE_SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// A report is taken in less than a millisecond, or waits for those before it.
const PUSH_SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// From a smoke test to a soak test.
const RUN_SECONDS: &[f64] = &[
    10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0, 86_400.0,
];

const VERDICTS: [Option<Verdict>; 5] =
    [Some(Verdict::Pass), Some(Verdict::Warning), Some(Verdict::Fail), Some(Verdict::Inconclusive), None];

#[derive(Debug)]
pub(super) struct Figures {
    registry: Registry,
    pub(super) leader: IntGauge,
    pub(super) runs_started: IntCounter,
    pub(super) runs_finished: IntCounterVec,
    pub(super) run_duration: Histogram,
    pub(super) sessions_open: IntGauge,
    pub(super) pushes_accepted: IntCounter,
    pub(super) pushes_refused: IntCounterVec,
    pub(super) push_duration: Histogram,
    pub(super) reconcile_duration: Histogram,
    pub(super) reconcile_errors: IntCounterVec,
    pub(super) live: LiveFigures,
}

impl Figures {
    pub(super) fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        let build = register_int_gauge_vec_with_registry!(
            "loadgate_build_info",
            "Always 1; the version is a label.",
            &["version"],
            registry
        )?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let figures = Figures {
            leader: register_int_gauge_with_registry!(
                "loadgate_leader",
                "1 in the operator that leads, 0 in the others.",
                registry
            )?,
            runs_started: register_int_counter_with_registry!(
                "loadgate_runs_started_total",
                "Runs that began.",
                registry
            )?,
            runs_finished: register_int_counter_vec_with_registry!(
                "loadgate_runs_finished_total",
                "Runs that ended, by verdict; none: refused before any load.",
                &["verdict"],
                registry
            )?,
            run_duration: register_histogram_with_registry!(
                histogram_opts!(
                    "loadgate_run_duration_seconds",
                    "From the beginning of a run to its end.",
                    RUN_SECONDS.to_vec()
                ),
                registry
            )?,
            sessions_open: register_int_gauge_with_registry!(
                "loadgate_sessions_open",
                "Runs that workers report to.",
                registry
            )?,
            pushes_accepted: register_int_counter_with_registry!(
                "loadgate_pushes_accepted_total",
                "Reports of workers that were taken.",
                registry
            )?,
            pushes_refused: register_int_counter_vec_with_registry!(
                "loadgate_pushes_refused_total",
                "Reports of workers that were refused, by reason.",
                &["reason"],
                registry
            )?,
            push_duration: register_histogram_with_registry!(
                histogram_opts!(
                    "loadgate_push_duration_seconds",
                    "Until a worker's report counts, from when its head was there.",
                    PUSH_SECONDS.to_vec()
                ),
                registry
            )?,
            reconcile_duration: register_histogram_with_registry!(
                histogram_opts!(
                    "loadgate_reconcile_duration_seconds",
                    "How long it took to reconcile a LoadTest.",
                    RECONCILE_SECONDS.to_vec()
                ),
                registry
            )?,
            reconcile_errors: register_int_counter_vec_with_registry!(
                "loadgate_reconcile_errors_total",
                "LoadTests that could not be reconciled, by reason.",
                &["reason"],
                registry
            )?,
            live: LiveFigures::new(&registry)?,
            registry,
        };
        figures.begin_at_zero();
        Ok(figures)
    }

    /// A rate over a counter that isn't there before its first event would miss that event.
    fn begin_at_zero(&self) {
        for verdict in VERDICTS {
            self.runs_finished.with_label_values(&[verdict_label(verdict)]);
        }
    }

    /// The text for one scrape.
    pub(super) fn text(&self) -> Result<String, Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

pub(super) fn verdict_label(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Pass) => "pass",
        Some(Verdict::Warning) => "warning",
        Some(Verdict::Fail) => "fail",
        Some(Verdict::Inconclusive) => "inconclusive",
        None => "none",
    }
}
