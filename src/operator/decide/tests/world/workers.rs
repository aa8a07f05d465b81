//! The pods of a Job and the workers in them, at their slowest: one step each time they are asked.

use std::sync::LazyLock;

use super::World;
use crate::ingest::{Begun, Directive, PROTOCOL, Refusal, Registration, Report, Session, Stage, leaving};
use crate::metrics::{Layout, Part, PhaseEnd, PhaseSnapshot, Recorder, Sample, Snapshot, Timing};
use crate::operator::seen::PodState;

/// So long a load takes.
const LOAD_SECONDS: u64 = 20;
/// So often the pod of an index is made.
const ATTEMPTS: usize = 2;

/// A pod and its worker.
pub(super) struct Worker {
    pub(super) run: String,
    pub(super) job: String,
    pub(super) index: u32,
    pub(super) uid: String,
    pub(super) state: PodState,
    is_admitted: bool,
    epoch: u64,
    stage: Stage,
    begun_at: Option<u64>,
    told: bool,
}

impl World {
    /// Kubernetes does its part: pods of Jobs that are gone end, missing ones are made.
    pub(in super::super) fn makes_pods(&mut self) {
        let jobs: Vec<_> =
            self.runs.iter().filter_map(|(run, kids)| Some((run.clone(), kids.job.clone()?))).collect();
        self.workers.retain(|worker| jobs.iter().any(|(_, job)| *job == worker.job));
        for (run, job) in jobs {
            for index in 0..2 {
                self.makes_pod(&run, &job, index);
            }
        }
    }

    fn makes_pod(&mut self, run: &str, job: &str, index: u32) {
        let of_index = || self.workers.iter().filter(|worker| worker.job == job && worker.index == index);
        if of_index().count() >= ATTEMPTS || of_index().any(Worker::is_for_good) {
            return;
        }
        let uid = format!("pod-{}", self.number());
        self.workers.push(Worker {
            run: run.to_owned(),
            job: job.to_owned(),
            index,
            uid,
            state: PodState::Running,
            is_admitted: false,
            epoch: 0,
            stage: Stage::Arrived(0),
            begun_at: None,
            told: false,
        });
    }

    pub(in super::super) fn kills_pod(&mut self, index: u32) {
        let alive = |worker: &&mut Worker| worker.index == index && worker.state == PodState::Running;
        if let Some(worker) = self.workers.iter_mut().rev().find(alive) {
            worker.ends(137);
        }
    }

    /// Each worker takes one step, where its run is led.
    pub(in super::super) fn works(&mut self) {
        let (now, clock) = (self.now, self.clock());
        for worker in self.workers.iter_mut().filter(|worker| worker.state == PodState::Running) {
            let Some(led) = self.memory.led.get_mut(&worker.run).filter(|led| led.job_uid == worker.job)
            else {
                continue;
            };
            let had_begun = worker.begun_at.is_some();
            match worker.steps(&mut led.session, &led.plan.hash, now, clock) {
                Ok(()) => {}
                Err(refusal) => worker.ends(i32::from(leaving::code(&refusal.into()))),
            }
            let share = (worker.run.clone(), worker.index);
            if !had_begun && worker.begun_at.is_some() && !self.truth.begun.insert(share.clone()) {
                self.truth.doubled.insert(share.clone());
            }
            if worker.told {
                self.truth.told.insert(share);
            }
        }
    }
}

impl Worker {
    /// Whether its index gets no other pod.
    fn is_for_good(&self) -> bool {
        match self.state {
            PodState::Ended { code, .. } => code == Some(i32::from(leaving::FENCED)) || code == Some(0),
            PodState::Waiting(_) | PodState::Running => true,
        }
    }

    fn ends(&mut self, code: i32) {
        self.state = PodState::Ended { code: Some(code), message: format!("exit code {code}") };
    }

    fn steps(
        &mut self,
        session: &mut Session,
        plan_hash: &str,
        now: u64,
        clock: std::time::Duration,
    ) -> Result<(), Refusal> {
        if !self.is_admitted {
            let registration = Registration {
                protocol: PROTOCOL,
                plan_hash: plan_hash.to_owned(),
                data_hash: String::new(),
                worker: self.index,
                process: self.uid.clone(),
            };
            self.epoch = session.register(&registration, std::time::UNIX_EPOCH)?.epoch;
            self.is_admitted = true;
        }
        if self.begun_at.is_some_and(|at| now >= at + LOAD_SECONDS) {
            self.stage = Stage::Finished;
        }
        let is_known = self.tells(session, now, clock)?;
        // In a new epoch everything is told again.
        if !is_known {
            self.tells(session, now, clock)?;
        }
        Ok(())
    }

    fn tells(
        &mut self,
        session: &mut Session,
        now: u64,
        clock: std::time::Duration,
    ) -> Result<bool, Refusal> {
        let begun = self.begun_at.map(|at| Begun { phase: 0, micros_ago: (now - at) * 1_000_000 });
        let is_through = self.stage == Stage::Finished && begun.is_some();
        let is_whole = self.begun_at.is_some_and(|at| now >= at + LOAD_SECONDS);
        let snapshot = is_through.then(|| snapshot(is_whole));
        let report = Report {
            protocol: PROTOCOL,
            worker: self.index,
            process: self.uid.clone(),
            epoch: self.epoch,
            stage: self.stage.clone(),
            clock_ahead: 0,
            begun: begun.into_iter().collect(),
            snapshot: None,
        };
        let answer = session.report(&report, snapshot, clock)?;
        let is_known = answer.epoch == self.epoch;
        self.epoch = answer.epoch;
        self.told |= is_known && is_through && is_whole;
        self.follows(&answer.directive, now);
        Ok(is_known)
    }

    fn follows(&mut self, directive: &Directive, now: u64) {
        match (directive, &self.stage) {
            (Directive::Prepare { phase }, Stage::Arrived(_)) => self.stage = Stage::Ready(*phase),
            (Directive::Begin { phase, .. }, Stage::Ready(_)) => {
                self.stage = Stage::Running(*phase);
                self.begun_at = Some(now);
            }
            (Directive::Abort, _) => self.stage = Stage::Finished,
            (Directive::Leave, _) => self.ends(0),
            _ => {}
        }
    }
}

/// What a worker measured: half of a hundred requests a second, all of which went well; of a load that was ended,
/// nothing.
fn snapshot(is_whole: bool) -> Snapshot {
    static WHOLE: LazyLock<Snapshot> = LazyLock::new(|| recorded(LOAD_SECONDS, PhaseEnd::Completed));
    if is_whole { WHOLE.clone() } else { recorded(0, PhaseEnd::Aborted) }
}

fn recorded(seconds: u64, end: PhaseEnd) -> Snapshot {
    let mut recorder = Recorder::new(Layout { groups: 0, values: 0, open_loop: true });
    (0..seconds * 50).for_each(|number| one_iteration(&mut recorder, number * 20_000));
    recorder.state_mut().end = Some(end);
    let (state, seconds) = recorder.so_far(seconds * 1_000_000, 0);
    Snapshot { number: 1, phases: vec![PhaseSnapshot { phase: 0, state, seconds }] }
}

fn one_iteration(recorder: &mut Recorder, sent: u64) {
    let end = sent + 5_000;
    recorder.scheduled(1);
    recorder.iteration_started(Part::Steady, sent, Some(10));
    recorder.request(&Sample {
        step: 0,
        part: Part::Steady,
        timing: Timing { intended: sent, sent, first_byte: Some(end), end },
        status: Some(200),
        error: None,
        cache: None,
        groups: &[],
        values: &[],
        bytes_sent: 100,
        bytes_received: 100,
    });
    recorder.iteration_completed(Part::Steady, end);
}
