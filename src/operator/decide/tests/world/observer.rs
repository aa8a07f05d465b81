//! What the operator of the model sees, and which sessions it opens by it.

use std::time::Duration;

use super::{Children, Led, World};
use crate::api::{LoadTest, Run};
use crate::ingest::Session;
use crate::operator::decide::{is_complete, is_under_way, run_of};
use crate::operator::lead::{self, Lead};
use crate::operator::seen::{Author, Child, Lasted, PodState, Seen, SeenJob, SeenPod, SeenRun, SeenSession};
use crate::plan::{Options, Plan};

impl World {
    pub(super) fn observes(&mut self) -> Option<Seen> {
        let test = self.test.clone()?;
        let plan = Plan::from_spec("shop", &test.spec, &Options::default());
        let author = self.author(&test);
        let is_on = matches!(author, Author::Anybody { is_on: true, .. });
        let has_left = !is_complete(&test) || test.metadata.finalizers.is_some() || is_on;
        let run = run_of(&test).cloned().filter(|_| has_left).map(|run| {
            let mut children = self.sees(&run, is_complete(&test));
            if is_under_way(&test, &author, &children) && test.metadata.deletion_timestamp.is_none() {
                self.leads(&run, &mut children);
            }
            children
        });
        Some(Seen { test, author, plan, run })
    }

    fn author(&self, test: &LoadTest) -> Author {
        if self.memory.known.is_some() && self.memory.known == test.status {
            return Author::Own;
        }
        let is_stored = |children: &&Children| children.is_on() || children.result.is_some();
        let stored = self.runs.values().filter(is_stored);
        let told = self.memory.known.as_ref().and_then(|status| status.run.clone());
        let runs = stored.clone().filter_map(|children| children.run.clone());
        let latest = runs.chain(told).max_by_key(|run| run.number);
        let uid = |run: &Option<Run>| run.as_ref().map(|run| run.uid.clone());
        Author::Anybody {
            is_on: stored.filter(|it| uid(&it.run) == uid(&latest)).any(Children::is_on),
            latest,
            past: Vec::new(),
        }
    }

    fn sees(&mut self, run: &Run, is_complete: bool) -> SeenRun {
        let pods = self.pods(&run.uid);
        self.tells_who_is_gone(&run.uid, &pods);
        let now = self.now;
        let since = *self.memory.waiting.entry(run.uid.clone()).or_insert(now);
        let is_put_off = self.memory.storing.get(&run.uid).is_some_and(|(_, put_off)| put_off.is_some());
        let children = self.runs.entry(run.uid.clone()).or_default();
        let job = |uid: &String| SeenJob { uid: uid.clone(), failed: None, hindered: None };
        SeenRun {
            spec: children.spec.clone().map_or(Child::Absent, Child::Ours),
            record: children.record.clone().map_or(Child::Absent, Child::Ours),
            job: children.job.as_ref().map_or(Child::Absent, |uid| Child::Ours(job(uid))),
            result: if children.result.is_some() || is_put_off { Child::Ours(()) } else { Child::Absent },
            waited: if is_complete { Lasted::default() } else { lasted(now - since, now - since) },
            pods,
            session: self.session(&run.uid),
        }
    }

    fn pods(&self, run: &str) -> Vec<SeenPod> {
        let jobs: Vec<_> = self.runs.get(run).and_then(|children| children.job.clone()).into_iter().collect();
        let of_job = self.workers.iter().filter(|worker| jobs.contains(&worker.job));
        let seen = |worker: &super::Worker| SeenPod {
            index: worker.index,
            uid: worker.uid.clone(),
            state: worker.state.clone(),
        };
        of_job.map(seen).collect()
    }

    fn tells_who_is_gone(&mut self, run: &str, pods: &[SeenPod]) {
        let clock = self.clock();
        let Some(led) = self.memory.led.get_mut(run) else { return };
        let is_alive = |uid: &str| pods.iter().any(|pod| pod.uid == uid && pod.state == PodState::Running);
        for (worker, owner) in (0..).zip(led.session.owners()) {
            if let Some(owner) = owner.filter(|owner| !is_alive(owner)) {
                led.session.gone(worker, &owner, clock);
            }
        }
        led.session.lose_the_silent(clock);
    }

    fn session(&self, run: &str) -> Option<SeenSession> {
        let led = self.memory.led.get(run)?;
        let on = |(since, before): (u64, u64)| lasted(self.now - since + before, self.now - since);
        Some(SeenSession {
            view: led.session.view(self.clock()),
            gathered: led.session.gathered(),
            has_begun: led.session.has_begun(),
            load: led.load.map(on).unwrap_or_default(),
            aborted_for: led.aborted_at.map(|at| Duration::from_secs(self.now - at)),
            shut_out: None,
        })
    }

    fn leads(&mut self, run: &Run, children: &mut SeenRun) {
        let led = self.memory.led.get(&run.uid);
        let led = led.map(|led| lead::Led { job_uid: &led.job_uid, has_begun: led.session.has_begun() });
        let way = lead::way_to_lead(run, children, led.as_ref());
        let Some(frozen) = children.spec.ours() else { return };
        let plan = Plan::from_spec("shop", &frozen.spec, &Options::default()).unwrap();
        let (now, clock, epoch) = (self.now, self.clock(), self.number());
        let (session, load) = match way {
            Lead::Stay => return,
            Lead::Anew => (Session::new(&plan, epoch), None),
            Lead::Resume(record) => {
                let ago = self.time().duration_since(record.started_at).as_secs().unsigned_abs();
                (Session::resume(&plan, epoch, &record.owners, clock), Some((now, ago)))
            }
        };
        let job_uid = children.job.ours().map(|job| job.uid.clone()).unwrap_or_default();
        self.memory.led.insert(run.uid.clone(), Led { job_uid, plan, session, load, aborted_at: None });
        children.session = self.session(&run.uid);
    }
}

fn lasted(in_all: u64, here: u64) -> Lasted {
    Lasted { in_all: Duration::from_secs(in_all), here: Duration::from_secs(here) }
}
