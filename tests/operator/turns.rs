//! Whose turn it is: tests share one operator and few cores, and wait for something most of their time.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a test must not share with another at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: it waits for what doesn't begin, or sends next to nothing.
    Nothing,
    /// The cores: its generator is to be sound.
    Cores,
    /// The operator, which it restarts.
    Operator,
}

/// Lets tests begin: of those that may, always the first in the list.
pub(crate) struct Turns {
    at_once: usize,
    since: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// By their places in the list.
    waiting: BTreeMap<usize, Needs>,
    under_way: Vec<Needs>,
    over: Vec<Over>,
}

/// A test that is over.
struct Over {
    name: &'static str,
    began: Duration,
    took: Duration,
}

/// A test that waits for its turn, until this is dropped.
pub(crate) struct Waiting<'a> {
    turns: &'a Turns,
    place: usize,
    needs: Needs,
}

/// A test that is under way, until this is dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    name: &'static str,
    needs: Needs,
    began: Instant,
}

impl Turns {
    /// At most so many are under way at once.
    pub(crate) fn new(at_once: usize) -> Self {
        Turns { at_once, since: Instant::now(), state: Mutex::default(), changed: Condvar::new() }
    }

    /// Puts the test at this place of the list among those that wait.
    pub(crate) fn come(&self, place: usize, needs: Needs) -> Waiting<'_> {
        self.state().waiting.insert(place, needs);
        Waiting { turns: self, place, needs }
    }

    /// Tells when each began and how long it took: what the whole of them waits for.
    pub(crate) fn tell(&self) {
        let mut over = std::mem::take(&mut self.state().over);
        over.sort_by_key(|over| over.began);
        let line = |Over { name, began, took }: &Over| {
            format!("{:>5} s {:>5} s  {name}\n", began.as_secs(), took.as_secs())
        };
        eprintln!("\n  began    took  test\n{}", over.iter().map(line).collect::<String>());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Waiting<'a> {
    /// Waits until it is its turn.
    pub(crate) fn take(self, name: &'static str) -> Turn<'a> {
        let Waiting { turns, place, needs } = self;
        let is_not_next = |state: &mut State| state.next(turns.at_once) != Some(place);
        let waited = turns.changed.wait_while(turns.state(), is_not_next);
        waited.unwrap_or_else(PoisonError::into_inner).under_way.push(needs);
        Turn { turns, name, needs, began: Instant::now() }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.turns.state().waiting.remove(&self.place);
        // Another one may begin now.
        self.turns.changed.notify_all();
    }
}

impl State {
    fn next(&self, at_once: usize) -> Option<usize> {
        self.waiting.iter().find(|(_, needs)| self.has_room_for(**needs, at_once)).map(|(place, _)| *place)
    }

    fn has_room_for(&self, needs: Needs, at_once: usize) -> bool {
        let has = |other: Needs| self.under_way.contains(&other);
        let is_room = self.under_way.len() < at_once && !has(Needs::Operator);
        match needs {
            Needs::Nothing => is_room,
            Needs::Cores => is_room && !has(Needs::Cores),
            Needs::Operator => self.under_way.is_empty(),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        let own = state.under_way.iter().position(|needs| *needs == self.needs);
        state.under_way.remove(own.unwrap_or_default());
        let began = self.began.duration_since(self.turns.since);
        state.over.push(Over { name: self.name, began, took: self.began.elapsed() });
        drop(state);
        self.turns.changed.notify_all();
    }
}
