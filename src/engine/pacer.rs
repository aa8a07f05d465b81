//! When iterations of open loops begin: an absolute schedule that nothing shifts.
//!
//! ```text
//! due      |    |    |    |    |        one slot every 1/rate, counted from the phase's start
//! wake     ^         ^         ^        a late wake drains all slots that are due
//! user     a    b    a    b    -        no free user: dropped and counted by its reason; the lobby's exception aside, never delayed
//! ```

use std::rc::Rc;

use tokio::task::JoinSet;

use super::compile::micros;
use super::floor::Floor;
use super::iteration::{Turn, User};
use super::lobby::{Arrival, Lobby};
use super::timer::FineTimer;
use super::user::{Present, all_through};
use crate::metrics::DropReason;
use crate::metrics::series::LATE_MICROS;
use crate::plan::draw::Draws;
use crate::plan::executor::{self, Arrivals};

/// After so many slots without a wait, users get their turn.
const MOST_SLOTS_AT_ONCE: u32 = 32;

/// Begins the iterations of this shard's share of arrivals by its share of their users, then waits for all.
pub(super) async fn open(floor: Rc<Floor>, arrivals: &dyn Arrivals) {
    let mut arrivals = floor.arrivals(arrivals);
    let most_users = floor.count(floor.phase().executor.users().into());
    let lobby = Rc::new(Lobby::default());
    // Of a batch all are due at once: to be come to late isn't to have missed it.
    let makes_up = !floor.phase().executor.comes_in_batches();
    let mut users = JoinSet::new();
    let Ok(timer) = FineTimer::new() else {
        // Without a descriptor for the timer nothing can be sent in time: all of it is told as dropped.
        drop_all(&floor, arrivals.count());
        return;
    };
    // Before the phase's start the clock stands at 0: what is due then isn't due yet.
    if timer.until(floor.at(0)).await.is_err() {
        drop_all(&floor, arrivals.count());
        return;
    }
    let mut without_wait = 0;
    while let Some(executor::Arrival { index, due }) = arrivals.next() {
        let arrival = Arrival { index, due: micros(due) };
        if floor.now() < arrival.due {
            without_wait = 0;
            if timer.until(floor.at(arrival.due)).await.is_err() {
                drop_all(&floor, 1 + arrivals.count());
                break;
            }
        } else {
            without_wait += 1;
        }
        if floor.stop.aborted() {
            break;
        }
        if makes_up {
            lobby.come_to(&arrival, floor.now());
        }
        floor.recorder.borrow_mut().scheduled(1);
        dispatch(&floor, arrival, &lobby, &mut users, most_users);
        if without_wait >= MOST_SLOTS_AT_ONCE {
            without_wait = 0;
            tokio::task::yield_now().await;
        }
    }
    lobby.close();
    floor.close_pool();
    all_through(users).await;
}

fn dispatch(
    floor: &Rc<Floor>,
    arrival: Arrival,
    lobby: &Rc<Lobby>,
    users: &mut JoinSet<()>,
    most_users: u64,
) {
    let Err(arrival) = lobby.hand(arrival) else { return };
    if (users.len() as u64) < most_users {
        let number = floor.global(users.len() as u64);
        users.spawn_local(serve(Rc::clone(floor), number, arrival, Rc::clone(lobby)));
        return;
    }
    let now = floor.now();
    if let Err(arrival) = lobby.wait(arrival, now) {
        let_go(floor, now, &arrival);
    }
}

/// Nobody was free for `arrival`, which was come to at `come_to`.
fn let_go(floor: &Floor, come_to: u64, arrival: &Arrival) {
    let is_late = come_to > arrival.due + LATE_MICROS;
    let why = if is_late { DropReason::Late } else { DropReason::NoFreeUser };
    floor.recorder.borrow_mut().iteration_dropped(floor.part(arrival.due), why);
}

/// A user of an open loop: runs what it is given, then waits for more.
async fn serve(floor: Rc<Floor>, number: u64, first: Arrival, lobby: Rc<Lobby>) {
    let _present = Present::new(&floor);
    let mut user = User::new(&floor, number);
    // Of a batch all are due at once: from then on would tell how many there are, not how long the target takes.
    let counts_from_due = !floor.phase().executor.comes_in_batches();
    let mut next = Some(first);
    while let Some(Arrival { index, due }) = next {
        let mut draws = Draws::open(floor.seed(), floor.phase_index(), index);
        let scenario = draws.weighted(&floor.compiled.weights);
        if floor.has_rows(scenario, index) {
            let mut turn =
                Turn { iteration: index, index, round: 0, scenario, draws, due: Some(due), counts_from_due };
            user.run(&mut turn).await;
        }
        next = match waiting(&floor, &lobby) {
            None if floor.pool_closed() => None,
            None => lobby.offer().await.ok(),
            waiting => waiting,
        };
    }
    user.tear_down().await;
}

/// The next of those that wait for a user.
fn waiting(floor: &Floor, lobby: &Lobby) -> Option<Arrival> {
    while !floor.stop.aborted() {
        match lobby.next_waiting(floor.now())? {
            Ok(arrival) => return Some(arrival),
            Err((come_to, late)) => let_go(floor, come_to, &late),
        }
    }
    None
}

fn drop_all(floor: &Floor, count: usize) {
    let mut recorder = floor.recorder.borrow_mut();
    recorder.scheduled(count as u64);
    for _ in 0..count {
        recorder.iteration_dropped(floor.part(floor.now()), DropReason::NoTimer);
    }
}
