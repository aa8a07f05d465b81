//! The figures of the runs that are under way, one line for each LoadTest.

use std::time::Duration;

use prometheus::{Error, GaugeVec, IntGaugeVec, Registry};
use prometheus::{register_gauge_vec_with_registry, register_int_gauge_vec_with_registry};

const LABELS: &[&str] = &["namespace", "name"];

/// How a run does right now. What isn't known yet isn't shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Live {
    /// Completed requests in a second; `loadgate_run_requests_per_second`.
    pub requests_per_second: f64,
    /// 95 of 100 responses took no longer; `loadgate_run_response_time_p95_seconds`.
    pub p95: Option<Duration>,
    /// Failed requests among all, from 0 to 1; `loadgate_run_error_ratio`.
    pub error_ratio: Option<f64>,
    /// Users at work; `loadgate_run_users`.
    pub users: u64,
    /// Workers that take part; `loadgate_run_workers_ready`.
    pub workers_ready: u32,
}

#[derive(Debug)]
pub(super) struct LiveFigures {
    requests_per_second: GaugeVec,
    p95: GaugeVec,
    error_ratio: GaugeVec,
    users: IntGaugeVec,
    workers_ready: IntGaugeVec,
}

impl LiveFigures {
    pub(super) fn new(registry: &Registry) -> Result<Self, Error> {
        Ok(LiveFigures {
            requests_per_second: register_gauge_vec_with_registry!(
                "loadgate_run_requests_per_second",
                "Requests that the run under way completes in a second.",
                LABELS,
                registry
            )?,
            p95: register_gauge_vec_with_registry!(
                "loadgate_run_response_time_p95_seconds",
                "Response time that 95 of 100 requests of the run under way didn't exceed.",
                LABELS,
                registry
            )?,
            error_ratio: register_gauge_vec_with_registry!(
                "loadgate_run_error_ratio",
                "Failed requests among all of the run under way, from 0 to 1.",
                LABELS,
                registry
            )?,
            users: register_int_gauge_vec_with_registry!(
                "loadgate_run_users",
                "Users at work in the run under way.",
                LABELS,
                registry
            )?,
            workers_ready: register_int_gauge_vec_with_registry!(
                "loadgate_run_workers_ready",
                "Workers that take part in the run under way.",
                LABELS,
                registry
            )?,
        })
    }

    pub(super) fn set(&self, namespace: &str, name: &str, live: &Live) {
        let Live { requests_per_second, p95, error_ratio, users, workers_ready } = *live;
        let labels = &[namespace, name];
        self.requests_per_second.with_label_values(labels).set(requests_per_second);
        set_or_remove(&self.p95, labels, p95.map(|p95| p95.as_secs_f64()));
        set_or_remove(&self.error_ratio, labels, error_ratio);
        self.users.with_label_values(labels).set(i64::try_from(users).unwrap_or(i64::MAX));
        self.workers_ready.with_label_values(labels).set(workers_ready.into());
    }

    pub(super) fn remove(&self, namespace: &str, name: &str) {
        let labels = &[namespace, name];
        for figures in [&self.requests_per_second, &self.p95, &self.error_ratio] {
            set_or_remove(figures, labels, None);
        }
        for figures in [&self.users, &self.workers_ready] {
            // Gone already where the run never had any.
            drop(figures.remove_label_values(labels));
        }
    }
}

fn set_or_remove(figures: &GaugeVec, labels: &[&str], value: Option<f64>) {
    match value {
        Some(value) => figures.with_label_values(labels).set(value),
        // Gone already where it was never known.
        None => drop(figures.remove_label_values(labels)),
    }
}
