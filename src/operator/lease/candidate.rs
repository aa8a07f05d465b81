//! One candidate of the election, without clock and client: what it saw, and what it does next.
//!
//! ```text
//!  lease, as last read      without a term                          with a term
//!  unknown                  read it                                 read it
//!  absent                   create it, once the last holder that    lose: deleted
//!                           was seen has been silent, as below
//!  held by nobody           take it                                 lose: taken away
//!  held by another          wait; take it once it was silent for    lose: taken away
//!                           as long as it promised to speak
//!  held by this one         claim it again: an answer was lost      renew it when the retry time is over
//!  (any), renew deadline    –                                       lose: not renewed in time
//!  passed
//! ```
//!
//! A term counts from when its claim was *sent*, and the silence of another from when its change was *seen*. So
//! a holder gives up before anybody else may begin, whatever the clocks of the machines say.

use std::time::Duration;

use tokio::time::Instant;

use super::record::Record;
use super::{Leader, Loss, Timing};

/// What a candidate knows and holds.
#[derive(Debug)]
pub(super) struct Candidate {
    identity: String,
    timing: Timing,
    view: View,
    /// The last sign of life of any holder, and when it was seen here.
    heard: Option<(Record, Instant)>,
    /// When the claim was sent that began or renewed the own term.
    claimed: Option<Instant>,
    /// Nothing is done before.
    rests_until: Option<Instant>,
}

#[derive(Debug)]
enum View {
    /// Never read, or something was sent since and no answer has come.
    Unknown,
    Absent,
    Present(Record),
}

/// What a candidate does next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Read the Lease.
    Read,
    /// Write a claim: over this record, or as a new Lease.
    Claim(Option<Record>),
    /// Nothing until then.
    Rest(Instant),
    /// End: the term is over.
    Lose(Loss),
}

/// What a candidate does on its way out.
#[derive(Debug, PartialEq)]
pub(super) enum LastStep {
    /// Read the Lease: what was sent last may have made it the holder.
    Read,
    /// Give the Lease back.
    Release(Record),
    /// Nothing: it holds none.
    Leave,
}

impl Candidate {
    pub(super) fn new(identity: String, timing: Timing) -> Self {
        Candidate { identity, timing, view: View::Unknown, heard: None, claimed: None, rests_until: None }
    }

    /// Until when the own term lasts; none without one.
    pub(super) fn term(&self) -> Option<Instant> {
        self.claimed.map(|claimed| claimed + self.timing.renew_deadline)
    }

    /// Who leads, as far as it was read.
    pub(super) fn leader(&self) -> Option<Leader> {
        self.heard.as_ref().and_then(|(record, _)| record.leader())
    }

    /// What to do at this time. Whoever reads or claims tells the outcome by [`Candidate::saw`],
    /// [`Candidate::won`], [`Candidate::was_refused`] or [`Candidate::failed`].
    pub(super) fn next(&mut self, now: Instant) -> Step {
        if self.term().is_some_and(|end| now >= end) {
            return Step::Lose(Loss::NotRenewed);
        }
        if let Some(until) = self.rests_until.filter(|until| now < *until) {
            // Not beyond the end of the term: it is to be noticed in time.
            return Step::Rest(self.term().map_or(until, |end| end.min(until)));
        }
        // From here on the view is unknown, until an answer comes.
        match std::mem::replace(&mut self.view, View::Unknown) {
            View::Unknown => Step::Read,
            View::Absent if self.claimed.is_some() => Step::Lose(Loss::Deleted),
            View::Absent => self.claim_after_silence(None, now),
            View::Present(record) => self.judge(record, now),
        }
    }

    fn judge(&self, record: Record, now: Instant) -> Step {
        match record.holder() {
            Some(holder) if holder == self.identity => Step::Claim(Some(record)),
            holder if self.claimed.is_some() => Step::Lose(Loss::Taken { by: holder.map(str::to_owned) }),
            Some(_) | None => self.claim_after_silence(Some(record), now),
        }
    }

    fn claim_after_silence(&self, record: Option<Record>, now: Instant) -> Step {
        // Too early: it is read again, as it may have been renewed or released meanwhile.
        if now < self.silent_at(now) { Step::Read } else { Step::Claim(record) }
    }

    /// When the last holder will have been silent for so long that its term is over; now, where there is none.
    fn silent_at(&self, now: Instant) -> Instant {
        let others = self
            .heard
            .as_ref()
            .filter(|(record, _)| record.holder().is_some_and(|holder| holder != self.identity));
        others.map_or(now, |(record, at)| *at + record.duration().unwrap_or(self.timing.lease))
    }

    /// The Lease was read.
    pub(super) fn saw(&mut self, record: Option<Record>, now: Instant) {
        self.hear(record.as_ref(), now);
        // The own lease and one that is lost or free are acted on at once, that of another is looked at again.
        let is_waiting = self.claimed.is_none();
        self.rests_until = is_waiting.then(|| self.silent_at(now).min(now + self.timing.retry));
        self.view = record.map_or(View::Absent, View::Present);
    }

    /// Remembers a sign of life. What is gone stays remembered: its holder may not know yet that it is gone.
    fn hear(&mut self, record: Option<&Record>, now: Instant) {
        let Some(record) = record else { return };
        let is_known = self.heard.as_ref().is_some_and(|(heard, _)| record.is_silent_since(heard));
        if !is_known {
            self.heard = Some((record.clone(), now));
        }
    }

    /// The claim that was sent then is written.
    pub(super) fn won(&mut self, record: Record, sent: Instant, now: Instant) {
        self.claimed = Some(sent);
        self.hear(Some(&record), now);
        self.view = View::Present(record);
        self.rests_until = Some(sent + self.timing.retry);
    }

    /// The API server refused the claim: another has written first, or the Lease is gone.
    pub(super) fn was_refused(&mut self, now: Instant) {
        // At once, but not in a tight loop where somebody writes all the time.
        self.rests_until = Some(now + self.timing.retry / 10);
    }

    /// No answer, or none to make sense of.
    pub(super) fn failed(&mut self, now: Instant) {
        self.rests_until = Some(now + self.timing.retry);
    }

    /// How long the next call may take: less than all that is left of the term, so that there is a second try.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        let all = self.timing.renew_deadline / 2;
        self.term().map_or(all, |end| all.min(end.saturating_duration_since(now)))
    }

    /// What to do when the process ends.
    pub(super) fn leave(&mut self) -> LastStep {
        match std::mem::replace(&mut self.view, View::Unknown) {
            View::Unknown => LastStep::Read,
            View::Present(record) if record.holder() == Some(&self.identity) => LastStep::Release(record),
            View::Absent | View::Present(_) => LastStep::Leave,
        }
    }
}
