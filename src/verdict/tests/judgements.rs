//! Whole judgements, as they are.

use super::*;
use crate::verdict::PhaseJudgement;
use crate::verdict::{Effect, Finding, Generator, Row, Severity, Tier, Verdict};

const PRD: &str = "
phases:
- {name: warm, judge: false, load: {constantUsers: {users: 5, duration: 10s}}}
- name: steady
  load: {constantRate: {rate: 100/s, duration: 20s}}
  expect: [{metric: error_rate, target: '< 1%'}]
requirements:
- {id: PRD-7, title: p95 below 100 ms, metric: latency.p95, target: '< 100ms', acceptable: '< 200ms', critical: '> 500ms', weight: 3, must: true}
- {id: PRD-8, metric: rate, target: '>= 90/s'}
- {id: PRD-9, metric: cache.hit_rate, target: '> 50%'}
scoring:
  phaseGrades: {metric: latency.mean, grades: [{name: FAST, is: '< 60ms'}, {name: SLOW, is: '>= 60ms'}]}
";

fn cached(count: u64, micros: u64) -> Load {
    let hit = Hit { cache: Some(CacheHit::Hit(None)), micros, ..FINE };
    Load::every(10 * MILLI).sends(count, hit)
}

fn healthy() -> Generator {
    Generator {
        healthy: true,
        engine: "fast (HTTP/1.1)".to_owned(),
        reasons: Vec::new(),
        lag_p99_micros: 0,
        achieved_ppm: 1_000_000,
    }
}

fn p95(measured: &str, tier: Tier, points: u32, gap: Option<&str>) -> Row {
    Row {
        id: Some("PRD-7".to_owned()),
        title: "p95 below 100 ms".to_owned(),
        metric: "latency.p95".to_owned(),
        measured: Some(measured.to_owned()),
        target: Some("< 100 ms".to_owned()),
        acceptable: Some("< 200 ms".to_owned()),
        critical: Some("> 500 ms".to_owned()),
        tier,
        // It is a must.
        effect: if tier == Tier::Target { Effect::Met } else { Effect::Fails },
        points: Some(points),
        weight: 3,
        must: true,
        gap: gap.map(str::to_owned),
    }
}

fn plain(id: Option<&str>, metric: &str, measured: &str, target: &str) -> Row {
    Row {
        id: id.map(str::to_owned),
        title: metric.to_owned(),
        metric: metric.to_owned(),
        measured: Some(measured.to_owned()),
        target: Some(target.to_owned()),
        tier: Tier::Target,
        effect: Effect::Met,
        points: Some(100),
        weight: 1,
        ..Row::default()
    }
}

fn phases(verdict: Verdict, grade: &str) -> Vec<PhaseJudgement> {
    let expectations = vec![plain(None, "error_rate", "0%", "< 1%")];
    vec![
        PhaseJudgement { grade: Some("FAST".to_owned()), ..PhaseJudgement::default() },
        PhaseJudgement {
            verdict: Some(verdict),
            grade: Some(grade.to_owned()),
            expectations,
            ..PhaseJudgement::default()
        },
    ]
}

#[test]
fn all_requirements_met() {
    let judgement = judged(PRD, [cached(1000, 20 * MILLI), cached(2000, 50 * MILLI)]);
    let want = Judgement {
        verdict: Verdict::Pass,
        gate_closed: false,
        message: "score 100 (Excellent): 4 of 4 requirements met".to_owned(),
        score: Some(100.0),
        grade: Some("Excellent".to_owned()),
        requirements: vec![
            p95("50 ms", Tier::Target, 100, None),
            plain(Some("PRD-8"), "rate", "99.8/s", ">= 90/s"),
            plain(Some("PRD-9"), "cache.hit_rate", "100%", "> 50%"),
        ],
        phases: phases(Verdict::Pass, "FAST"),
        findings: Vec::new(),
        generator: healthy(),
    };
    similar_asserts::assert_eq!(judgement, want);
}

#[test]
fn a_must_missed_and_the_bottleneck_that_made_it() {
    let load = cached(1800, 20 * MILLI)
        .sends(200, Hit { cache: Some(CacheHit::Hit(None)), micros: 300 * MILLI, ..FINE });
    let judgement = judged(PRD, [cached(1000, 20 * MILLI), load]);
    let want = Judgement {
        verdict: Verdict::Fail,
        gate_closed: true,
        message: "PRD-7 latency.p95 = 300 ms, acceptable < 200 ms (must)".to_owned(),
        score: Some(50.0),
        grade: Some("Needs Work".to_owned()),
        requirements: vec![
            p95("300 ms", Tier::Missed, 0, Some("200 ms (200%) above the target")),
            plain(Some("PRD-8"), "rate", "98.6/s", ">= 90/s"),
            plain(Some("PRD-9"), "cache.hit_rate", "100%", "> 50%"),
        ],
        phases: phases(Verdict::Pass, "FAST"),
        findings: vec![Finding {
            rule: "tail-amplification".to_owned(),
            severity: Severity::Medium,
            issue: "The slowest 1% of shop.list take 15.0 times the usual time in phase steady".to_owned(),
            evidence: "p50 20 ms, p99 300 ms over 2000 requests".to_owned(),
            impact: "A page that makes 100 such requests nearly always meets one of the slow ones."
                .to_owned(),
            recommendation:
                "Look at what only some requests do: cache misses, lock waits, garbage collection, a slow \
                             replica, retries. Compare slow and usual requests by step and by group."
                    .to_owned(),
        }],
        generator: healthy(),
    };
    similar_asserts::assert_eq!(judgement, want);
}

#[test]
fn a_load_that_never_began() {
    let reason = "preflight GET /health: connection refused".to_owned();
    let circumstances = Circumstances { not_started: Some(reason), ..Circumstances::default() };
    let judgement = judge(&plan(PRD), &Aggregate::new(2), &circumstances);
    let unknown = |row: Row| Row {
        measured: None,
        points: None,
        tier: Tier::Unknown,
        effect: Effect::Unknown,
        gap: Some("phase steady never ran".to_owned()),
        ..row
    };
    let want = Judgement {
        verdict: Verdict::Inconclusive,
        gate_closed: true,
        message: "the load never began: preflight GET /health: connection refused".to_owned(),
        score: None,
        grade: None,
        requirements: vec![
            unknown(p95("", Tier::Unknown, 0, None)),
            unknown(plain(Some("PRD-8"), "rate", "", ">= 90/s")),
            unknown(plain(Some("PRD-9"), "cache.hit_rate", "", "> 50%")),
        ],
        phases: vec![
            PhaseJudgement::default(),
            PhaseJudgement {
                expectations: vec![unknown(plain(None, "error_rate", "", "< 1%"))],
                ..PhaseJudgement::default()
            },
        ],
        findings: Vec::new(),
        generator: Generator { achieved_ppm: 0, ..healthy() },
    };
    similar_asserts::assert_eq!(judgement, want);
}
