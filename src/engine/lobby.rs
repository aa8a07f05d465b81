//! Where the arrivals of an open loop and its free users find each other.
//!
//! An arrival that finds no free user isn't begun at all, with one exception: what came due while the generator itself
//! stood still comes at once afterwards, and waits a moment for users that are free again as soon as they are answered.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use tokio::sync::oneshot;

use crate::metrics::series::LATE_MICROS;

/// The most arrivals that wait at once.
const MOST_WAITING: usize = 1024;
/// Nobody is that late without having stood still.
const STOOD_STILL_MICROS: u64 = 1_000;

/// One slot of the schedule.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) index: u64,
    pub(super) due: u64,
}

/// Arrivals and free users.
#[derive(Debug, Default)]
pub(super) struct Lobby {
    /// The user that came last goes first, so that warm connections are used again.
    free: RefCell<Vec<oneshot::Sender<Arrival>>>,
    /// With the moment from when on each waits.
    waiting: RefCell<VecDeque<(u64, Arrival)>>,
    /// Until when arrivals wait.
    makes_up_until: Cell<u64>,
}

impl Lobby {
    /// Hands `arrival` to a free user; back where there is none.
    pub(super) fn hand(&self, mut arrival: Arrival) -> Result<(), Arrival> {
        loop {
            // Taken out before it is used: the user may be ending, and then the next one is asked.
            let free = self.free.borrow_mut().pop();
            let Some(user) = free else { return Err(arrival) };
            match user.send(arrival) {
                Ok(()) => return Ok(()),
                Err(back) => arrival = back,
            }
        }
    }

    /// Notes that `arrival` is come to at `now`: so late, and the generator has stood still until then.
    pub(super) fn come_to(&self, arrival: &Arrival, now: u64) {
        let late = now.saturating_sub(arrival.due);
        if late > STOOD_STILL_MICROS {
            // What came due meanwhile keeps users from what comes due next.
            self.makes_up_until.set(self.makes_up_until.get().max(now + 2 * late.min(LATE_MICROS)));
        }
    }

    /// Lets `arrival` wait, where arrivals do at all and there is room; else it comes back.
    pub(super) fn wait(&self, arrival: Arrival, now: u64) -> Result<(), Arrival> {
        let mut waiting = self.waiting.borrow_mut();
        if now >= self.makes_up_until.get() || waiting.len() >= MOST_WAITING {
            return Err(arrival);
        }
        waiting.push_back((now, arrival));
        Ok(())
    }

    /// The one that waits longest, if it hasn't waited for too long; else it comes back, with the moment since when it did.
    pub(super) fn next_waiting(&self, now: u64) -> Option<Result<Arrival, (u64, Arrival)>> {
        let (since, arrival) = self.waiting.borrow_mut().pop_front()?;
        Some(if now > until(since, &arrival) { Err((since, arrival)) } else { Ok(arrival) })
    }

    /// What a user that is free now is handed next.
    pub(super) fn offer(&self) -> oneshot::Receiver<Arrival> {
        let (offer, arrival) = oneshot::channel();
        self.free.borrow_mut().push(offer);
        arrival
    }

    /// Sends all free users home.
    pub(super) fn close(&self) {
        self.free.borrow_mut().clear();
    }
}

/// How long an arrival waits that does so since `since`: what wasn't late when it was come to never becomes so by waiting.
fn until(since: u64, arrival: &Arrival) -> u64 {
    let is_late = since > arrival.due + LATE_MICROS;
    (if is_late { since } else { arrival.due }) + LATE_MICROS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(due: u64) -> Arrival {
        Arrival { index: due, due }
    }

    /// A lobby whose generator came to an arrival so late, at moment 100,000.
    fn stood_still(late: u64) -> Lobby {
        let lobby = Lobby::default();
        lobby.come_to(&arrival(100_000 - late), 100_000);
        lobby
    }

    fn waits(lobby: &Lobby, due: u64, now: u64) -> bool {
        lobby.wait(arrival(due), now).is_ok()
    }

    #[test]
    fn arrivals_wait_only_while_a_standstill_is_made_up_for() {
        for (late, now, want) in [
            (0, 100_000, false),
            (1_000, 100_000, false),
            (1_001, 100_000, true),
            (4_000, 107_999, true),
            (4_000, 108_000, false),
            (5_000, 109_999, true),
            // A generator that is far behind never makes up for all of it.
            (90_000, 110_000, false),
        ] {
            assert_eq!(waits(&stood_still(late), now, now), want, "{late} µs late, at {now}");
        }
    }

    #[test]
    fn who_waits_longest_comes_first_and_nobody_waits_for_long_or_is_late_by_waiting() {
        let lobby = stood_still(50_000);
        for (due, since) in [(50_000, 100_000), (99_000, 100_000), (51_000, 101_000), (103_000, 103_000)] {
            assert!(waits(&lobby, due, since));
        }
        let next = |now| {
            let next = lobby.next_waiting(now)?;
            Some(next.map(|arrival| arrival.due).map_err(|(since, arrival)| (since, arrival.due)))
        };
        assert_eq!(next(105_000), Some(Ok(50_000)));
        assert_eq!(next(105_000), Some(Err((100_000, 99_000))));
        assert_eq!(next(106_001), Some(Err((101_000, 51_000))));
        assert_eq!(next(108_000), Some(Ok(103_000)));
        assert_eq!(next(108_000), None);
    }

    #[test]
    fn only_so_many_wait_and_the_others_come_back() {
        let lobby = stood_still(5_000);
        let waiting = (0..2_000).filter(|_| waits(&lobby, 96_000, 100_000)).count();
        assert_eq!(waiting, MOST_WAITING);
    }

    #[tokio::test]
    async fn an_arrival_goes_to_the_user_that_was_free_last_and_not_to_one_that_is_gone() {
        let lobby = Lobby::default();
        let (first, second, third) = (lobby.offer(), lobby.offer(), lobby.offer());
        drop(third);
        assert!(lobby.hand(arrival(7)).is_ok());
        assert_eq!(second.await.map(|one| one.due), Ok(7));
        assert!(lobby.hand(arrival(8)).is_ok());
        assert_eq!(first.await.map(|one| one.due), Ok(8));
        assert_eq!(lobby.hand(arrival(9)).map_err(|one| one.due), Err(9));
    }
}
