//! The circuit breaker around the backend.
//!
//! ```text
//! Closed ──5 failures in a row──► Open ──recovery time──► HalfOpen ──3 successes──► Closed
//!                                  ▲────────────failure──────┘
//! ```
//! An operator's "open" holds until an operator's "closed".

use std::time::{Duration, Instant};

use serde::Serialize;

const FAILURES_TO_OPEN: u32 = 5;
const SUCCESSES_TO_CLOSE: u32 = 3;
/// How long an open circuit stays open unless told otherwise.
pub(super) const RECOVERY: Duration = Duration::from_secs(10);

/// Whether requests pass to the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CircuitState {
    /// They pass.
    Closed,
    /// They pass on trial: three successes close, one failure opens.
    HalfOpen,
    /// They are answered 503.
    Open,
}

/// The breaker; time is an argument.
#[derive(Debug)]
pub(super) struct Circuit {
    phase: Phase,
    recovery: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed { failures: u32 },
    Open { since: Instant },
    HalfOpen { successes: u32 },
    HeldOpen,
}

impl Circuit {
    pub(super) const fn new() -> Self {
        Self { phase: Phase::Closed { failures: 0 }, recovery: RECOVERY }
    }

    /// Whether a request may pass now; the first after the recovery time makes the circuit half-open.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        match self.phase {
            Phase::Closed { .. } | Phase::HalfOpen { .. } => true,
            Phase::HeldOpen => false,
            Phase::Open { since } => {
                let recovered = now.saturating_duration_since(since) >= self.recovery;
                if recovered {
                    self.phase = Phase::HalfOpen { successes: 0 };
                }
                recovered
            }
        }
    }

    /// The backend answered.
    pub(super) fn succeeded(&mut self) {
        self.phase = match self.phase {
            Phase::Closed { .. } => Phase::Closed { failures: 0 },
            Phase::HalfOpen { successes } if successes + 1 >= SUCCESSES_TO_CLOSE => {
                Phase::Closed { failures: 0 }
            }
            Phase::HalfOpen { successes } => Phase::HalfOpen { successes: successes + 1 },
            // A request admitted before the circuit opened says nothing about now.
            open @ (Phase::Open { .. } | Phase::HeldOpen) => open,
        };
    }

    /// The backend failed.
    pub(super) fn failed(&mut self, now: Instant) {
        self.phase = match self.phase {
            Phase::Closed { failures } if failures + 1 < FAILURES_TO_OPEN => {
                Phase::Closed { failures: failures + 1 }
            }
            Phase::Closed { .. } | Phase::HalfOpen { .. } => Phase::Open { since: now },
            open @ (Phase::Open { .. } | Phase::HeldOpen) => open,
        };
    }

    /// Opens until [`close`](Self::close).
    pub(super) fn hold_open(&mut self) {
        self.phase = Phase::HeldOpen;
    }

    pub(super) fn close(&mut self) {
        self.phase = Phase::Closed { failures: 0 };
    }

    pub(super) fn recover_after(&mut self, recovery: Duration) {
        self.recovery = recovery;
    }

    pub(super) const fn recovery(&self) -> Duration {
        self.recovery
    }

    pub(super) const fn state(&self) -> CircuitState {
        match self.phase {
            Phase::Closed { .. } => CircuitState::Closed,
            Phase::HalfOpen { .. } => CircuitState::HalfOpen,
            Phase::Open { .. } | Phase::HeldOpen => CircuitState::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens to a circuit: `f`ailure, `s`uccess, a recovery time `w`aited, a request `a`sking to pass.
    fn after(happenings: &str) -> CircuitState {
        let (mut circuit, mut now) = (Circuit::new(), Instant::now());
        for happening in happenings.chars() {
            match happening {
                'f' => circuit.failed(now),
                's' => circuit.succeeded(),
                'w' => now += RECOVERY,
                'a' => drop(circuit.admits(now)),
                'h' => circuit.hold_open(),
                _ => circuit.close(),
            }
        }
        circuit.state()
    }

    #[test]
    fn the_circuit_follows_its_table() {
        let table = [
            ("", CircuitState::Closed),
            ("ffff", CircuitState::Closed),
            ("ffffsffff", CircuitState::Closed),
            ("fffff", CircuitState::Open),
            ("fffffa", CircuitState::Open),
            ("fffffwa", CircuitState::HalfOpen),
            ("fffffwass", CircuitState::HalfOpen),
            ("fffffwasss", CircuitState::Closed),
            ("fffffwassf", CircuitState::Open),
            ("fffffsss", CircuitState::Open),
            ("hwa", CircuitState::Open),
            ("hc", CircuitState::Closed),
        ];
        for (happenings, state) in table {
            assert_eq!(after(happenings), state, "after {happenings:?}");
        }
    }
}
