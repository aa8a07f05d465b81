//! Who takes part: admission up to the start, and the permission to start with those who are there.

use std::time::{Duration, SystemTime};

use super::Session;
use super::member::Member;
use crate::ingest::coordinator::{Admission, Refusal, Registration, Stage};

/// The time between two reports of a worker, where there are few.
const INTERVAL: Duration = Duration::from_secs(1);
/// So many workers report each second; where there are more, each of them reports less often.
const REPORTS_PER_SECOND: u32 = 50;

impl Session {
    /// Admits a worker; `time` is that of the day.
    ///
    /// # Errors
    /// When it speaks another protocol, derived another plan, comes too late, or its share is taken or doesn't exist.
    pub fn register(&mut self, registration: &Registration, time: SystemTime) -> Result<Admission, Refusal> {
        let Registration { protocol, plan_hash, data_hash, worker, process } = registration;
        Refusal::of_protocol(*protocol)?;
        if *plan_hash != self.plan.hash {
            return Err(Refusal::Plan { expected: self.plan.hash.clone(), told: plan_hash.clone() });
        }
        self.check_data(data_hash, *worker)?;
        let begun = self.has_begun();
        let workers = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        let Some(member) = self.members.get_mut(*worker as usize) else {
            return Err(Refusal::NoSuchShare { worker: *worker, workers });
        };
        match &member.process {
            Some(known) if known == process => {}
            Some(_) => return Err(Refusal::Taken { worker: *worker }),
            None if begun => return Err(Refusal::TooLate),
            None => {
                member.process = Some(process.clone());
                member.data_hash = Some(data_hash.clone());
                self.turn += 1;
            }
        }
        Ok(Admission { epoch: self.epoch, interval: interval(workers), time })
    }

    /// All read the same data: two that began before and after a change of it would send two loads.
    fn check_data(&self, told: &str, worker: u32) -> Result<(), Refusal> {
        let others = self.members.iter().enumerate().filter(|(place, _)| *place != worker as usize);
        let mut known = others.filter_map(|(_, member)| member.data_hash.as_deref());
        match known.find(|known| *known != told) {
            Some(expected) => Err(Refusal::Data { expected: expected.to_owned(), told: told.to_owned() }),
            None => Ok(()),
        }
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

    /// The process of `worker` is gone. Before the load has begun another may take its place; after, nobody does.
    pub fn gone(&mut self, worker: u32, process: &str, now: Duration) {
        let begun = self.has_begun();
        let member = self.members.get_mut(worker as usize);
        let Some(member) = member.filter(|member| member.process.as_deref() == Some(process)) else { return };
        if begun {
            self.lose(worker, now);
        } else {
            *member = Member::default();
            self.turn += 1;
            self.advance(now);
        }
    }

    /// The process of each share; none: nobody runs it yet.
    #[must_use]
    pub fn owners(&self) -> Vec<Option<String>> {
        self.members.iter().map(|member| member.process.clone()).collect()
    }
}

/// The time between two reports of each of `workers` workers.
pub(super) fn interval(workers: u32) -> Duration {
    INTERVAL.max(INTERVAL * workers / REPORTS_PER_SECOND)
}
