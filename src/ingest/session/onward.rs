//! Goes on from a phase of a known length while some can't be reached: what they will do, and what they have done.
//!
//! Whoever is cut off begins the next phase by itself, at a moment that follows from the plan and the start of the last
//! one. The others are told to begin it at that moment too. Where they couldn't, whoever did is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Session;
use super::member::Member;
use crate::ingest::coordinator::{Begun, Stage};
use crate::plan::onward::LATE;
use crate::plan::{LegIndex, Onward, Plan};

/// The clocks of two machines go differently by at most one part in so many.
const DRIFT: u32 = 5000;

/// For each phase after one of a known length: that one, and when it begins by itself, from the start of that one.
pub(super) type Onwards = BTreeMap<LegIndex, (LegIndex, Onward)>;

pub(super) fn onwards(plan: &Plan) -> Onwards {
    let course = || plan.legs_to_run();
    let pairs = course().zip(course().skip(1));
    pairs.filter_map(|(ended, next)| Some((next, (ended, plan.onward(ended, next)?)))).collect()
}

impl Session {
    /// When `next` begins for those who are cut off, on the session's clock.
    fn onward(&self, next: LegIndex) -> Option<Onward> {
        let (ended, onward) = self.onwards.get(&next)?;
        Some(onward.after(*self.starts.get(ended)?))
    }

    /// When `next` is to begin for all: with those who can't be reached, once all who can are at `stage`.
    pub(super) fn begins_by_itself(&self, next: LegIndex, stage: &Stage, now: Duration) -> Option<Duration> {
        let onward = self.onward(next).filter(|onward| onward.ready_from <= now && now < onward.begins)?;
        let mut taking_part = self.members.iter().filter(|member| !member.lost);
        let are_all = taking_part.all(|member| {
            member.is_at(stage) || self.is_cut_off(member, now) && self.was_long(member, onward)
        });
        let is_anyone = self.members.iter().any(|member| !member.lost && member.is_at(stage));
        (are_all && is_anyone).then_some(onward.begins)
    }

    /// Whether nothing is heard of it, or never was since the run was taken up.
    fn is_cut_off(&self, member: &Member, now: Duration) -> bool {
        member.stage.is_none() || member.heard + self.pause <= now
    }

    /// Whether a member that is cut off was so early enough to know of it itself before the next phase begins.
    fn was_long(&self, member: &Member, onward: Onward) -> bool {
        member.stage.is_none() || member.heard + self.pause + LATE <= onward.begins
    }

    /// When an answer may become another one though nobody says anything.
    #[must_use]
    pub fn next_moment(&self, now: Duration) -> Option<Duration> {
        let next = self.next()?;
        if let Some(settled) = self.settled.get(&next).filter(|settled| now < **settled) {
            return Some(*settled);
        }
        let onward = self.onward(next)?;
        let waits = self.members.iter().filter(|member| !member.lost && !member.is_at(&Stage::Ready(next)));
        let cut_off = waits.map(|member| (member.heard + self.pause).max(onward.ready_from));
        cut_off.chain([onward.ready_from]).filter(|at| now < *at && *at < onward.begins).min()
    }

    /// Looks at what has become of the run by the passing of time alone.
    pub fn look(&mut self, now: Duration) {
        self.advance(now);
    }

    /// Holds the phases that a member has begun against what is known, and learns from them. Whoever began one when
    /// nobody else did has gone astray.
    pub(super) fn compare_starts(&mut self, place: usize, begun: &[Begun], now: Duration) {
        for begun in begun {
            if !self.course.contains(&begun.phase) || self.members[place].astray {
                continue;
            }
            let is_with_others = match self.starts.get(&begun.phase) {
                Some(start) if self.given.contains(&begun.phase) => {
                    *start <= begun.at(now) + LATE + begun.ago() / DRIFT
                }
                Some(_) => self.learn(place, begun, now),
                None if self.resumed => self.learn(place, begun, now),
                None => self.take_up(place, begun, now),
            };
            if !is_with_others {
                self.members[place].astray = true;
                self.members[place].lost = true;
                self.tell_all();
            }
        }
    }

    /// When phases began under a coordinator before this one is known to their workers. What is on its way makes a
    /// start seem later than it was, never earlier. Of one that is lost nobody learns that all others are late.
    fn learn(&mut self, place: usize, begun: &Begun, now: Duration) -> bool {
        let at = begun.at(now);
        let is_lost = self.members[place].lost;
        if !self.starts.contains_key(&begun.phase) {
            self.tell_all();
        }
        let known = self.starts.entry(begun.phase).or_insert(at);
        if is_lost {
            return *known <= at + LATE;
        }
        *known = at.min(*known);
        true
    }

    /// A phase that a member has begun by itself has begun for all, unless somebody waits for it in vain.
    fn take_up(&mut self, place: usize, begun: &Begun, now: Duration) -> bool {
        let Some(Onward { begins, .. }) = self.onward(begun.phase) else { return false };
        let others = || self.members.iter().enumerate().filter(|(other, _)| *other != place);
        let is_begun = begins <= begun.at(now) + LATE
            && !others().any(|(_, other)| self.waits_in_vain(other, begun.phase, begins, now));
        if is_begun {
            self.begin(begun.phase, begins);
        }
        is_begun
    }

    /// Whether a member waits for a phase that began at `start` and is too late for it.
    fn waits_in_vain(&self, member: &Member, phase: LegIndex, start: Duration, now: Duration) -> bool {
        let is_in_time = member.is_at(&Stage::Ready(phase)) && now <= start + LATE;
        let is_through = member.is_at(&Stage::Running(phase));
        !member.lost && !is_through && !is_in_time && !self.is_cut_off(member, now)
    }
}

impl Begun {
    /// How long ago that was.
    fn ago(&self) -> Duration {
        Duration::from_micros(self.micros_ago)
    }
}
