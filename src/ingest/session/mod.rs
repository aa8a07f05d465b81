//! What the coordinator knows of a run: who takes part, which phase is on, what was measured. Pure: `now` is an argument.
//!
//! ```text
//! Gathering ──all arrived──▶ Preparing 1 ──all ready──▶ Gathered ──permitted──▶ Phase 1 ──all arrived──▶ Preparing 2 …
//!     └───────────────────────┴──────────abort──────────┴───────────┴──▶ Aborting
//! … ──all finished──▶ Finished ──released──▶ workers leave
//! ```

mod gathering;
mod losing;
mod member;
mod onward;
mod search;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::coordinator::{Answer, Directive, Refusal, Report, Stage, longest_pause};
use crate::metrics::{Shape, Snapshot};
use crate::plan::{LegIndex, Plan};
use member::Member;
use onward::Onwards;
use search::Judging;
pub(super) use search::Untried;
pub use view::{Measured, SessionView};

/// Between the last worker's word that it is ready and the start of a phase: time for the start to reach all.
const LEAD: Duration = Duration::from_millis(20);
/// Seconds that a worker tells of may lie so far ahead of the session's clock.
const AHEAD: Duration = Duration::from_secs(10);

/// What the coordinator knows of a run.
#[derive(Debug)]
pub struct Session {
    plan: Arc<Plan>,
    shape: Shape,
    /// The phases to be run, in order.
    course: Vec<LegIndex>,
    epoch: u64,
    members: Vec<Member>,
    /// When phases begin by themselves.
    onwards: Onwards,
    /// The levels that a search goes on to, and from when on they may be made ready.
    settled: BTreeMap<LegIndex, Duration>,
    judging: Judging,
    /// Whoever has said nothing for so long can't be reached.
    pause: Duration,
    /// When each phase began or is to begin, on the session's clock.
    starts: BTreeMap<LegIndex, Duration>,
    /// The phases that began by its own word; the starts of others were learned from workers.
    given: BTreeSet<LegIndex>,
    /// Whether the first phase may begin once all are ready.
    permitted: bool,
    /// Whether nobody is admitted any more, though no start of a phase is known yet.
    resumed: bool,
    /// Whether what was measured is safe, so that those who are through may leave.
    released: bool,
    aborted: Option<String>,
    /// Counts what may change a view of it: whoever waits for that needs to look again.
    turn: u64,
    /// Counts what may change an answer.
    word: u64,
    /// The phase that those who are through with what came before are told to make ready for.
    prepared: Option<LegIndex>,
}

impl Session {
    /// A session for `plan` in which nobody takes part yet.
    #[must_use]
    pub fn new(plan: &Plan, epoch: u64) -> Self {
        Session {
            plan: Arc::new(plan.clone()),
            shape: shape(plan),
            course: plan.legs_to_run().collect(),
            onwards: onward::onwards(plan),
            settled: BTreeMap::new(),
            judging: Judging::default(),
            pause: longest_pause(gathering::interval(plan.workers)),
            epoch,
            members: (0..plan.workers).map(|_| Member::default()).collect(),
            starts: BTreeMap::new(),
            given: BTreeSet::new(),
            permitted: false,
            resumed: false,
            released: false,
            aborted: None,
            turn: 0,
            word: 0,
            prepared: None,
        }
    }

    /// The session of a run that has begun under another coordinator: `owners` are the processes of its shares.
    #[must_use]
    pub fn resume(plan: &Plan, epoch: u64, owners: &[String], now: Duration) -> Self {
        let mut session = Session { permitted: true, resumed: true, ..Session::new(plan, epoch) };
        for (member, owner) in session.members.iter_mut().zip(owners) {
            member.process = Some(owner.clone());
            member.heard = now;
        }
        session
    }

    /// The same session, where nothing has to be written down before the first phase and nothing stored after the
    /// last.
    #[must_use]
    pub fn without_record(self) -> Self {
        Session { permitted: true, released: true, ..self }
    }

    /// Whether the load has begun, or may have.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.resumed || !self.starts.is_empty()
    }

    /// What was measured is stored: those who are through may leave.
    pub fn release(&mut self) {
        self.released = true;
        self.tell_all();
    }

    /// Another number than before: the view may have changed.
    #[must_use]
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Another number than before: an answer may have become another one. Not whenever a worker moves on: a thousand that
    /// wait for each other would be told a thousand times each.
    #[must_use]
    pub fn word(&self) -> u64 {
        self.word
    }

    /// Something has changed for all.
    pub(super) fn tell_all(&mut self) {
        self.turn += 1;
        self.word += 1;
    }

    /// Takes a report, and what it measured, and says what its worker is to do. Of a report from another epoch nothing
    /// counts.
    ///
    /// # Errors
    /// When the worker was never admitted, or what it measured can't be. Nothing of the report counts then.
    pub fn report(
        &mut self,
        report: &Report,
        snapshot: Option<Snapshot>,
        now: Duration,
    ) -> Result<Answer, Refusal> {
        let place = self.place(report)?;
        self.members[place].heard = now;
        if report.epoch == self.epoch {
            self.compare_starts(place, &report.begun, now);
            self.take(place, snapshot, now)?;
            let member = &mut self.members[place];
            member.note_begun(&report.begun, now);
            let (is_new, is_off) = (member.go_to(&report.stage), member.note_clock(report.clock_ahead));
            self.turn += u64::from(is_new || is_off);
            self.advance(now);
            self.lose_if_late(place, now);
        }
        self.answer(report.worker, now)
    }

    /// The place of the member that a report is from.
    fn place(&self, report: &Report) -> Result<usize, Refusal> {
        let place = report.worker as usize;
        let member = self.members.get(place);
        let is_known = member.is_some_and(|member| member.process.as_ref() == Some(&report.process));
        if is_known { Ok(place) } else { Err(Refusal::Unknown { worker: report.worker }) }
    }

    /// Takes what a member measured, if it can be.
    fn take(&mut self, place: usize, snapshot: Option<Snapshot>, now: Duration) -> Result<(), Refusal> {
        if !self.members[place].astray {
            self.check(snapshot.as_ref(), now)?;
        }
        self.members[place].take(snapshot);
        Ok(())
    }

    /// Checks that what was measured can be.
    fn check(&self, snapshot: Option<&Snapshot>, now: Duration) -> Result<(), Refusal> {
        for phase in snapshot.into_iter().flat_map(|snapshot| &snapshot.phases) {
            self.shape.check(phase).map_err(|unsound| Refusal::Unreadable(unsound.to_string()))?;
            let begun = self.starts.get(&(phase.phase as usize));
            let last = phase.seconds.keys().next_back().copied().map_or(0, u64::from);
            if begun.is_none_or(|start| *start + Duration::from_secs(last) > now + AHEAD) {
                let message = format!("the snapshot tells of second {last} of phase {}", phase.phase);
                return Err(Refusal::Unreadable(format!("{message}, which is still to come")));
            }
        }
        Ok(())
    }

    /// What `worker` is to do now.
    ///
    /// # Errors
    /// When there is no such worker.
    pub fn answer(&self, worker: u32, now: Duration) -> Result<Answer, Refusal> {
        let member = self.members.get(worker as usize).ok_or(Refusal::Unknown { worker })?;
        Ok(Answer {
            epoch: self.epoch,
            acknowledged: member.acknowledged,
            directive: self.directive(member, now),
        })
    }

    fn directive(&self, member: &Member, now: Duration) -> Directive {
        match &member.stage {
            Some(Stage::Finished) if self.released => Directive::Leave,
            Some(Stage::Finished) => Directive::Wait,
            _ if self.aborted.is_some() || member.lost => Directive::Abort,
            Some(Stage::Arrived(phase) | Stage::Ready(phase)) if self.is_skipped(*phase) => {
                Directive::Skip { to: self.next().unwrap_or(self.shape.phases) }
            }
            Some(Stage::Arrived(phase)) if self.is_to_be_made_ready(*phase, now) => {
                Directive::Prepare { phase: *phase }
            }
            Some(Stage::Ready(phase)) => match self.starts.get(phase) {
                Some(start) => {
                    let left = start.saturating_sub(now).as_micros();
                    Directive::Begin { phase: *phase, in_micros: u64::try_from(left).unwrap_or(u64::MAX) }
                }
                None => Directive::Wait,
            },
            Some(Stage::Running(_)) => Directive::Continue,
            Some(Stage::Arrived(_) | Stage::Preparing(_)) | None => Directive::Wait,
        }
    }

    /// Whether all that came before `phase` has ended, or will have by the time it was told of.
    fn is_to_be_made_ready(&self, phase: LegIndex, now: Duration) -> bool {
        let stage = Stage::Arrived(phase);
        let are_all = || self.all_at(&stage) || self.begins_by_itself(phase, &stage, now).is_some();
        self.starts.contains_key(&phase)
            || self.not_before(phase).is_some_and(|settled| settled <= now) && are_all()
    }

    /// Lets the run go on as far as it may by now.
    pub(super) fn advance(&mut self, now: Duration) {
        self.search(now);
        self.begin_next(now);
        let prepared = self.next().filter(|next| self.is_to_be_made_ready(*next, now));
        if prepared != self.prepared {
            self.prepared = prepared;
            self.word += 1;
        }
    }

    /// Begins the next phase once everyone is ready for it: phases never overlap.
    fn begin_next(&mut self, now: Duration) {
        let Some(next) = self.next().filter(|_| self.permitted && self.aborted.is_none()) else { return };
        let Some(settled) = self.not_before(next) else { return };
        let ready = Stage::Ready(next);
        let start = if self.all_at(&ready) {
            Some(settled.max(now + LEAD))
        } else {
            self.begins_by_itself(next, &ready, now)
        };
        if let Some(start) = start {
            self.begin(next, start);
        }
    }

    /// The first phase that hasn't begun, after all that have.
    fn next(&self) -> Option<LegIndex> {
        let last = self.starts.keys().next_back();
        self.course.iter().find(|phase| last.is_none_or(|last| last < *phase)).copied()
    }

    fn begin(&mut self, phase: LegIndex, start: Duration) {
        self.starts.insert(phase, start);
        self.given.insert(phase);
        self.tell_all();
    }

    /// Whether there is somebody, and nobody who takes part is still on the way to `stage`.
    fn all_at(&self, stage: &Stage) -> bool {
        let mut taking_part = self.members.iter().filter(|member| !member.lost).peekable();
        taking_part.peek().is_some() && taking_part.all(|member| member.is_at(stage))
    }

    /// When the first phase began, on the session's clock; none: none did.
    #[must_use]
    pub fn first_start(&self) -> Option<Duration> {
        self.starts.values().min().copied()
    }
}

/// What workers of `plan` may tell of.
fn shape(plan: &Plan) -> Shape {
    Shape {
        phases: plan.legs().count(),
        steps: plan.steps.len(),
        errors: plan.classify.errors.len(),
        groups: plan.classify.groups.len(),
        values: plan.classify.values.len(),
    }
}
