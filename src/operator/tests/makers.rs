//! Tests and their runs as they may be seen, made in words.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::{LoadTest, LoadTestSpec, LoadTestStatus};
use crate::ingest::SessionView;
use crate::operator::build::status;
use crate::operator::decide::run_of;
use crate::operator::names::FINALIZER;
use crate::operator::record::Record;
use crate::operator::seen::{
    Author, Child, FrozenSpec, Lasted, PodState, Seen, SeenJob, SeenPod, SeenRun, SeenSession,
};
use crate::plan::{Options, Plan};
use crate::report::facts::rfc3339;

/// Two workers, one minute to be ready, two for the load.
const SPEC: &str = "
target: {baseUrl: 'http://shop:8080'}
scenarios: [{name: shop, steps: [{name: list, request: {path: /list}}]}]
phases: [{name: steady, load: {constantRate: {rate: 100/s, duration: 20s}}}]
requirements: [{id: ERRORS, title: Hardly any errors, metric: error_rate, target: '< 1%'}]
workers: {count: 2}
deadlines: {start: 1m, run: 2m}
";

/// The pods of both workers.
pub(crate) const PODS: [&str; 2] = ["pod-0", "pod-1"];

/// Sets how long the load may take.
pub(crate) fn last_for(spec: &mut LoadTestSpec, length: &str) {
    spec.deadlines.as_mut().unwrap().run = Some(length.to_owned());
}

/// When everything in these tests happens.
pub(crate) fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// A test as it is seen.
#[derive(Clone)]
pub(crate) struct ATest {
    test: LoadTest,
    author: Author,
    run: Option<SeenRun>,
}

/// A test that was just applied.
pub(crate) fn a_test() -> ATest {
    let mut test = LoadTest::new("shop", serde_yaml::from_str::<LoadTestSpec>(SPEC).unwrap());
    test.metadata.namespace = Some("shops".to_owned());
    test.metadata.uid = Some("0b8f1d2e-3c4d-4e5f-8a9b-0c1d2e3f4a5b".to_owned());
    test.metadata.generation = Some(1);
    test.metadata.resource_version = Some("1".to_owned());
    test.status = Some(LoadTestStatus { observed_generation: Some(-1), ..LoadTestStatus::default() });
    ATest { test, author: Author::Own, run: None }
}

/// What one can do to a test from outside.
impl ATest {
    pub(crate) fn edited(mut self, edit: impl FnOnce(&mut LoadTestSpec)) -> Self {
        edit(&mut self.test.spec);
        self.test.metadata.generation = self.test.metadata.generation.map(|generation| generation + 1);
        self
    }

    pub(crate) fn with_other_load(self) -> Self {
        self.edited(|spec| spec.seed = Some(7))
    }

    pub(crate) fn with_other_requirements(self) -> Self {
        self.edited(|spec| spec.requirements[0].objective.target = Some("< 2%".to_owned()))
    }

    pub(crate) fn with_run_id(self, id: &str) -> Self {
        self.edited(|spec| spec.run_id = Some(id.to_owned()))
    }

    pub(crate) fn with_invalid_spec(self) -> Self {
        self.edited(|spec| last_for(spec, "never"))
    }

    pub(crate) fn with_abort(self) -> Self {
        self.edited(|spec| spec.abort = Some(true))
    }

    pub(crate) fn deleted(mut self) -> Self {
        self.test.metadata.deletion_timestamp = Some(Time(noon()));
        self
    }

    pub(crate) fn with_finalizer(mut self) -> Self {
        self.test.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        self
    }

    /// Its status may be anybody's; the run of `stored` is the latest that something is stored of.
    pub(crate) fn by_anybody(mut self, stored: Option<&ATest>) -> Self {
        let latest = stored.and_then(|stored| run_of(&stored.test)).cloned();
        let is_on = self.run.as_ref().is_some_and(|run| {
            run.spec.ours().is_some() || run.job.ours().is_some() || run.record.ours().is_some()
        });
        self.author = Author::Anybody { latest, is_on, past: Vec::new() };
        self
    }

    pub(crate) fn with_status(mut self, tell: impl FnOnce(&LoadTest) -> LoadTestStatus) -> Self {
        self.test.status = Some(tell(&self.test));
        self
    }
}

/// What the operator made of it.
impl ATest {
    /// It has a number, and nothing is made of it yet.
    pub(crate) fn with_run(mut self) -> Self {
        let plan = self.plan();
        self.run = Some(SeenRun::default());
        self.with_status(|test| status::begun(test, &plan, noon()))
    }

    /// The spec is frozen and the Job is there; nobody has reported yet.
    pub(crate) fn starting(self) -> Self {
        let frozen = FrozenSpec { spec: self.test.spec.clone(), generation: self.test.metadata.generation };
        self.with_run().with_finalizer().but(|run| {
            run.spec = Child::Ours(frozen);
            run.job = Child::Ours(SeenJob { uid: "job".to_owned(), failed: None, hindered: None });
            run.pods = pods(&PodState::Running);
            run.session = Some(a_session());
        })
    }

    /// All workers are ready.
    pub(crate) fn gathered(self) -> Self {
        self.starting().but_session(|session| {
            session.gathered = Some(PODS.map(str::to_owned).to_vec());
        })
    }

    /// The load is on for ten seconds.
    pub(crate) fn begun(self) -> Self {
        self.starting().but(|run| run.record = Child::Ours(a_record())).but_session(|session| {
            session.has_begun = true;
            session.view.phase = Some((0, Duration::from_secs(10)));
            session.load = lasted(10);
        })
    }

    /// All workers are through.
    pub(crate) fn through(self) -> Self {
        self.begun().but_session(|session| session.view.finished = true)
    }

    /// The run is judged and nothing of it is left.
    pub(crate) fn complete(self) -> Self {
        let mut done = self.with_run().with_status(|test| {
            let mut status = status::unjudged(test, test.metadata.generation, "Test", "it is over", noon());
            status.compliance = Some(crate::api::Compliance::default());
            status
        });
        done.run = None;
        done
    }

    /// The run is over, whatever it said.
    pub(crate) fn finished(self) -> Self {
        let mut done = self.with_status(|test| {
            let mut status = test.status.clone().unwrap();
            status.run.as_mut().unwrap().finished_at = Some(rfc3339(noon()));
            status
        });
        done.run = None;
        done
    }

    /// The judged run has left its children.
    pub(crate) fn with_children(mut self) -> Self {
        self.run = Some(SeenRun::default());
        self
    }

    pub(crate) fn but(mut self, change: impl FnOnce(&mut SeenRun)) -> Self {
        change(self.run.as_mut().unwrap());
        self
    }

    pub(crate) fn but_session(self, change: impl FnOnce(&mut SeenSession)) -> Self {
        self.but(|run| change(run.session.as_mut().unwrap()))
    }

    pub(crate) fn without_session(self) -> Self {
        self.but(|run| run.session = None)
    }

    pub(crate) fn after(self, seconds: u64) -> Self {
        self.but(|run| run.waited = lasted(seconds))
    }

    pub(crate) fn with_pod(self, state: PodState) -> Self {
        self.but(|run| run.pods[1].state = state)
    }
}

/// What comes out.
impl ATest {
    pub(crate) fn plan(&self) -> Plan {
        Plan::from_spec("shop", &self.test.spec, &Options::default()).unwrap()
    }

    pub(crate) fn object(&self) -> &LoadTest {
        &self.test
    }

    pub(crate) fn seen(self) -> Seen {
        let plan = Plan::from_spec("shop", &self.test.spec, &Options::default());
        Seen { test: self.test, author: self.author, plan, run: self.run }
    }
}

pub(crate) fn lasted(seconds: u64) -> Lasted {
    let time = Duration::from_secs(seconds);
    Lasted { in_all: time, here: time }
}

pub(crate) fn a_record() -> Record {
    Record { started_at: noon(), owners: PODS.map(str::to_owned).to_vec() }
}

fn a_session() -> SeenSession {
    SeenSession {
        view: SessionView {
            desired: 2,
            admitted: 2,
            lost: 0,
            clocks_off: 0,
            phase: None,
            finished: false,
            missing: 0,
            unheard: Duration::ZERO,
            aborted: None,
        },
        gathered: None,
        has_begun: false,
        load: Lasted::default(),
        aborted_for: None,
        shut_out: None,
    }
}

fn pods(state: &PodState) -> Vec<SeenPod> {
    let pod = |(index, uid): (u32, &str)| SeenPod { index, uid: uid.to_owned(), state: state.clone() };
    (0..).zip(PODS).map(pod).collect()
}
