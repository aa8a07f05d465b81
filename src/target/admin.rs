//! What an operator can change about the target's health, and how it stands.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::circuit::{Circuit, CircuitState};
use super::illness::{Disease, MAX_LEAK};
use super::pool::MAX_SIZE;
use super::route::Path;
use super::velro::Velro;

/// The longest wait that can be asked for, in milliseconds: one hour.
const MAX_MILLIS: u64 = 3_600_000;

/// A change of the target's health; what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Change {
    latency_micros: Option<u64>,
    jitter_micros: Option<u64>,
    /// The only path that falls ill; `*` for all.
    path: Option<String>,
    error_every: Option<u64>,
    cache_off: Option<bool>,
    /// Bounds every layer's time to live.
    cache_ttl_millis: Option<u64>,
    pool_size: Option<usize>,
    pool_hold_micros: Option<u64>,
    /// How long a request waits for a connection before it is answered 503.
    pool_wait_millis: Option<u64>,
    /// Kept by each request, 1 GiB in all.
    leak_bytes: Option<usize>,
    stall_millis: Option<u64>,
    hang: Option<bool>,
    reset: Option<bool>,
    circuit: Option<Lever>,
    circuit_recovery_millis: Option<u64>,
    /// A backend that is down fails every visit: 502, and the circuit breaker counts it.
    backend_down: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Lever {
    Open,
    Closed,
}

/// Why a change was refused; nothing of it was applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChangeError {
    #[error("not a change: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{field}: {value} is above {most}")]
    TooLarge { field: &'static str, value: u64, most: u64 },
    #[error("path: {0:?} is none of /health, /auth, /authz, /generations, /models, /media and * for all")]
    Path(String),
}

impl Change {
    /// Reads a change and checks it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ChangeError> {
        let change: Self = serde_json::from_slice(body)?;
        let as_u64 = |size: Option<usize>| size.map(|size| size as u64);
        let limits = [
            ("latencyMicros", change.latency_micros, MAX_MILLIS * 1000),
            ("jitterMicros", change.jitter_micros, MAX_MILLIS * 1000),
            ("cacheTtlMillis", change.cache_ttl_millis, MAX_MILLIS),
            ("poolSize", as_u64(change.pool_size), MAX_SIZE as u64),
            ("poolHoldMicros", change.pool_hold_micros, MAX_MILLIS * 1000),
            ("poolWaitMillis", change.pool_wait_millis, MAX_MILLIS),
            ("leakBytes", as_u64(change.leak_bytes), MAX_LEAK as u64),
            ("stallMillis", change.stall_millis, MAX_MILLIS),
            ("circuitRecoveryMillis", change.circuit_recovery_millis, MAX_MILLIS),
        ];
        for (field, value, most) in limits {
            if let Some(value) = value.filter(|value| *value > most) {
                return Err(ChangeError::TooLarge { field, value, most });
            }
        }
        change.path.as_deref().map(scope).transpose()?;
        Ok(change)
    }

    /// Makes the target so.
    pub(super) fn apply(&self, velro: &Velro) {
        velro.illness.change(|disease| self.infect(disease));
        self.apply_to_cache(velro);
        self.apply_to_backend(velro);
    }

    fn infect(&self, disease: &mut Disease) {
        let micros = |new: Option<u64>, old| new.map_or(old, Duration::from_micros);
        disease.latency = micros(self.latency_micros, disease.latency);
        disease.jitter = micros(self.jitter_micros, disease.jitter);
        if let Some(Ok(path)) = self.path.as_deref().map(scope) {
            disease.path = path;
        }
        disease.error_every = self.error_every.unwrap_or(disease.error_every);
        disease.leak_bytes = self.leak_bytes.unwrap_or(disease.leak_bytes);
        if let Some(millis) = self.stall_millis {
            disease.stalled_until = Some(Instant::now() + Duration::from_millis(millis));
        }
        disease.hang = self.hang.unwrap_or(disease.hang);
        disease.reset = self.reset.unwrap_or(disease.reset);
    }

    fn apply_to_cache(&self, velro: &Velro) {
        if let Some(off) = self.cache_off {
            velro.cache.switch_off(off);
        }
        if self.cache_ttl_millis.is_some() {
            velro.cache.limit_ttl(self.cache_ttl_millis);
        }
    }

    fn apply_to_backend(&self, velro: &Velro) {
        if let Some(size) = self.pool_size {
            velro.pool.resize(size);
        }
        if let Some(micros) = self.pool_hold_micros {
            velro.pool.hold_for(micros);
        }
        if let Some(millis) = self.pool_wait_millis {
            velro.pool.wait_for(millis);
        }
        if let Some(down) = self.backend_down {
            velro.set_backend_down(down);
        }
        velro.circuit(|circuit, _| self.turn(circuit));
    }

    fn turn(&self, circuit: &mut Circuit) {
        if let Some(millis) = self.circuit_recovery_millis {
            circuit.recover_after(Duration::from_millis(millis));
        }
        match self.circuit {
            Some(Lever::Open) => circuit.hold_open(),
            Some(Lever::Closed) => circuit.close(),
            None => {}
        }
    }
}

/// The path an illness is limited to.
fn scope(path: &str) -> Result<Option<Path>, ChangeError> {
    match Path::of(path) {
        Path::Unknown if path == "*" => Ok(None),
        Path::Unknown | Path::Cache | Path::Metrics | Path::Stats | Path::Admin => {
            Err(ChangeError::Path(path.to_owned()))
        }
        ill @ (Path::Health | Path::Auth | Path::Authz | Path::Generations | Path::Models | Path::Media) => {
            Ok(Some(ill))
        }
    }
}

/// How the target stands; the fields of a change, and what they led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each switch of a change is shown as it stands")]
pub(super) struct State {
    latency_micros: u128,
    jitter_micros: u128,
    path: &'static str,
    error_every: u64,
    cache_off: bool,
    cache_ttl_millis: Option<u64>,
    pool_size: usize,
    pool_hold_micros: u128,
    pool_wait_millis: u64,
    leak_bytes: usize,
    leaked_bytes: usize,
    /// What is left of a stall.
    stall_millis: u128,
    hang: bool,
    reset: bool,
    circuit: CircuitState,
    circuit_recovery_millis: u128,
    backend_down: bool,
}

/// How the target stands now.
pub(super) fn state(velro: &Velro) -> State {
    let disease = velro.illness.disease();
    let left = |until: Instant| until.saturating_duration_since(Instant::now()).as_millis();
    let (circuit, recovery) = velro.circuit(|circuit, _| (circuit.state(), circuit.recovery()));
    State {
        latency_micros: disease.latency.as_micros(),
        jitter_micros: disease.jitter.as_micros(),
        path: disease.path.map_or("*", Path::name),
        error_every: disease.error_every,
        cache_off: velro.cache.is_off(),
        cache_ttl_millis: velro.cache.ttl_limit_millis(),
        pool_size: velro.pool.size(),
        pool_hold_micros: velro.pool.hold().as_micros(),
        pool_wait_millis: velro.pool.wait_millis(),
        leak_bytes: disease.leak_bytes,
        leaked_bytes: velro.illness.leaked_bytes(),
        stall_millis: disease.stalled_until.map_or(0, left),
        hang: disease.hang,
        reset: disease.reset,
        circuit,
        circuit_recovery_millis: recovery.as_millis(),
        backend_down: velro.is_backend_down(),
    }
}
