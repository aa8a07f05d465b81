//! The target's figures as Prometheus text.

use std::collections::BTreeMap;

use prometheus::core::Collector;
use prometheus::{Counter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

use super::circuit::CircuitState;
use super::process;
use super::stats::{Layers, Served, Stats};

/// The text for one scrape.
pub(super) fn text(stats: &Stats) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    let add = |collector: Box<dyn Collector>| registry.register(collector);
    add(Box::new(by_path("http_requests_total", "Load answered, by path and status.", &stats.served)?))?;
    add(Box::new(by_path(
        "control_requests_total",
        "Control answered, by path and status.",
        &stats.control,
    )?))?;
    add(Box::new(by_layer("cache_hits_total", "Look-ups found, by layer.", stats.cache.hits)?))?;
    add(Box::new(by_layer("cache_misses_total", "Look-ups not found, by layer.", stats.cache.misses)?))?;
    for (name, help, value) in gauges(stats) {
        let gauge = IntGauge::new(name, help)?;
        gauge.set(value);
        add(Box::new(gauge))?;
    }
    add(Box::new(cpu()?))?;
    TextEncoder::new().encode_to_string(&registry.gather())
}

fn by_path(name: &str, help: &str, served: &[Served]) -> Result<IntCounterVec, prometheus::Error> {
    let mut by_path = BTreeMap::new();
    for served in served {
        *by_path.entry((served.path, served.status)).or_insert(0) += served.count;
    }
    let requests = IntCounterVec::new(Opts::new(name, help), &["path", "status"])?;
    for ((path, status), count) in by_path {
        requests.get_metric_with_label_values(&[path, &status.to_string()])?.inc_by(count);
    }
    Ok(requests)
}

fn by_layer(name: &str, help: &str, counts: Layers) -> Result<IntCounterVec, prometheus::Error> {
    let layers = IntCounterVec::new(Opts::new(name, help), &["layer"])?;
    for (layer, count) in [("L1", counts.l1), ("L2", counts.l2), ("L3", counts.l3)] {
        layers.get_metric_with_label_values(&[layer])?.inc_by(count);
    }
    Ok(layers)
}

/// The gauges; resident memory only where the system tells it.
fn gauges(stats: &Stats) -> Vec<(&'static str, &'static str, i64)> {
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let circuit = match stats.circuit {
        CircuitState::Closed => 0,
        CircuitState::HalfOpen => 1,
        CircuitState::Open => 2,
    };
    let mut gauges = vec![
        ("db_pool_in_use", "Backend connections in use.", whole(stats.pool.in_use)),
        ("db_pool_size", "Backend connections in the pool.", whole(stats.pool.size)),
        ("open_connections", "Clients' connections open.", whole(stats.connections.open)),
        ("circuit_state", "The circuit breaker: 0 closed, 1 half-open, 2 open.", circuit),
    ];
    if let Some(bytes) = process::resident_bytes().and_then(|bytes| i64::try_from(bytes).ok()) {
        gauges.push(("process_resident_memory_bytes", "Resident memory in bytes.", bytes));
    }
    gauges
}

fn cpu() -> Result<Counter, prometheus::Error> {
    let cpu = Counter::new("process_cpu_seconds_total", "Processor time used, in seconds.")?;
    cpu.inc_by(process::cpu_seconds());
    Ok(cpu)
}
