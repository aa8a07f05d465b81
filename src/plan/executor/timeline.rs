//! What every executor tells of itself: what is needed when, without a clock.

use std::fmt::Debug;
use std::ops::Range;
use std::time::Duration;

use crate::plan::model::PhaseIndex;
use crate::plan::share::Share;

/// A load over time.
pub trait Timeline: Debug {
    /// The load in words: `500 users for 2m, ramp 30s`.
    fn in_words(&self) -> String;

    /// How long it goes on starting iterations; none where that depends on the target.
    fn planned_length(&self) -> Option<Duration>;

    /// The most users at the same time.
    fn users(&self) -> u32;

    /// How many iterations are started in all; none where that depends on the target, or is drawn.
    fn total_iterations(&self) -> Option<u64>;

    /// Who begins iterations, and when.
    fn drive(&self) -> Drive<'_>;

    /// Until when what is sent isn't judged, from the phase's start.
    fn ramp_end(&self) -> Duration {
        Duration::ZERO
    }

    /// For how long users are added, judged or not.
    fn ramp(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether it lasts to its planned end where nothing begins any more.
    fn lasts_to_its_end(&self) -> bool {
        false
    }

    /// The least time in which users that come together are all there; none where that depends on the target.
    fn shortest_stage(&self) -> Option<Duration> {
        self.planned_length()
    }

    /// How much is asked of the target all the while; none where that changes, or ends before it can be told.
    fn level(&self) -> Option<Level> {
        None
    }

    /// Whether iterations start by a schedule, whatever the target does. A burst has none: each of its users sends
    /// when its turn comes, and the spread of that is judged.
    fn is_open_loop(&self) -> bool {
        matches!(self.drive(), Drive::Arrivals(_))
    }

    /// Whether its connections are opened before it begins: a burst is to hit all at once.
    fn connects_ahead(&self) -> bool {
        matches!(self.drive(), Drive::Users(users) if users.connects_ahead())
    }

    /// Whether many iterations of its schedule are due at the same moment.
    fn comes_in_batches(&self) -> bool {
        matches!(self.drive(), Drive::Arrivals(arrivals) if arrivals.comes_in_batches())
    }

    /// The whole seconds of what is judged, by number from the phase's start; none where its length depends on the
    /// target.
    fn whole_seconds(&self) -> Option<Range<u64>> {
        let ramp = self.ramp_end();
        let from = ramp.as_secs() + u64::from(ramp.subsec_nanos() > 0);
        self.planned_length().map(|length| from..length.as_secs())
    }
}

/// What begins iterations.
#[derive(Clone, Copy, Debug)]
pub enum Drive<'a> {
    /// Users that begin their next iteration when the last has ended: closed loops.
    Users(&'a dyn Users),
    /// A schedule, whatever the target does: an open loop.
    Arrivals(&'a dyn Arrivals),
    /// Nothing, for so long.
    Pause(Duration),
}

/// Users of closed loops.
pub trait Users: Debug {
    /// Stint number `stint` (from 0) of user number `user` (from 0, over all workers); none: it comes no more.
    /// With a pace, users that come together begin spread over at least one pace, so that the rate is even from the start
    /// instead of coming in waves of one pace.
    fn stint(&self, user: u64, stint: usize, pace: Duration) -> Option<Stint>;

    /// How many iterations there are.
    fn budget(&self) -> Budget;

    /// Whether connections are opened before it begins.
    fn connects_ahead(&self) -> bool {
        false
    }
}

/// The iterations of closed loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// As many as there is time for.
    Time,
    /// So many for each user.
    PerUser(u64),
    /// So many for all of them: whoever is free takes the next.
    Shared(u64),
}

/// A time in which a user is there, from the phase's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stint {
    /// When it begins its first iteration.
    pub begins: Duration,
    /// From when on it begins none; none: it ends with its iterations.
    pub until: Option<Duration>,
}

/// The iterations of an open loop, each due at a time.
pub trait Arrivals: Debug {
    /// Those that fall to a share, in their order. Where they are drawn, each share walks along all of them.
    fn walk(&self, share: Share, chance: Chance) -> Walk<'_>;

    /// Iterations in a second, over the whole of it.
    fn mean_rate(&self) -> f64;

    /// Iterations in a second where they are most; none where they all come at once.
    fn peak_rate(&self) -> Option<f64> {
        Some(self.mean_rate())
    }

    /// Whether many are due at the same moment, so that lag tells how many they are, not how late.
    fn comes_in_batches(&self) -> bool {
        false
    }
}

/// Arrivals in their order.
pub type Walk<'a> = Box<dyn Iterator<Item = Arrival> + 'a>;

/// One iteration of an open loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// Its number, from 0, over all workers.
    pub index: u64,
    /// When it is due, from the phase's start.
    pub due: Duration,
}

/// What is drawn for a phase as a whole is drawn from this.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    /// The test's seed.
    pub seed: u64,
    /// The phase.
    pub phase: PhaseIndex,
}

/// Arrivals of which each is known by its number alone.
pub(super) fn by_number<'a>(share: Share, total: u64, due: impl Fn(u64) -> Duration + 'a) -> Walk<'a> {
    Box::new(share.all(total).map(move |index| Arrival { index, due: due(index) }))
}

/// How much is asked of the target all the while.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// In users or in iterations a second.
    pub load: f64,
    /// `500 users`, `100/s`.
    pub name: String,
}

impl Level {
    /// Of so many users.
    #[must_use]
    pub fn of_users(users: u32) -> Self {
        Level { load: f64::from(users), name: format!("{users} users") }
    }
}

/// `whole · index / of`, exact to the nanosecond.
pub(super) fn part(whole: Duration, index: u64, of: u64) -> Duration {
    let nanos = whole.as_nanos() * u128::from(index) / u128::from(of.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
