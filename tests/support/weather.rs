//! What befalls messages on their way, drawn from a seed.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

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
    /// Three in ten are lost or unanswered, three in ten come twice, some come much too late.
    Flood,
    /// None arrives for a while.
    Darkness,
    /// All are told to come again later.
    Busyness,
    /// None is answered, and a watch that is open never tells anything any more.
    Silence,
    /// Watches end, and what they had to tell is gone.
    Gaps,
    /// Watches tell things twice, late, or not before they have ended.
    Gossip,
    /// Lists that a watch begins with are those that were asked for before.
    Staleness,
    /// What is made is there, and its maker is told that it took too long.
    Deafness,
}

/// What a watch does with an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gossip {
    /// It is told twice.
    Twice,
    /// It is told late, and so are those behind it.
    Late(Duration),
    /// It isn't told, and the watch ends: where it was, is too long ago for the next one.
    Lost,
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
    /// Whose path has this in it is spared.
    spares: Option<&'static str>,
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
        Weather { dice: Mutex::new(dice), troubles, until: Instant::now() + lasts, darkness, spares: None }
    }

    /// The same, but messages with this in their path are spared.
    pub(crate) fn sparing(self, part: &'static str) -> Self {
        Weather { spares: Some(part), ..self }
    }

    /// What becomes of the next message, which goes to this path.
    pub(crate) fn fate(&self, path: &str) -> Fate {
        let now = Instant::now();
        if self.spares.is_some_and(|part| path.contains(part)) {
            return Fate::Passed(Duration::ZERO);
        }
        if self.has(Trouble::Darkness) && self.darkness.contains(&now) {
            return Fate::Lost(self.darkness.end - now);
        }
        if now > self.until {
            return Fate::Passed(Duration::ZERO);
        }
        if self.has(Trouble::Silence) {
            return Fate::Lost(self.until - now);
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

    /// What a watch does with an event; none: it is as ever.
    pub(crate) fn gossip(&self) -> Option<Gossip> {
        let is_rough = self.has(Trouble::Gossip) && Instant::now() < self.until;
        let mut dice = self.dice.lock().unwrap();
        (is_rough && dice.percent(50))
            .then(|| [Gossip::Twice, Gossip::Late(dice.within(0..1000)), Gossip::Lost])
            .map(|all| dice.one_of(&all))
    }

    /// Whether watches that are open have nothing to tell any more, now and later.
    pub(crate) fn is_silent(&self) -> bool {
        self.has(Trouble::Silence)
    }

    /// Whether whoever has made something doesn't hear of it.
    pub(crate) fn is_deaf(&self) -> bool {
        self.has(Trouble::Deafness) && Instant::now() < self.until
    }

    /// Whether a list that a watch begins with is one from before.
    pub(crate) fn is_stale(&self) -> bool {
        self.has(Trouble::Staleness) && Instant::now() < self.until
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
        Trouble::Flood => {
            let copies = Fate::Twice(dice.within(0..20_000));
            let cuts = [Fate::Lost(Duration::ZERO), Fate::Unanswered];
            let late = Fate::Passed(dice.within(0..20_000));
            (
                65,
                [&cuts[..], &[copies; 2], &cuts[..], &[copies; 2], &cuts[..], &[copies; 2], &[late]].concat(),
            )
        }
        Trouble::Busyness => (100, vec![Fate::Refused(429)]),
        Trouble::Darkness
        | Trouble::Silence
        | Trouble::Gaps
        | Trouble::Gossip
        | Trouble::Staleness
        | Trouble::Deafness => return None,
    };
    dice.percent(percent).then(|| dice.one_of(&fates))
}
