//! A run that never was: `tests/golden/shop.yaml` with figures made up, the same at every call.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use loadgate::metrics::{
    Aggregate, CacheHit, ErrorClass, Layout, Part, PhaseAggregate, PhaseEnd, Recorder, Sample, Timing,
};
use loadgate::plan::{Checked, Document, Options};
use loadgate::report::{Report, RunFacts};
use loadgate::verdict::{
    Circumstances, Effect, Finding, Generator, Judgement, PhaseJudgement, Row, Severity, Tier, Verdict,
};

/// The test that was run.
pub(crate) fn shop(options: &Options) -> Checked {
    let text = std::fs::read_to_string(super::path("tests/golden/shop.yaml")).unwrap();
    Document::parse(&text).and_then(|document| document.check(options)).unwrap()
}

/// The options it was run with.
pub(crate) fn options() -> Options {
    Options { workers: Some(3), ..Options::default() }
}

/// The report on it.
pub(crate) fn report() -> Report {
    report_of(&options(), &aggregate(), &judgement(), &facts())
}

/// The report on a run of another kind.
pub(crate) fn report_of(
    options: &Options,
    aggregate: &Aggregate,
    judgement: &Judgement,
    facts: &RunFacts,
) -> Report {
    let Checked { name, spec, plan } = shop(options);
    Report::new(&name, &spec, &plan, aggregate, judgement, facts)
}

/// Names and times of the run.
pub(crate) fn facts() -> RunFacts {
    let started: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    RunFacts {
        number: 7,
        uid: "5a1d6a0c-9b0f-5f6e-8f57-0d2f6c1f4b11".to_owned(),
        started_at: Some(started),
        finished_at: started.checked_add(Duration::from_secs(237)).unwrap(),
        workers_desired: 3,
        workers_ready: 3,
        circumstances: Circumstances::default(),
        results: Some("results/shop".to_owned()),
        ..RunFacts::default()
    }
}

/// One phase of made-up load: evenly spaced requests of two steps.
#[derive(Clone, Copy)]
struct Load {
    starts_at: u64,
    ramp_millis: u64,
    seconds: u64,
    per_second: u64,
    users: u64,
    /// The response time of most requests, in microseconds.
    micros: u64,
    /// One of so many fails.
    fails_one_in: u64,
}

/// What all workers measured.
pub(crate) fn aggregate() -> Aggregate {
    let load = |starts_at, ramp_millis, seconds, per_second, users, micros, fails_one_in| {
        measured(Load { starts_at, ramp_millis, seconds, per_second, users, micros, fails_one_in })
    };
    let idle = PhaseAggregate {
        started_micros: Some(151_000_000),
        workers: 3,
        ended: 3,
        state: ended(PhaseEnd::Completed),
        ..PhaseAggregate::default()
    };
    Aggregate {
        phases: vec![
            load(0, 10_000, 30, 250, 500, 9_000, u64::MAX),
            load(30_500_000, 10_000, 120, 1_500, 2_500, 21_000, 2_503),
            idle,
            load(156_000_000, 0, 2, 625, 1_000, 310_000, 11),
            load(159_000_000, 0, 60, 62, 24, 18_000, u64::MAX),
        ],
    }
}

fn ended(end: PhaseEnd) -> loadgate::metrics::PhaseState {
    loadgate::metrics::PhaseState { end: Some(end), ..Default::default() }
}

fn measured(load: Load) -> PhaseAggregate {
    let mut recorder = Recorder::new(Layout { groups: 1, values: 0, open_loop: false });
    (0..load.users).for_each(|_| recorder.user_started(0));
    for number in 0..load.seconds * load.per_second {
        request(&mut recorder, load, number);
    }
    recorder.state_mut().end = Some(PhaseEnd::Completed);
    let (state, seconds) = recorder.so_far(load.seconds * 1_000_000, 0);
    let mut phase = PhaseAggregate { started_micros: Some(load.starts_at), ..PhaseAggregate::default() };
    phase.add(&state, &seconds);
    phase
}

fn request(recorder: &mut Recorder, load: Load, number: u64) {
    let sent = number * 1_000_000 / load.per_second;
    // A spread that has a tail and no randomness.
    let draw = (number * 2_654_435_761) % 1_000;
    let micros = load.micros * (60 + draw / 5) / 100 + if draw > 980 { load.micros * 4 } else { 0 };
    let error = (number % load.fails_one_in == load.fails_one_in - 1).then_some(match draw % 3 {
        0 => ErrorClass::Declared(0),
        1 => ErrorClass::Status(503),
        _ => ErrorClass::Timeout,
    });
    let status = match error {
        Some(ErrorClass::Timeout) => None,
        Some(_) => Some(503),
        None => Some(200),
    };
    let part = if sent < load.ramp_millis * 1_000 { Part::RampUp } else { Part::Steady };
    let is_order = number % 5 == 4;
    recorder.request(&Sample {
        step: usize::from(is_order),
        part,
        timing: Timing {
            intended: sent,
            sent,
            first_byte: status.map(|_| sent + micros),
            end: sent + micros,
        },
        status,
        error,
        cache: (!is_order).then_some(if draw < 930 { CacheHit::Hit(None) } else { CacheHit::Miss }),
        groups: match status {
            None => &[],
            Some(_) if number % 3 == 2 => &[Some("b\u{1b}[31m")],
            Some(_) => &[Some("a")],
        },
        values: &[],
        bytes_sent: 180,
        bytes_received: 2_400,
    });
    if !is_order {
        recorder.scheduled(1);
        recorder.iteration_started(part, sent, Some(40));
        recorder.iteration_completed(part, sent + micros);
    }
}

fn row(title: &str, metric: &str, measured: &str, limits: [&str; 3], (tier, points): (Tier, u32)) -> Row {
    let limit = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Row {
        title: title.to_owned(),
        metric: metric.to_owned(),
        measured: limit(measured),
        target: limit(limits[0]),
        acceptable: limit(limits[1]),
        critical: limit(limits[2]),
        tier,
        effect: match tier {
            Tier::Target => Effect::Met,
            Tier::Acceptable | Tier::Missed | Tier::Critical => Effect::Warns,
            Tier::Unknown => Effect::Unknown,
            Tier::Shown | Tier::NotRun => Effect::Outside,
        },
        points: (tier != Tier::Unknown).then_some(points),
        weight: 1,
        ..Row::default()
    }
}

/// What might be said of it.
pub(crate) fn judgement() -> Judgement {
    let required = |id: &str, row: Row| Row { id: Some(id.to_owned()), ..row };
    let p95 =
        || row("latency.p95", "latency.p95", "53.2ms", ["< 75ms", "< 100ms", "> 500ms"], (Tier::Target, 100));
    Judgement {
        verdict: Verdict::Warning,
        gate_closed: false,
        message: "2 of 4 requirements are not met, none of them decides: PRD-2 rate measured 940/s, target >= 1000/s".to_owned(),
        score: Some(91.25),
        grade: Some("Good".to_owned()),
        requirements: vec![
            required("PRD-1", Row { weight: 3, must: true, title: "Fast enough at 2,500 users".to_owned(), ..p95() }),
            required("PRD-2", Row {
                gap: Some("60/s below the target (6%)".to_owned()),
                ..row("A thousand requests a second", "rate", "940/s", [">= 1000/s", ">= 800/s", ""], (Tier::Acceptable, 85))
            }),
            required("PRD-3", row("Hardly any errors", "error_rate", "0.1%", ["< 0.5%", "< 1%", "> 5%"], (Tier::Target, 100))),
            required("PRD-4", Row {
                gap: Some("7,200 samples of the 10,000 that p999 needs".to_owned()),
                ..row("The tail of orders", "latency.p999", "", ["< 1s", "", ""], (Tier::Unknown, 0))
            }),
        ],
        phases: vec![
            PhaseJudgement::default(),
            PhaseJudgement {
                verdict: Some(Verdict::Pass),
                expectations: vec![p95(), row("cache.hit_rate", "cache.hit_rate", "93%", [">= 90%", "", ""], (Tier::Target, 100))],
                ..PhaseJudgement::default()
            },
            PhaseJudgement::default(),
            PhaseJudgement {
                verdict: Some(Verdict::Warning),
                expectations: vec![Row {
                    gap: Some("8.04% above the target".to_owned()),
                    ..row("error_rate", "error_rate", "9.04%", ["< 1%", "", ""], (Tier::Missed, 0))
                }],
                ..PhaseJudgement::default()
            },
            PhaseJudgement::default(),
        ],
        findings: vec![Finding {
            rule: "error-burst".to_owned(),
            severity: Severity::High,
            issue: "Requests fail together when everyone comes at once".to_owned(),
            evidence: "113 of 1,250 requests of `sale` failed (9.04%), none of `checkout`".to_owned(),
            impact: "One buyer in eleven is turned away in the first two seconds of a sale".to_owned(),
            recommendation: "Queue orders before the stock is asked, and raise the limit of connections of the order service".to_owned(),
        }],
        generator: Generator {
            healthy: true,
            engine: "fast".to_owned(),
            reasons: Vec::new(),
            lag_p99_micros: 40,
            achieved_ppm: 1_000_000,
        },
    }
}
