//! What befalls messages on their way, drawn from a seed.

use std::ops::Range;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// What becomes of one message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// It arrives, so much later, and so does its answer.
    Passed(Duration),
    /// It never arrives, and its sender hears so after so long.
    Lost(Duration),
    /// It arrives, and its answer doesn't.
    Unanswered,
    /// It never arrives: this is the answer of something that stands in the way.
    Refused(u16),
    /// It arrives, and something that stands in the way answers that it took too long.
    TimedOut,
    /// It arrives, and once more so much later, when nobody waits for the answer any more.
    Twice(Duration),
    /// Only its first half arrives.
    Halved,
}

/// What the weather does to messages; each to some of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// 429, 500, 503, and 504 where it was done all the same.
    Errors,
    /// Connections break, before or after.
    Cuts,
    /// Late.
    Delays,
    /// Twice, the second one late: so it overtakes none and is overtaken by others.
    Copies,
    /// Without their ends.
    Halves,
    /// None arrives for a while.
    Darkness,
    /// Watches end, and what they had to tell is gone.
    Gaps,
}

/// Numbers that a seed gives.
pub(crate) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Dice(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// One below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A time in milliseconds.
    pub(crate) fn within(&mut self, millis: Range<u64>) -> Duration {
        Duration::from_millis(millis.start + self.below(millis.end - millis.start))
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// The weather on one road. It clears up after a while: what is tested is that a run survives it, not that it ends in it.
pub(crate) struct Weather {
    dice: Mutex<Dice>,
    troubles: Vec<Trouble>,
    until: Instant,
    darkness: Range<Instant>,
}

impl Weather {
    pub(crate) fn clear() -> Self {
        Weather::new(0, Vec::new(), Duration::ZERO)
    }

    /// From now on for so long.
    pub(crate) fn new(seed: u64, troubles: Vec<Trouble>, lasts: Duration) -> Self {
        let mut dice = Dice::of(seed);
        let begins = Instant::now() + dice.within(0..4000);
        let darkness = begins..begins + dice.within(500..6000);
        Weather { dice: Mutex::new(dice), troubles, until: Instant::now() + lasts, darkness }
    }

    /// What becomes of the next message.
    pub(crate) fn fate(&self) -> Fate {
        let now = Instant::now();
        if self.has(Trouble::Darkness) && self.darkness.contains(&now) {
            return Fate::Lost(self.darkness.end - now);
        }
        if now > self.until {
            return Fate::Passed(Duration::ZERO);
        }
        let mut dice = self.dice.lock().unwrap();
        let befallen = self.troubles.iter().find_map(|trouble| befalls(*trouble, &mut dice));
        befallen.unwrap_or(Fate::Passed(Duration::ZERO))
    }

    /// How long a watch that begins now lasts; none: as long as its ends want.
    pub(crate) fn watch_lasts(&self) -> Option<Duration> {
        let is_rough = self.has(Trouble::Gaps) && Instant::now() < self.until;
        is_rough.then(|| self.dice.lock().unwrap().within(0..1500))
    }

    /// Whether a watch is refused because what it asks for lies too far back.
    pub(crate) fn is_too_old(&self) -> bool {
        let is_rough = self.has(Trouble::Gaps) && Instant::now() < self.until;
        is_rough && self.dice.lock().unwrap().percent(30)
    }

    fn has(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }
}

/// What one trouble does to a message; none: it spares it.
fn befalls(trouble: Trouble, dice: &mut Dice) -> Option<Fate> {
    let (percent, fates) = match trouble {
        Trouble::Errors => {
            (20, vec![Fate::Refused(429), Fate::Refused(500), Fate::Refused(503), Fate::TimedOut])
        }
        Trouble::Cuts => (30, vec![Fate::Lost(Duration::ZERO), Fate::Unanswered]),
        Trouble::Delays => (30, vec![Fate::Passed(dice.within(0..300)), Fate::Passed(dice.within(0..3000))]),
        Trouble::Copies => (30, vec![Fate::Twice(dice.within(0..100)), Fate::Twice(dice.within(0..5000))]),
        Trouble::Halves => (15, vec![Fate::Halved]),
        Trouble::Darkness | Trouble::Gaps => return None,
    };
    dice.percent(percent).then(|| dice.one_of(&fates))
}
