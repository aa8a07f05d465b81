//! What a request suffers before it is answered: waits, errors, leaks, hangs and broken responses.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use tokio::sync::Notify;

use super::lock::lock;
use super::route::Path;

/// Leaked memory never exceeds this.
pub(super) const MAX_LEAK: usize = 1 << 30;

/// The part of an illness that a request meets at the door.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Disease {
    pub(super) latency: Duration,
    pub(super) jitter: Duration,
    /// The only path that suffers; every path without one. A stall holds back all paths.
    pub(super) path: Option<Path>,
    /// Every so manieth request is answered 500; none at 0.
    pub(super) error_every: u64,
    pub(super) leak_bytes: usize,
    pub(super) stalled_until: Option<Instant>,
    pub(super) hang: bool,
    pub(super) reset: bool,
}

impl Disease {
    fn is_none(&self) -> bool {
        *self == Self { path: self.path, ..Self::default() }
    }
}

/// What one request suffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Symptoms {
    pub(super) wait: Duration,
    pub(super) error: bool,
    pub(super) hang: bool,
    pub(super) reset: bool,
}

/// The target's illness, shared by all threads.
#[derive(Debug)]
pub(super) struct Illness {
    healthy: AtomicBool,
    ward: Mutex<Ward>,
    changed: Notify,
}

#[derive(Debug)]
struct Ward {
    disease: Disease,
    /// Requests counted by `error_every`.
    counted: u64,
    jitter: Xoshiro256PlusPlus,
    leaked: Vec<Vec<u8>>,
    leaked_bytes: usize,
}

impl Illness {
    pub(super) fn none() -> Self {
        let ward = Ward {
            disease: Disease::default(),
            counted: 0,
            jitter: Xoshiro256PlusPlus::seed_from_u64(0),
            leaked: Vec::new(),
            leaked_bytes: 0,
        };
        Self { healthy: AtomicBool::new(true), ward: Mutex::new(ward), changed: Notify::new() }
    }

    /// Whether no request suffers anything; the fast path's only question.
    pub(super) fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Acquire)
    }

    pub(super) fn disease(&self) -> Disease {
        lock(&self.ward).disease.clone()
    }

    pub(super) fn leaked_bytes(&self) -> usize {
        lock(&self.ward).leaked_bytes
    }

    /// Changes the disease; a change of `error_every` starts its count anew.
    pub(super) fn change(&self, change: impl FnOnce(&mut Disease)) {
        let mut ward = lock(&self.ward);
        let before = ward.disease.error_every;
        change(&mut ward.disease);
        if ward.disease.error_every != before {
            ward.counted = 0;
        }
        self.healthy.store(ward.disease.is_none(), Ordering::Release);
        drop(ward);
        self.changed.notify_waiters();
    }

    /// Ends the disease, every stall under way, and the leak.
    pub(super) fn heal(&self) {
        self.change(|disease| *disease = Disease::default());
        let mut ward = lock(&self.ward);
        ward.counted = 0;
        ward.leaked = Vec::new();
        ward.leaked_bytes = 0;
    }

    /// Waits until no stall is left, be it over, shortened or healed.
    pub(super) async fn outlast_stall(&self) {
        loop {
            let changed = self.changed.notified();
            let Some(until) = self.disease().stalled_until else { return };
            if Instant::now() >= until {
                return self.end_stall(until);
            }
            let over = tokio::time::sleep_until(until.into());
            tokio::select! { () = over => {}, () = changed => {} }
        }
    }

    /// Forgets a stall that is over, unless it was prolonged meanwhile.
    fn end_stall(&self, until: Instant) {
        self.change(|disease| disease.stalled_until = disease.stalled_until.filter(|end| *end != until));
    }

    /// What the next request to this path suffers.
    pub(super) fn strike(&self, path: Path) -> Symptoms {
        let mut ward = lock(&self.ward);
        if ward.disease.path.is_some_and(|ill| ill != path) {
            return Symptoms::default();
        }
        ward.leak();
        Symptoms {
            wait: ward.disease.latency + ward.draw_jitter(),
            error: ward.errs(),
            hang: ward.disease.hang,
            reset: ward.disease.reset,
        }
    }
}

impl Ward {
    fn errs(&mut self) -> bool {
        self.counted += 1;
        self.disease.error_every != 0 && self.counted.is_multiple_of(self.disease.error_every)
    }

    /// A wait between nothing and the whole jitter, all equally likely.
    fn draw_jitter(&mut self) -> Duration {
        match u64::try_from(self.disease.jitter.as_micros()) {
            Ok(0) | Err(_) => Duration::ZERO,
            Ok(most) => Duration::from_micros(self.jitter.next_u64() % (most + 1)),
        }
    }

    /// Keeps so many bytes, written so that they are resident.
    fn leak(&mut self) {
        let bytes = self.disease.leak_bytes.min(MAX_LEAK - self.leaked_bytes);
        if bytes > 0 {
            self.leaked.push(vec![1; bytes]);
            self.leaked_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn jitter_spreads_over_its_whole_range_and_not_beyond() {
        let illness = Illness::none();
        let (latency, jitter) = (Duration::from_micros(100), Duration::from_micros(9));
        illness.change(|disease| *disease = Disease { latency, jitter, ..Disease::default() });
        let waits: BTreeSet<Duration> = (0..1_000).map(|_| illness.strike(Path::Auth).wait).collect();
        assert_eq!(
            (waits.len(), waits.first(), waits.last()),
            (10, Some(&latency), Some(&(latency + jitter)))
        );
    }
}
