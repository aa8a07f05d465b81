//! The report as JUnit XML, which pipelines show line by line.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::Report;
use super::phases::PhaseReport;
use crate::api::{Effect, Row, Tier, Verdict};

/// One suite for the verdict and the requirements, and one for each phase that has expectations.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut document = Document::new(&report.metadata.name);
    document.set_time(duration(report.status.summary.as_ref().map(|summary| summary.duration_millis)));
    document.add_test_suite(requirements(report));
    let phases = report.phases.iter().filter(|phase| !phase.expectations.is_empty());
    document.add_test_suites(phases.map(|phase| expectations(report, phase)));
    match document.to_string() {
        Ok(xml) => xml,
        Err(_) => unreachable!("texts written into memory; the crate drops what XML cannot hold"),
    }
}

fn requirements(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("requirements");
    add_properties(&mut suite, report);
    let class = format!("{}.requirements", report.metadata.name);
    suite.add_test_case(overall(report, &class));
    let rows = report.status.compliance.iter().flat_map(|compliance| &compliance.requirements);
    suite.add_test_cases(rows.map(|row| case(row, &class)));
    suite
}

fn expectations(report: &Report, phase: &PhaseReport) -> TestSuite {
    let mut suite = TestSuite::new(format!("phase {}", phase.name));
    suite.set_time(duration(phase.summary.as_ref().map(|summary| summary.duration_millis)));
    suite.add_property(("load", phase.load.as_str()));
    let class = format!("{}.{}", report.metadata.name, phase.name);
    suite.add_test_cases(phase.expectations.iter().map(|row| case(row, &class)));
    suite
}

fn duration(millis: Option<u64>) -> Duration {
    Duration::from_millis(millis.unwrap_or_default())
}

fn add_properties(suite: &mut TestSuite, report: &Report) {
    let status = &report.status;
    let compliance = status.compliance.as_ref();
    let texts = [
        ("createdBy", Some(report.metadata.created_by.clone())),
        ("target", Some(report.spec.target.base_url.clone())),
        ("runUid", status.run.as_ref().map(|run| run.uid.clone())),
        ("startedAt", status.run.as_ref().and_then(|run| run.started_at.clone())),
        ("verdict", status.verdict.map(|verdict| format!("{verdict:?}"))),
        ("score", compliance.and_then(|compliance| compliance.score).map(|score| score.to_string())),
        ("grade", compliance.and_then(|compliance| compliance.grade.clone())),
        ("quick", report.quick.as_ref().map(|quick| quick.factor.to_string())),
    ];
    suite.add_properties(texts.into_iter().filter_map(|(name, text)| Some(Property::new(name, text?))));
}

/// The verdict as a case of its own: it can fail for reasons that no single row has, such as the score.
fn overall(report: &Report, class: &str) -> TestCase {
    let message = report.status.message.clone().unwrap_or_default();
    let status = match report.status.verdict {
        Some(Verdict::Pass | Verdict::Warning) if report.opens_gate() => TestCaseStatus::success(),
        Some(verdict @ (Verdict::Pass | Verdict::Warning | Verdict::Fail)) => {
            failed(NonSuccessKind::Failure, &format!("{verdict:?}"), &message)
        }
        Some(Verdict::Inconclusive) | None => failed(NonSuccessKind::Error, "Inconclusive", &message),
    };
    let mut case = TestCase::new("verdict", status);
    case.set_classname(class).set_system_out(message);
    case
}

fn case(row: &Row, class: &str) -> TestCase {
    let told = told(row);
    let status = match row.effect {
        Effect::Met | Effect::Warns => TestCaseStatus::success(),
        Effect::Fails => failed(NonSuccessKind::Failure, &format!("{:?}", row.tier), &told),
        Effect::Unknown => failed(NonSuccessKind::Error, "Inconclusive", &told),
        Effect::Outside if row.tier == Tier::Shown => TestCaseStatus::success(),
        Effect::Outside => skipped(&told),
    };
    let name = row.id.as_ref().map_or_else(|| row.title.clone(), |id| format!("{id} {}", row.title));
    let mut case = TestCase::new(name, status);
    case.set_classname(class).set_system_out(told);
    case
}

fn failed(kind: NonSuccessKind, type_: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(type_).set_message(message);
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

/// `latency.p95: measured 61.2 ms, target < 75 ms, acceptable < 100 ms (Acceptable: …)`.
fn told(row: &Row) -> String {
    let limits = [("target", &row.target), ("acceptable", &row.acceptable), ("critical", &row.critical)];
    let limits = limits.iter().filter_map(|(name, limit)| Some(format!(", {name} {}", limit.as_ref()?)));
    let measured = row.measured.as_deref().unwrap_or("nothing");
    let gap = row.gap.as_ref().map(|gap| format!(": {gap}")).unwrap_or_default();
    format!("{}: measured {measured}{} ({:?}{gap})", row.metric, limits.collect::<String>(), row.tier)
}
