//! What the operator tells of itself to those who watch it: metrics, and whether it is alive and ready.
//!
//! | metric | what it is |
//! |---|---|
//! | `loadgate_build_info{version}` | always 1 |
//! | `loadgate_leader` | 1 in the operator that writes, 0 in the others |
//! | `loadgate_runs_started_total`, `loadgate_runs_finished_total{verdict}` | runs |
//! | `loadgate_run_duration_seconds` | how long finished runs took |
//! | `loadgate_sessions_open` | runs that workers report to |
//! | `loadgate_pushes_accepted_total`, `loadgate_pushes_refused_total{reason}` | what workers reported |
//! | `loadgate_push_duration_seconds` | until a report counts, from when its head is there |
//! | `loadgate_reconcile_duration_seconds`, `loadgate_reconcile_errors_total{reason}` | the operator's own work |
//! | `loadgate_run_requests_per_second{namespace,name}` and others | the runs under way: see [`Live`] |

mod figures;
mod live;
mod probes;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;

use crate::api::Verdict;

use figures::Figures;
pub use live::Live;

/// All that is told. It is told by whoever does it, and read by [`Telemetry::router`].
#[derive(Debug)]
pub struct Telemetry {
    figures: Figures,
    is_tls_ready: AtomicBool,
    is_api_reached: AtomicBool,
}

impl Telemetry {
    /// Nothing has happened yet. The only error is a metric that is defined wrongly.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let figures = Figures::new()?;
        Ok(Arc::new(Telemetry {
            figures,
            is_tls_ready: AtomicBool::new(false),
            is_api_reached: AtomicBool::new(false),
        }))
    }

    /// `/metrics`, `/healthz` and `/readyz`, for a port of their own.
    pub fn router(self: &Arc<Self>) -> Router {
        probes::router(Arc::clone(self))
    }

    /// The ingest has its certificates, or needs none.
    pub fn tls_is_ready(&self) {
        self.is_tls_ready.store(true, Ordering::Relaxed);
    }

    /// The API server has answered. When it goes away later, the operator stays ready: workers still report.
    pub fn api_is_reached(&self) {
        self.is_api_reached.store(true, Ordering::Relaxed);
    }

    /// Whether this operator is the one that writes.
    pub fn leads(&self, leads: bool) {
        self.figures.leader.set(i64::from(leads));
    }

    /// A run has begun.
    pub fn run_started(&self) {
        self.figures.runs_started.inc();
    }

    /// A run has ended, so long after its beginning; without a verdict: it was refused.
    pub fn run_finished(&self, verdict: Option<Verdict>, lasted: Duration) {
        self.figures.runs_finished.with_label_values(&[figures::verdict_label(verdict)]).inc();
        self.figures.run_duration.observe(lasted.as_secs_f64());
    }

    /// So many runs are being reported to.
    pub fn sessions_open(&self, count: usize) {
        self.figures.sessions_open.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A worker's message was answered with this HTTP status.
    pub fn push_answered(&self, status: u16) {
        match refusal(status) {
            None => self.figures.pushes_accepted.inc(),
            Some(reason) => self.figures.pushes_refused.with_label_values(&[reason]).inc(),
        }
    }

    /// A report of a worker counts, so long after it began to arrive.
    pub fn push_taken(&self, after: Duration) {
        self.figures.push_duration.observe(after.as_secs_f64());
    }

    /// A LoadTest was reconciled, in so long.
    pub fn reconciled(&self, took: Duration) {
        self.figures.reconcile_duration.observe(took.as_secs_f64());
    }

    /// A LoadTest couldn't be reconciled. The reason is one of a fixed set of words.
    pub fn reconcile_failed(&self, reason: &'static str) {
        self.figures.reconcile_errors.with_label_values(&[reason]).inc();
    }

    /// How the run under way of this LoadTest does.
    pub fn live(&self, namespace: &str, name: &str, live: &Live) {
        self.figures.live.set(namespace, name, live);
    }

    /// The run of this LoadTest is over: its live figures go.
    pub fn over(&self, namespace: &str, name: &str) {
        self.figures.live.remove(namespace, name);
    }

    /// What is missing until the operator is ready; nothing: it is.
    fn missing(&self) -> Vec<&'static str> {
        let parts = [
            (&self.is_tls_ready, "the ingest has no certificates yet"),
            (&self.is_api_reached, "the API server was not reached yet"),
        ];
        parts
            .into_iter()
            .filter(|(is_there, _)| !is_there.load(Ordering::Relaxed))
            .map(|(_, told)| told)
            .collect()
    }
}

/// The label of a refusal: a fixed set of words, whatever is sent. None: it was taken.
fn refusal(status: u16) -> Option<&'static str> {
    Some(match status {
        200..=299 => return None,
        401 => "no_identity",
        403 => "not_of_this_run",
        404 => "unknown_worker",
        408 => "too_slow",
        409 => "fenced",
        413 => "too_large",
        421 => "not_leading",
        429 => "too_many",
        400..=499 => "unreadable",
        503 => "not_now",
        _ => "other",
    })
}
