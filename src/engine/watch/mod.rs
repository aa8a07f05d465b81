//! Looks once a second at what this process had of its CPU, whether its clock kept still, and whether it had a token that
//! hadn't expired. Nothing of it is on the way of a request: it is done beside the shards.

mod gauge;
mod group;
mod tokens;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use super::authorization::Authorizations;
use crate::metrics::{Lapse, Look, Strain};
use gauge::{Gauge, Reading, between};
use tokens::Tokens;

/// The time from one look to the next.
const EVERY: Duration = Duration::from_secs(1);

/// Watches over one phase, until it is ended or dropped.
#[derive(Debug)]
pub(super) struct Watch {
    sight: Arc<Mutex<Sight>>,
    looking: JoinHandle<()>,
}

#[derive(Debug)]
struct Sight {
    gauge: Gauge,
    /// None: nothing could be read yet.
    last: Option<Reading>,
    /// Whether anything could be read since the phase began.
    has_begun: bool,
    strain: Strain,
    tokens: Option<Tokens>,
}

impl Watch {
    /// Watches from `start` on.
    pub(super) fn begin(start: Instant, authorization: Option<Authorizations>) -> Self {
        let gauge = Gauge::of_this_process();
        let sight = Sight {
            last: gauge.read(),
            gauge,
            has_begun: false,
            strain: Strain::default(),
            tokens: authorization.map(Tokens::new),
        };
        let sight = Arc::new(Mutex::new(sight));
        let looking = tokio::spawn(look(Arc::clone(&sight), start));
        Watch { sight, looking }
    }

    /// What was seen so far.
    pub(super) fn strain(&self) -> Strain {
        lock(&self.sight).strain
    }

    /// For how long there was no token that hadn't expired, so far; none: there always was, or none is needed.
    pub(super) fn lapse(&self) -> Option<Lapse> {
        lock(&self.sight).tokens.as_ref().and_then(Tokens::lapse)
    }

    /// Looks a last time.
    pub(super) fn end(&self) {
        self.looking.abort();
        lock(&self.sight).look_last();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

async fn look(sight: Arc<Mutex<Sight>>, start: Instant) {
    let mut next = start;
    loop {
        sleep_until(next.into()).await;
        lock(&sight).look();
        next = Instant::now() + EVERY;
    }
}

impl Sight {
    fn look(&mut self) {
        self.look_at_tokens();
        self.look_at_gauge();
    }

    fn look_last(&mut self) {
        // Before the phase this is their first look, and tells of nothing.
        self.look_at_tokens();
        if self.has_begun {
            self.look_at_gauge();
        }
    }

    fn look_at_tokens(&mut self) {
        if let Some(tokens) = &mut self.tokens {
            tokens.look(Instant::now());
        }
    }

    fn look_at_gauge(&mut self) {
        // What can't be read now is told with the next look.
        let Some(now) = self.gauge.read() else { return };
        let seen = self.last.replace(now).map(|last| between(&last, &now)).unwrap_or_default();
        // The CPU that was used to make ready is none of the phase's.
        let clock_only = Look { clock_step_millis: seen.clock_step_millis, ..Look::default() };
        self.strain.add(if self.has_begun { &seen } else { &clock_only });
        self.has_begun = true;
    }
}

/// Whoever panicked meanwhile has left it whole: each look is added at once.
fn lock(sight: &Mutex<Sight>) -> MutexGuard<'_, Sight> {
    sight.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::plan::Authorization;

    /// What is seen of a token that has expired where nothing of the CPU can be read, after so many looks and the last one.
    #[track_caller]
    fn check(looks: usize, want: bool) {
        let mut authorization = Authorization::new("a");
        authorization.lapse("status 503");
        let (_tell, told) = watch::channel(authorization);
        let mut sight = Sight {
            gauge: Gauge::unreadable(),
            last: None,
            has_begun: false,
            strain: Strain::default(),
            tokens: Some(Tokens::new(told)),
        };
        (0..looks).for_each(|_| sight.look());
        sight.look_last();
        let lapse = sight.tokens.as_ref().and_then(Tokens::lapse);
        assert_eq!((lapse.is_some(), sight.strain), (want, Strain::default()), "{looks} looks");
    }

    #[test]
    fn a_token_that_has_expired_is_seen_in_a_short_phase_though_the_cpu_can_t_be() {
        check(0, false);
        check(1, true);
    }
}
