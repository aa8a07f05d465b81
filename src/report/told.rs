//! The judgement in the words of the API: the judge knows no API, and the status nothing of the judge.

use crate::api;
use crate::verdict;

/// The judgement on a run, as reports tell it.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    pub(super) verdict: api::Verdict,
    pub(super) gate_closed: bool,
    pub(super) message: String,
    pub(super) score: Option<f64>,
    pub(super) grade: Option<String>,
    pub(super) requirements: Vec<api::Row>,
    pub(super) phases: Vec<PhaseJudgement>,
    pub(super) findings: Vec<api::Finding>,
    pub(super) generator: api::Generator,
}

/// The judgement on one phase, as reports tell it.
#[derive(Clone, Debug, Default)]
pub(super) struct PhaseJudgement {
    pub(super) verdict: Option<api::Verdict>,
    pub(super) grade: Option<String>,
    pub(super) capacity: Option<api::Capacity>,
    pub(super) expectations: Vec<api::Row>,
}

impl From<&verdict::Judgement> for Judgement {
    fn from(judgement: &verdict::Judgement) -> Self {
        let verdict::Judgement {
            verdict,
            gate_closed,
            message,
            score,
            grade,
            requirements,
            phases,
            findings,
            generator,
        } = judgement;
        Judgement {
            verdict: told(*verdict),
            gate_closed: *gate_closed,
            message: message.clone(),
            score: *score,
            grade: grade.clone(),
            requirements: requirements.iter().map(row).collect(),
            phases: phases.iter().map(phase).collect(),
            findings: findings.iter().map(finding).collect(),
            generator: self::generator(generator),
        }
    }
}

fn told(verdict: verdict::Verdict) -> api::Verdict {
    match verdict {
        verdict::Verdict::Pass => api::Verdict::Pass,
        verdict::Verdict::Warning => api::Verdict::Warning,
        verdict::Verdict::Fail => api::Verdict::Fail,
        verdict::Verdict::Inconclusive => api::Verdict::Inconclusive,
    }
}

fn phase(phase: &verdict::PhaseJudgement) -> PhaseJudgement {
    let verdict::PhaseJudgement { verdict, grade, capacity, expectations } = phase;
    PhaseJudgement {
        verdict: verdict.map(told),
        grade: grade.clone(),
        capacity: capacity.as_ref().map(self::capacity),
        expectations: expectations.iter().map(row).collect(),
    }
}

fn capacity(capacity: &verdict::Capacity) -> api::Capacity {
    let verdict::Capacity { held, at_least, levels_held, stopped_at, stopped_by } = capacity.clone();
    api::Capacity { held, at_least, levels_held, stopped_at, stopped_by }
}

fn row(row: &verdict::Row) -> api::Row {
    let verdict::Row {
        id,
        title,
        metric,
        measured,
        target,
        acceptable,
        critical,
        tier,
        effect,
        points,
        weight,
        must,
        gap,
    } = row.clone();
    let (tier, effect) = (self::tier(tier), self::effect(effect));
    api::Row {
        id,
        title,
        metric,
        measured,
        target,
        acceptable,
        critical,
        tier,
        effect,
        points,
        weight,
        must,
        gap,
    }
}

fn effect(effect: verdict::Effect) -> api::Effect {
    match effect {
        verdict::Effect::Outside => api::Effect::Outside,
        verdict::Effect::Met => api::Effect::Met,
        verdict::Effect::Warns => api::Effect::Warns,
        verdict::Effect::Unknown => api::Effect::Unknown,
        verdict::Effect::Fails => api::Effect::Fails,
    }
}

fn tier(tier: verdict::Tier) -> api::Tier {
    match tier {
        verdict::Tier::Target => api::Tier::Target,
        verdict::Tier::Acceptable => api::Tier::Acceptable,
        verdict::Tier::Missed => api::Tier::Missed,
        verdict::Tier::Critical => api::Tier::Critical,
        verdict::Tier::Shown => api::Tier::Shown,
        verdict::Tier::Unknown => api::Tier::Unknown,
        verdict::Tier::NotRun => api::Tier::NotRun,
    }
}

fn finding(finding: &verdict::Finding) -> api::Finding {
    let verdict::Finding { rule, severity, issue, evidence, impact, recommendation } = finding.clone();
    let severity = match severity {
        verdict::Severity::Low => api::Severity::Low,
        verdict::Severity::Medium => api::Severity::Medium,
        verdict::Severity::High => api::Severity::High,
        verdict::Severity::Critical => api::Severity::Critical,
    };
    api::Finding { rule, severity, issue, evidence, impact, recommendation }
}

fn generator(generator: &verdict::Generator) -> api::Generator {
    let verdict::Generator { healthy, engine, reasons, lag_p99_micros, achieved_ppm } = generator.clone();
    api::Generator { healthy, engine, reasons, lag_p99_micros, achieved_ppm }
}
