//! The operator of the model: it observes, leads, decides and carries out, and its writes may fail.

use super::{Children, World};
use crate::api::{LoadTest, LoadTestStatus, Results, Run};
use crate::operator::build::status;
use crate::operator::carry_out::counts;
use crate::operator::decide::{Decision, decide, run_of};
use crate::operator::judging;
use crate::operator::names::FINALIZER;
use crate::operator::record::Record;
use crate::operator::seen::{FrozenSpec, Seen, has_begun};
use crate::operator::storing::NotStored;
use crate::report::kept::KeptRun;
use crate::report::live::Live;
use crate::report::progress::Moment;
use crate::store;

/// What becomes of one of the writes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Mishap {
    /// Nothing.
    None,
    /// It is refused.
    Refused(u32),
    /// It is done, and the answer is lost.
    Unanswered(u32),
    /// The operator is killed before it.
    Killed(u32),
}

/// A step that came to no end.
struct Broken;

/// The writes of one step.
struct Writes(Mishap, u32);

impl World {
    /// One step of the operator.
    pub(in super::super) fn reconciles(&mut self, mishap: Mishap) {
        let Some(seen) = self.observes() else { return };
        let decision = decide(&seen);
        let done = self.carries_out(&seen, &decision, &mut Writes(mishap, 0));
        if done.is_err() && matches!(mishap, Mishap::Killed(_)) {
            self.restarts();
        }
        self.collects();
    }

    /// What the operator would do next.
    pub(in super::super) fn next(&mut self) -> Option<Decision> {
        Some(decide(&self.observes()?))
    }

    fn carries_out(&mut self, seen: &Seen, decision: &Decision, writes: &mut Writes) -> Result<(), Broken> {
        let (test, now) = (&seen.test, self.time());
        let run = run_of(test).cloned().unwrap_or_default();
        match decision {
            Decision::Rest => self.keeps_later(test, &run, writes),
            Decision::Refuse(refused) => self.publishes(status::refused(test, refused, now), writes),
            Decision::Begin => {
                let Ok(plan) = &seen.plan else { unreachable!("an invalid spec begins nothing") };
                self.publishes(status::begun(test, plan, now), writes)
            }
            Decision::Gather(held_up) => self.gathers(seen, &run, held_up.as_deref(), writes),
            Decision::Start(owners) => self.starts(&run, owners, writes),
            Decision::Watch => self.watches(test, &run, writes),
            Decision::Abort(reason) => {
                let at = self.now;
                if let Some(led) = self.memory.led.get_mut(&run.uid) {
                    led.aborted_at.get_or_insert(at);
                    led.session.abort(reason);
                }
                Ok(())
            }
            Decision::Recover(latest) => {
                self.publishes(status::recovered(test, latest.as_ref(), now), writes)
            }
            Decision::Judge(_) | Decision::Rejudge => self.judges(seen, &run, decision, writes),
            Decision::Clear => {
                if let Some(led) = self.memory.led.get_mut(&run.uid) {
                    led.session.release();
                }
                self.clears(&run, writes)
            }
            Decision::Remove => self.clears(&run, writes),
        }
    }

    fn gathers(
        &mut self,
        seen: &Seen,
        run: &Run,
        held_up: Option<&str>,
        writes: &mut Writes,
    ) -> Result<(), Broken> {
        let finalizers = seen.test.metadata.finalizers.clone();
        if finalizers.is_none_or(|finalizers| finalizers.is_empty()) {
            self.writes(writes, |world| {
                if let Some(test) = &mut world.test {
                    test.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
                }
            })?;
        }
        let frozen = FrozenSpec { spec: seen.test.spec.clone(), generation: seen.test.metadata.generation };
        let uid = run.uid.clone();
        if self.children(&uid).spec.is_none() {
            self.writes(writes, |world| {
                world.children(&uid).run = Some(run.clone());
                world.children(&uid).spec = Some(frozen);
            })?;
        }
        if self.children(&uid).job.is_none() {
            let job = format!("job-{}", self.number());
            self.writes(writes, |world| {
                if world.truth.recorded.contains(&uid) {
                    world.truth.jobs_too_many.push(uid.clone());
                }
                world.children(&uid).job = Some(job);
            })?;
        }
        let workers = crate::api::WorkerCounts::none_of(2);
        let told = status::gathering(self.test.as_ref().unwrap_or(&seen.test), workers, held_up, self.time());
        self.publishes(told, writes)
    }

    fn starts(&mut self, run: &Run, owners: &[String], writes: &mut Writes) -> Result<(), Broken> {
        let record = Record { started_at: self.time(), owners: owners.to_vec() };
        self.writes(writes, |world| {
            world.truth.recorded.insert(run.uid.clone());
            world.children(&run.uid).record = Some(record);
        })?;
        let (now, clock) = (self.now, self.clock());
        let Some(led) = self.memory.led.get_mut(&run.uid) else { return Ok(()) };
        if led.session.permit(owners, clock) {
            led.load = Some((now, 0));
            return Ok(());
        }
        self.writes(writes, |world| {
            world.truth.recorded.remove(&run.uid);
            world.children(&run.uid).record = None;
        })
    }

    fn watches(&mut self, test: &LoadTest, run: &Run, writes: &mut Writes) -> Result<(), Broken> {
        let (now, clock) = (self.time(), self.clock());
        let Some(led) = self.memory.led.get(&run.uid) else { return Ok(()) };
        let view = led.session.view(clock);
        let Some((phase, elapsed)) = view.phase else { return Ok(()) };
        let workers = counts(&view);
        let aggregate = led.session.measured().aggregate();
        let live = Live::new(&led.plan, &aggregate, Moment { phase, elapsed }, &workers);
        self.publishes(status::running(test, live, workers, None, now, now), writes)
    }

    fn judges(
        &mut self,
        seen: &Seen,
        run: &Run,
        decision: &Decision,
        writes: &mut Writes,
    ) -> Result<(), Broken> {
        let (test, now) = (seen.test.clone(), self.time());
        let Decision::Judge(ending) = decision else {
            let told = self.rejudged(seen, run);
            return self.publishes(told, writes);
        };
        if seen.run.as_ref().is_some_and(|children| has_begun(run, children)) {
            let record = self.children(&run.uid).record.clone().map(|record| record.started_at);
            self.publishes(status::judging(&test, record, now), writes)?;
        }
        let test = self.test.clone().unwrap_or(test);
        let measured = self.memory.led.get(&run.uid).map(|led| led.session.measured().aggregate());
        let Some(case) = judging::case(seen, run, ending, measured, now) else {
            let told = judging::without_plan(&test, ending, now);
            if judging::is_to_be_kept(seen, run) {
                let kept = judging::told_of(&test, run, &told);
                self.writes(writes, |world| world.children(&run.uid).result = Some(kept))?;
            }
            return self.publishes(told, writes);
        };
        let told = judging::tell(&test, &case, ending, now);
        if judging::is_to_be_kept(seen, run) && self.is_shut {
            self.is_put_off(run, case)?;
            return self.publishes(status::not_stored(&test, told, &not_stored(), now), writes);
        }
        if judging::is_to_be_kept(seen, run) {
            self.writes(writes, |world| world.children(&run.uid).result = Some(case))?;
        }
        self.publishes(told, writes)
    }

    /// By what is stored, or on its way.
    fn rejudged(&mut self, seen: &Seen, run: &Run) -> LoadTestStatus {
        let now = self.time();
        let judged = |kept: &KeptRun| {
            judging::judge_packed(seen, run, &store::pack(kept).unwrap_or_default().bytes, now)
        };
        let put_off = self.memory.storing.get(&run.uid).and_then(|(_, put_off)| put_off.clone());
        match (self.children(&run.uid).result.as_ref(), put_off) {
            (Some(kept), _) => judged(kept),
            (None, Some(kept)) => status::not_stored(&seen.test, judged(&kept), &not_stored(), now),
            (None, None) => judging::without_result(&seen.test, run, now),
        }
    }

    /// The store takes nothing: for a while the verdict waits for it.
    fn is_put_off(&mut self, run: &Run, case: KeptRun) -> Result<(), Broken> {
        let now = self.now;
        let (since, put_off) = self.memory.storing.entry(run.uid.clone()).or_insert((now, None));
        if now - *since < 30 {
            return Err(Broken);
        }
        *put_off = Some(case);
        Ok(())
    }

    fn keeps_later(&mut self, test: &LoadTest, run: &Run, writes: &mut Writes) -> Result<(), Broken> {
        let left = self.memory.storing.get(&run.uid).and_then(|(_, put_off)| put_off.clone());
        let Some(kept) = left.filter(|_| !self.is_shut) else { return Ok(()) };
        self.writes(writes, |world| world.children(&run.uid).result = Some(kept))?;
        if status::is_unstored(test) {
            self.publishes(status::stored(test, Results::default()), writes)?;
        }
        self.memory.storing.remove(&run.uid);
        Ok(())
    }

    fn clears(&mut self, run: &Run, writes: &mut Writes) -> Result<(), Broken> {
        self.writes(writes, |world| world.children(&run.uid).job = None)?;
        self.writes(writes, |world| {
            let result = world.children(&run.uid).result_only();
            *world.children(&run.uid) = result;
        })?;
        self.memory.led.remove(&run.uid);
        self.memory.waiting.remove(&run.uid);
        self.writes(writes, |world| {
            if let Some(test) = &mut world.test {
                test.metadata.finalizers = None;
            }
        })
    }

    fn publishes(&mut self, status: LoadTestStatus, writes: &mut Writes) -> Result<(), Broken> {
        self.writes(writes, |world| {
            if let Some(test) = &mut world.test {
                test.status = Some(status.clone());
                world.is_forged = false;
            }
        })?;
        self.memory.known = Some(status);
        Ok(())
    }

    fn writes(&mut self, writes: &mut Writes, write: impl FnOnce(&mut World)) -> Result<(), Broken> {
        let Writes(mishap, number) = writes;
        *number += 1;
        match mishap {
            Mishap::Refused(at) | Mishap::Killed(at) if at == number => Err(Broken),
            Mishap::Unanswered(at) if at == number => {
                write(self);
                Err(Broken)
            }
            _ => {
                write(self);
                Ok(())
            }
        }
    }

    fn children(&mut self, run: &str) -> &mut Children {
        self.runs.entry(run.to_owned()).or_default()
    }
}

fn not_stored() -> NotStored {
    NotStored { reason: "Forbidden", message: "it isn't allowed".to_owned() }
}
