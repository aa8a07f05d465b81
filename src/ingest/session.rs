//! What the coordinator knows of a run: who takes part, which phase is on, what was measured. Pure: `now` is an argument.
//!
//! ```text
//! Gathering ──all arrived──▶ Preparing 1 ──all ready──▶ Gathered ──permitted──▶ Phase 1 ──all arrived──▶ Preparing 2 …
//!     └───────────────────────┴──────────abort──────────┴───────────┴──▶ Aborting
//! … ──all finished──▶ Finished ──released──▶ workers leave
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use super::coordinator::{
    Admission, Answer, Begun, Directive, PROTOCOL, Refusal, Registration, Report, Stage,
};
use crate::metrics::{Aggregate, PhaseSnapshot, Snapshot};
use crate::plan::{PhaseIndex, Plan};

/// Between the last worker's word that it is ready and the start of a phase: time for the start to reach all.
const LEAD: Duration = Duration::from_millis(20);
/// The time between two reports of a worker, where there are few.
const INTERVAL: Duration = Duration::from_secs(1);
/// So many workers report each second; where there are more, each of them reports less often.
const REPORTS_PER_SECOND: u32 = 50;
/// Whoever hears of a phase's start so much later would run its share beside the others', not with them.
const LATE: Duration = Duration::from_secs(1);
/// A worker that says nothing for so long is taken for lost.
const SILENCE: Duration = Duration::from_mins(1);

/// What the coordinator knows of a run.
#[derive(Debug)]
pub struct Session {
    plan_hash: String,
    phase_count: usize,
    step_count: usize,
    /// The phases to be run, in order.
    course: Vec<PhaseIndex>,
    epoch: u64,
    members: Vec<Member>,
    /// When each phase began or is to begin, on the session's clock.
    starts: BTreeMap<PhaseIndex, Duration>,
    /// Whether the first phase may begin once all are ready.
    permitted: bool,
    /// Whether nobody is admitted any more, though no start of a phase is known yet.
    resumed: bool,
    /// Whether what was measured is safe, so that those who are through may leave.
    released: bool,
    aborted: Option<String>,
}

/// One share of the load and who runs it.
#[derive(Debug, Default)]
struct Member {
    process: Option<String>,
    stage: Option<Stage>,
    lost: bool,
    /// When it last told something, on the session's clock.
    heard: Duration,
    acknowledged: u64,
    phases: BTreeMap<u32, PhaseSnapshot>,
}

/// What is shown of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// How many workers there should be.
    pub desired: u32,
    /// How many take part.
    pub admitted: u32,
    /// How many were lost.
    pub lost: u32,
    /// The phase that was begun last, and for how long it has been on; none: none was.
    pub phase: Option<(PhaseIndex, Duration)>,
    /// Whether all workers are through.
    pub finished: bool,
    /// Why the run was aborted, if it was.
    pub aborted: Option<String>,
}

impl Session {
    /// A session for `plan` in which nobody takes part yet.
    #[must_use]
    pub fn new(plan: &Plan, epoch: u64) -> Self {
        Session {
            plan_hash: plan.hash.clone(),
            phase_count: plan.phases.len(),
            step_count: plan.steps.len(),
            course: plan.phases_to_run().map(|(index, _)| index).collect(),
            epoch,
            members: (0..plan.workers).map(|_| Member::default()).collect(),
            starts: BTreeMap::new(),
            permitted: false,
            resumed: false,
            released: false,
            aborted: None,
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

    /// Admits a worker.
    ///
    /// # Errors
    /// When it speaks another protocol, derived another plan, comes too late, or its share is taken or doesn't exist.
    pub fn register(&mut self, registration: &Registration) -> Result<Admission, Refusal> {
        let Registration { protocol, plan_hash, worker, process } = registration;
        if *protocol != PROTOCOL {
            return Err(Refusal::Protocol { expected: PROTOCOL, told: *protocol });
        }
        if *plan_hash != self.plan_hash {
            return Err(Refusal::Plan { expected: self.plan_hash.clone(), told: plan_hash.clone() });
        }
        let begun = self.has_begun();
        let workers = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        let Some(member) = self.members.get_mut(*worker as usize) else {
            return Err(Refusal::NoSuchShare { worker: *worker, workers });
        };
        match &member.process {
            Some(known) if known == process => {}
            Some(_) => return Err(Refusal::Taken { worker: *worker }),
            None if begun => return Err(Refusal::TooLate),
            None => member.process = Some(process.clone()),
        }
        Ok(Admission { epoch: self.epoch, interval: interval(workers) })
    }

    /// Whether the load has begun, or may have.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.resumed || !self.starts.is_empty()
    }

    /// The processes of all shares, once all are ready and only the permission to start is missing.
    #[must_use]
    pub fn gathered(&self) -> Option<Vec<String>> {
        let first = *self.course.first()?;
        if self.permitted || self.aborted.is_some() || !self.all_at(&Stage::Ready(first)) {
            return None;
        }
        self.members.iter().map(|member| member.process.clone()).collect()
    }

    /// Lets the first phase begin with `owners`; `false`: they aren't those who are ready.
    pub fn permit(&mut self, owners: &[String], now: Duration) -> bool {
        let permitted = self.gathered().is_some_and(|gathered| gathered == owners);
        self.permitted |= permitted;
        self.advance(now);
        permitted
    }

    /// What was measured is stored: those who are through may leave.
    pub fn release(&mut self) {
        self.released = true;
    }

    /// The process of each share; none: nobody runs it yet.
    #[must_use]
    pub fn owners(&self) -> Vec<Option<String>> {
        self.members.iter().map(|member| member.process.clone()).collect()
    }

    /// Takes a report and says what its worker is to do.
    ///
    /// # Errors
    /// When the worker was never admitted, or what it sent can't be read. Nothing of the report counts then.
    pub fn report(&mut self, report: &Report, now: Duration) -> Result<Answer, Refusal> {
        let unknown = Refusal::Unknown { worker: report.worker };
        let member = self.members.get_mut(report.worker as usize).ok_or_else(|| unknown.clone())?;
        if member.process.as_ref() != Some(&report.process) {
            return Err(unknown);
        }
        member.heard = now;
        if report.epoch != self.epoch {
            return self.answer(report.worker, now);
        }
        if let Some(bytes) = &report.snapshot {
            let snapshot =
                Snapshot::from_bytes(bytes).map_err(|error| Refusal::Unreadable(error.to_string()))?;
            tells_of_the_plan(&snapshot, self.phase_count, self.step_count)?;
            member.take(snapshot);
        }
        member.go_to(&report.stage);
        self.learn_starts(&report.begun, now);
        self.advance(now);
        self.lose_if_late(report.worker, now);
        self.answer(report.worker, now)
    }

    /// When phases began under a coordinator before this one is known to their workers.
    fn learn_starts(&mut self, begun: &[Begun], now: Duration) {
        for Begun { phase, micros_ago } in begun {
            if self.course.contains(phase) {
                let start = now.saturating_sub(Duration::from_micros(*micros_ago));
                self.starts.entry(*phase).or_insert(start);
            }
        }
    }

    /// A worker that hears of a start too late runs nothing of it.
    fn lose_if_late(&mut self, worker: u32, now: Duration) {
        let Some(member) = self.members.get_mut(worker as usize) else { return };
        if let Some(Stage::Ready(phase)) = &member.stage {
            let is_late = self.starts.get(phase).is_some_and(|start| *start + LATE < now);
            member.lost |= is_late && self.aborted.is_none();
        }
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
            Some(Stage::Arrived(phase)) if self.all_at(&Stage::Arrived(*phase)) => {
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

    /// Begins the next phase once everyone is ready for it: phases never overlap.
    fn advance(&mut self, now: Duration) {
        let next = self.course.iter().find(|phase| !self.starts.contains_key(phase)).copied();
        let may_begin = self.permitted && self.aborted.is_none();
        if let Some(next) = next.filter(|next| may_begin && self.all_at(&Stage::Ready(*next))) {
            self.starts.insert(next, now + LEAD);
        }
    }

    /// Whether there is somebody, and nobody who takes part is still on the way to `stage`.
    fn all_at(&self, stage: &Stage) -> bool {
        let mut taking_part = self.members.iter().filter(|member| !member.lost).peekable();
        taking_part.peek().is_some() && taking_part.all(|member| member.is_at(stage))
    }

    /// Ends the run early; the first reason stays.
    pub fn abort(&mut self, reason: &str) {
        self.aborted.get_or_insert_with(|| reason.to_owned());
    }

    /// A worker is gone and won't come back: nobody waits for it any more.
    pub fn lose(&mut self, worker: u32, now: Duration) {
        if let Some(member) = self.members.get_mut(worker as usize) {
            member.lost |= member.stage != Some(Stage::Finished);
        }
        self.advance(now);
    }

    /// The process of `worker` is gone. Before the load has begun another may take its place; after, nobody does.
    pub fn gone(&mut self, worker: u32, process: &str, now: Duration) {
        let begun = self.has_begun();
        let member = self.members.get_mut(worker as usize);
        let Some(member) = member.filter(|member| member.process.as_deref() == Some(process)) else { return };
        if begun {
            self.lose(worker, now);
        } else {
            *member = Member::default();
        }
    }

    /// Whoever has said nothing for too long, while the load is on, is lost.
    pub fn lose_the_silent(&mut self, now: Duration) {
        if !self.has_begun() {
            return;
        }
        for member in &mut self.members {
            let is_silent = now.saturating_sub(member.heard) > SILENCE;
            member.lost |= is_silent && member.stage != Some(Stage::Finished);
        }
        self.advance(now);
    }

    /// What is to be shown.
    #[must_use]
    pub fn view(&self, now: Duration) -> SessionView {
        let count = |condition: fn(&Member) -> bool| {
            u32::try_from(self.members.iter().filter(|member| condition(member)).count()).unwrap_or(u32::MAX)
        };
        SessionView {
            desired: count(|_| true),
            admitted: count(|member| member.process.is_some()),
            lost: count(|member| member.lost),
            phase: self.starts.last_key_value().map(|(phase, start)| (*phase, now.saturating_sub(*start))),
            finished: self.members.iter().all(|member| member.lost || member.stage == Some(Stage::Finished)),
            aborted: self.aborted.clone(),
        }
    }

    /// When the first phase began, on the session's clock; none: none did.
    #[must_use]
    pub fn first_start(&self) -> Option<Duration> {
        self.starts.values().min().copied()
    }

    /// All that was measured so far, by all workers: the sum of the last snapshot of each.
    #[must_use]
    pub fn aggregate(&self) -> Aggregate {
        let mut aggregate = Aggregate::new(self.phase_count);
        let first = self.first_start().unwrap_or_default();
        for (phase, start) in &self.starts {
            let since_first = start.saturating_sub(first).as_micros();
            aggregate.phases[*phase].started_micros = u64::try_from(since_first).ok();
        }
        for member in &self.members {
            for (phase, snapshot) in &member.phases {
                aggregate.phases[*phase as usize].add(&snapshot.state, &snapshot.seconds);
            }
        }
        aggregate
    }
}

/// The time between two reports of each of `workers` workers.
fn interval(workers: u32) -> Duration {
    INTERVAL.max(INTERVAL * workers / REPORTS_PER_SECOND)
}

impl Member {
    fn is_at(&self, stage: &Stage) -> bool {
        self.stage.as_ref().is_some_and(|own| own.place() >= stage.place())
    }

    /// Moves on to `stage`; a report that was overtaken by later ones moves nothing.
    fn go_to(&mut self, stage: &Stage) {
        if !self.is_at(stage) {
            self.stage = Some(stage.clone());
        }
    }

    /// Takes a snapshot; one that isn't newer than what is known changes nothing.
    fn take(&mut self, snapshot: Snapshot) {
        if snapshot.number <= self.acknowledged {
            return;
        }
        for phase in snapshot.phases {
            let known = self.phases.entry(phase.phase).or_default();
            known.phase = phase.phase;
            known.state = phase.state;
            known.seconds.extend(phase.seconds);
        }
        self.acknowledged = snapshot.number;
    }
}

/// What is kept of a worker is bounded by the plan, whatever it sends.
fn tells_of_the_plan(snapshot: &Snapshot, phases: usize, steps: usize) -> Result<(), Refusal> {
    let cells = |phase: &PhaseSnapshot| {
        let parts = [&phase.state.ramp_up, &phase.state.steady];
        parts.into_iter().flat_map(|part| part.cells.keys()).map(|(step, _)| *step as usize).max()
    };
    for phase in &snapshot.phases {
        if phase.phase as usize >= phases {
            let told = phase.phase;
            return Err(Refusal::Unreadable(format!(
                "the snapshot tells of phase {told}; the plan has {phases}"
            )));
        }
        if let Some(step) = cells(phase).filter(|step| *step >= steps) {
            return Err(Refusal::Unreadable(format!(
                "the snapshot tells of step {step}; the plan has {steps}"
            )));
        }
    }
    Ok(())
}
