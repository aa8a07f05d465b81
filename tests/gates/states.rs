//! Every state that a test can be in, as the operator writes it.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use loadgate::api::{Gate, LoadTest, LoadTestSpec, LoadTestStatus, WorkerCounts};
use loadgate::ingest::{SessionView, leaving};
use loadgate::metrics::{Aggregate, Layout, Part, PhaseAggregate, PhaseEnd, Recorder, Sample, Timing};
use loadgate::operator::build::status;
use loadgate::operator::decide::{Decision, Ending, decide, run_of};
use loadgate::operator::judging;
use loadgate::operator::names::{self, FINALIZER};
use loadgate::operator::record::Record;
use loadgate::operator::seen::{
    Author, Child, FrozenSpec, Lasted, PodState, Seen, SeenJob, SeenPod, SeenRun, SeenSession,
};
use loadgate::operator::storing::NotStored;
use loadgate::plan::{Document, Options, Plan};
use loadgate::report::live::Live;
use loadgate::report::progress::Moment;

const MILLI: u64 = 1_000;

/// The states in the order of the table.
pub(crate) fn all() -> Vec<(&'static str, LoadTest)> {
    vec![
        ("not-yet-seen", applied()),
        ("pending", pending()),
        ("starting", starting(None)),
        ("held-up", starting(Some("worker 1: ImagePullBackOff: Back-off pulling image \"loadgate:x\""))),
        ("forbidden", forbidden()),
        ("running", running()),
        ("judging", judging_now()),
        ("passed", judged(running(), 20 * MILLI, &Ending::Planned)),
        ("passed-not-stored", not_stored()),
        ("warning", judged(running(), 147 * MILLI, &Ending::Planned)),
        ("warning-closes-the-gate", judged(strict(running()), 147 * MILLI, &Ending::Planned)),
        ("failed", judged(running(), 600 * MILLI, &Ending::Planned)),
        ("inconclusive", judged(wanting_more(running()), 20 * MILLI, &Ending::Planned)),
        ("aborted", judged(running(), 20 * MILLI, &Ending::Aborted("spec.abort was set".to_owned()))),
        ("abort-is-set", refused(|spec| spec.abort = Some(true))),
        ("invalid", refused(|spec| spec.requirements[0].objective.metric = Some("latency.p9x".to_owned()))),
        ("start-deadline", late_to_start()),
        (
            "run-deadline",
            broken("RunDeadlineExceeded", "spec.deadlines.run: the load wasn't through after 44 s"),
        ),
        ("workers-lost", workers_lost()),
        ("result-lost", result_lost()),
        ("running-spec-changed", changed(running())),
        ("passed-spec-changed", changed(judged(running(), 20 * MILLI, &Ending::Planned))),
    ]
}

fn at(seconds: u64) -> Timestamp {
    let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    noon + Duration::from_secs(seconds)
}

/// As the API server gives it right after `kubectl apply`.
fn applied() -> LoadTest {
    let file = std::fs::read_to_string(crate::path("examples/quickstart.yaml")).unwrap();
    let checked = Document::parse(&file).and_then(|document| document.check(&Options::default())).unwrap();
    let mut test = LoadTest::new(&checked.name, checked.spec);
    test.spec.workers = Some(loadgate::api::Workers { count: Some(2), ..Default::default() });
    test.metadata.namespace = Some("shops".to_owned());
    test.metadata.uid = Some("0b8f1d2e-3c4d-4e5f-8a9b-0c1d2e3f4a5b".to_owned());
    test.metadata.generation = Some(1);
    test.metadata.creation_timestamp = Some(Time(at(0)));
    test.status = Some(LoadTestStatus { observed_generation: Some(-1), ..LoadTestStatus::default() });
    test
}

fn told(mut test: LoadTest, status: LoadTestStatus) -> LoadTest {
    test.status = Some(status);
    test
}

fn plan(spec: &LoadTestSpec) -> Plan {
    Plan::from_spec("quickstart", spec, &Options::default()).unwrap()
}

fn changed(mut test: LoadTest) -> LoadTest {
    test.spec.seed = Some(7);
    test.metadata.generation = Some(2);
    test
}

fn pending() -> LoadTest {
    let test = applied();
    let status = status::begun(&test, &plan(&test.spec), at(1));
    told(test, status)
}

fn held() -> LoadTest {
    let mut test = pending();
    test.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    test
}

fn starting(held_up: Option<&str>) -> LoadTest {
    let workers = WorkerCounts { ready: 1, ..WorkerCounts::none_of(2) };
    let status = status::gathering(&held(), workers, held_up, at(3));
    told(held(), status)
}

fn forbidden() -> LoadTest {
    let error = "can't create Job quickstart-run-1: jobs.batch is forbidden: User \"system:serviceaccount:loadgate-system:loadgate\" cannot create resource \"jobs\" in API group \"batch\" in the namespace \"shops\"";
    let status = status::hindered(&held(), "Forbidden", error.to_owned(), at(2));
    told(held(), status)
}

fn running() -> LoadTest {
    let test = starting(None);
    let workers = WorkerCounts { ready: 2, ..WorkerCounts::none_of(2) };
    let moment = Moment { phase: 0, elapsed: Duration::from_secs(5) };
    let live = Live::new(&plan(&test.spec), &measured(20 * MILLI, 5, None), moment, &workers);
    let status = status::running(&test, live, workers, None, at(6), at(11));
    told(test, status)
}

fn judging_now() -> LoadTest {
    let status = status::judging(&running(), Some(at(6)), at(16));
    told(running(), status)
}

fn strict(mut test: LoadTest) -> LoadTest {
    test.spec.gate = Some(Gate { fail_on: Some(loadgate::api::FailOn::Warning) });
    test
}

/// The run after its end; all of its requests took `micros`.
fn judged(test: LoadTest, micros: u64, ending: &Ending) -> LoadTest {
    let end = if *ending == Ending::Planned { PhaseEnd::Completed } else { PhaseEnd::Aborted };
    let seen = seen(&test);
    judged_by(test, &seen, ending, measured(micros, 10, Some(end)))
}

fn judged_by(test: LoadTest, seen: &Seen, ending: &Ending, aggregate: Aggregate) -> LoadTest {
    let run = run_of(&test).unwrap();
    let mut case = judging::case(seen, run, ending, Some(aggregate), at(17)).unwrap();
    if judging::is_to_be_kept(seen, run) {
        case.facts.results = Some(format!("configmap/{}", names::result("quickstart", run.number, &run.uid)));
    }
    let status = judging::tell(&test, &case, ending, at(17));
    at_rest(told(test, status))
}

fn not_stored() -> LoadTest {
    let test = judged(running(), 20 * MILLI, &Ending::Planned);
    let message = "can't create ConfigMap quickstart-run-1-result-70a5b6fc: configmaps \"quickstart-run-1-result-70a5b6fc\" is forbidden: exceeded quota: small, requested: count/configmaps=1, used: count/configmaps=4, limited: count/configmaps=4";
    let why = NotStored { reason: "Forbidden", message: message.to_owned() };
    let status = status::not_stored(&test, test.status.clone().unwrap(), &why, at(47));
    told(test, status)
}

fn at_rest(mut test: LoadTest) -> LoadTest {
    test.metadata.finalizers = None;
    test
}

fn broken(word: &'static str, line: &str) -> LoadTest {
    judged(running(), 20 * MILLI, &Ending::Broken(word, line.to_owned()))
}

/// The Job was deleted, and its pods with it.
fn workers_lost() -> LoadTest {
    let test = running();
    let mut seen = seen(&test);
    let children = seen.run.as_mut().unwrap();
    children.job = Child::Absent;
    let said = || "stopped by a signal".to_owned();
    let ended = || PodState::Ended { code: Some(leaving::STOPPED.into()), message: said() };
    children.pods =
        (0..2).map(|index| SeenPod { index, uid: format!("pod-{index}"), state: ended() }).collect();
    children.session.as_mut().unwrap().view.lost = 2;
    let ending = Ending::Broken("WorkersLost", "the workers' Job was taken away".to_owned());
    judged_by(test, &seen, &ending, measured(20 * MILLI, 10, None))
}

/// More samples than there are.
fn wanting_more(mut test: LoadTest) -> LoadTest {
    test.spec.requirements[0].objective.min_samples = Some(100_000);
    test
}

fn late_to_start() -> LoadTest {
    let line = "not all workers were ready within 120 s: worker 1: Unschedulable: 0/3 nodes are available";
    let ending = Ending::NotStarted("StartDeadlineExceeded", line.to_owned());
    let test = starting(None);
    let mut seen = seen(&test);
    let children = seen.run.as_mut().unwrap();
    (children.record, children.session) = (Child::Absent, None);
    let case = judging::case(&seen, run_of(&test).unwrap(), &ending, None, at(123)).unwrap();
    let status = judging::tell(&test, &case, &ending, at(123));
    at_rest(told(test, status))
}

fn refused(edit: impl FnOnce(&mut LoadTestSpec)) -> LoadTest {
    let mut test = applied();
    edit(&mut test.spec);
    let plan = Plan::from_spec("quickstart", &test.spec, &Options::default());
    let seen = Seen { test: test.clone(), author: Author::Own, plan, run: None };
    let Decision::Refuse(refused) = decide(&seen) else { panic!("it isn't refused") };
    let status = status::refused(&test, &refused, at(1));
    told(test, status)
}

fn result_lost() -> LoadTest {
    let mut test = judged(running(), 20 * MILLI, &Ending::Planned);
    test.spec.requirements[0].objective.weight = Some(3);
    test.metadata.generation = Some(2);
    let status = judging::without_result(&test, run_of(&test).unwrap(), at(60));
    told(test, status)
}

/// What the operator sees of `test` when its load is over.
fn seen(test: &LoadTest) -> Seen {
    let owners = ["pod-0", "pod-1"].map(str::to_owned).to_vec();
    let view = SessionView {
        desired: 2,
        admitted: 2,
        lost: 0,
        clocks_off: 0,
        phase: Some((0, Duration::from_secs(10))),
        finished: true,
        missing: 0,
        unheard: Duration::ZERO,
        aborted: None,
    };
    let session = SeenSession {
        view,
        gathered: None,
        has_begun: true,
        load: Lasted::default(),
        aborted_for: None,
        shut_out: None,
    };
    let run = SeenRun {
        spec: Child::Ours(FrozenSpec { spec: test.spec.clone(), generation: Some(1) }),
        record: Child::Ours(Record { started_at: at(6), owners }),
        job: Child::Ours(SeenJob { uid: "job".to_owned(), failed: None, hindered: None }),
        session: Some(session),
        ..SeenRun::default()
    };
    Seen { test: test.clone(), author: Author::Own, plan: Ok(plan(&test.spec)), run: Some(run) }
}

/// What two workers measured in so many seconds of fifty requests each.
fn measured(micros: u64, seconds: u64, end: Option<PhaseEnd>) -> Aggregate {
    let mut phase = PhaseAggregate { started_micros: Some(0), ..PhaseAggregate::default() };
    for worker in 0..2 {
        let mut recorder = Recorder::new(Layout { groups: 0, values: 0, open_loop: true });
        for number in 0..seconds * 25 {
            one_iteration(&mut recorder, number * 40_000 + worker * 20_000, micros);
        }
        recorder.state_mut().end = end;
        let (state, seconds) = recorder.so_far(seconds * 1_000_000, 0);
        phase.add(&state, &seconds);
    }
    Aggregate { phases: vec![phase] }
}

fn one_iteration(recorder: &mut Recorder, sent: u64, micros: u64) {
    let end = sent + micros;
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
        bytes_sent: 90,
        bytes_received: 420,
    });
    recorder.iteration_completed(Part::Steady, end);
}
