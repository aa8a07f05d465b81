//! What the coordinator knows of a run: who takes part, which phase is on, what was measured. Pure: `now` is an argument.
//!
//! ```text
//! Gathering ──all arrived──▶ Preparing 1 ──all ready──▶ Phase 1 ──all arrived──▶ Preparing 2 … ──all finished──▶ Finished
//!     └───────────────────────┴───────abort───────┴──▶ Aborting ──all finished──▶ Finished
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use super::coordinator::{Admission, Answer, Directive, PROTOCOL, Refusal, Registration, Report, Stage};
use crate::metrics::{Aggregate, PhaseSnapshot, Snapshot};
use crate::plan::{PhaseIndex, Plan};

/// Between the last worker's word that it is ready and the start of a phase: time for the start to reach all.
const LEAD: Duration = Duration::from_millis(20);
/// The time between two reports of a worker.
const INTERVAL: Duration = Duration::from_secs(1);

/// What the coordinator knows of a run.
#[derive(Debug)]
pub struct Session {
    plan_hash: String,
    phase_count: usize,
    /// The phases to be run, in order.
    course: Vec<PhaseIndex>,
    epoch: u64,
    members: Vec<Member>,
    /// When each phase began or is to begin, on the session's clock.
    starts: BTreeMap<PhaseIndex, Duration>,
    aborted: Option<String>,
}

/// One share of the load and who runs it.
#[derive(Debug, Default)]
struct Member {
    process: Option<String>,
    stage: Option<Stage>,
    lost: bool,
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
            course: plan.phases_to_run().map(|(index, _)| index).collect(),
            epoch,
            members: (0..plan.workers).map(|_| Member::default()).collect(),
            starts: BTreeMap::new(),
            aborted: None,
        }
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
        let begun = !self.starts.is_empty();
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
        Ok(Admission { epoch: self.epoch, interval: INTERVAL })
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
        if let Some(bytes) = &report.snapshot {
            let snapshot =
                Snapshot::from_bytes(bytes).map_err(|error| Refusal::Unreadable(error.to_string()))?;
            member.take(snapshot, self.phase_count)?;
        }
        member.go_to(&report.stage);
        self.advance(now);
        self.answer(report.worker, now)
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
            directive: self.directive(member.stage.as_ref(), now),
        })
    }

    fn directive(&self, stage: Option<&Stage>, now: Duration) -> Directive {
        match stage {
            Some(Stage::Finished) => Directive::Leave,
            _ if self.aborted.is_some() => Directive::Abort,
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
        if let Some(next) = next.filter(|next| self.aborted.is_none() && self.all_at(&Stage::Ready(*next))) {
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
    fn take(&mut self, snapshot: Snapshot, phases: usize) -> Result<(), Refusal> {
        if let Some(odd) = snapshot.phases.iter().find(|phase| phase.phase as usize >= phases) {
            return Err(Refusal::Unreadable(format!(
                "the snapshot tells of phase {}; the plan has {phases}",
                odd.phase
            )));
        }
        if snapshot.number <= self.acknowledged {
            return Ok(());
        }
        for phase in snapshot.phases {
            let known = self.phases.entry(phase.phase).or_default();
            known.phase = phase.phase;
            known.state = phase.state;
            known.seconds.extend(phase.seconds);
        }
        self.acknowledged = snapshot.number;
        Ok(())
    }
}
