//! The renderings of a report, as goldens, and the laws that hold for any report.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::time::Duration;

use loadgate::api::WorkerCounts;
use loadgate::metrics::Aggregate;
use loadgate::plan::Options;
use loadgate::report::forecast::Forecast;
use loadgate::report::progress::{self, Moment};
use loadgate::report::text::{self, Style};
use loadgate::report::{RunFacts, json, junit};
use loadgate::verdict::{Circumstances, Judgement, Verdict};
use support::{is_as_committed, run};

const PLAIN: Style = Style { colour: false, width: 120 };

#[test]
fn the_text_report_is_as_committed() {
    is_as_committed("tests/golden/shop.report.txt", &text::render(&run::report(), PLAIN));
}

#[test]
fn the_json_report_is_as_committed() {
    is_as_committed("tests/golden/shop.report.json", &json::render(&run::report()));
}

#[test]
fn the_junit_report_is_as_committed() {
    is_as_committed("tests/golden/shop.junit.xml", &junit::render(&run::report()));
}

#[test]
fn the_forecast_is_as_committed() {
    let checked = run::shop(&run::options());
    let forecast = Forecast::new(&checked.plan);
    is_as_committed("tests/golden/shop.plan.txt", &text::forecast(&checked.plan, &forecast, PLAIN));
}

#[test]
fn the_json_report_satisfies_its_schema() {
    let report = serde_json::to_value(run::report()).unwrap();
    let errors: Vec<String> =
        validator().iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let mut report = serde_json::to_value(run::report()).unwrap();
    report["status"]["summary"]["requests"] = serde_json::json!("many");
    assert!(!validator().is_valid(&report));
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&json::schema()).unwrap()
}

#[test]
fn colours_change_nothing_but_colours() {
    let coloured = text::render(&run::report(), Style { colour: true, ..PLAIN });
    assert!(coloured.contains("\u{1b}["), "no colour at all");
    let plain =
        console::strip_ansi_codes(&coloured).lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    similar_asserts::assert_eq!(plain, text::render(&run::report(), PLAIN).trim_end());
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [80, 100, 140] {
        let text = text::render(&run::report(), Style { colour: false, width });
        let widest = text.lines().map(console::measure_text_width).max().unwrap();
        assert!(widest <= width, "{widest} > {width}");
    }
}

#[test]
fn what_came_from_outside_cannot_steer_the_terminal() {
    let mut report = run::report();
    report.spec.title = Some("evil\u{1b}[2J".to_owned());
    report.metadata.name = "evil\u{1b}[2J".to_owned();
    report.phases[0].name = "evil\u{1b}[2J".to_owned();
    report.steps[0].path = "/\u{1b}[2J\r".to_owned();
    report.status.message = Some("evil\u{1b}[2J".to_owned());
    let text = text::render(&report, PLAIN);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
    assert!(!junit::render(&report).contains('\u{1b}'));
}

#[test]
fn credentials_are_in_no_rendering() {
    let report = run::report();
    for rendered in [json::render(&report), junit::render(&report), text::render(&report, PLAIN)] {
        assert!(!rendered.contains("hunter2"));
    }
}

#[test]
fn steps_phases_and_the_whole_count_the_same_requests() {
    let report = run::report();
    let whole = report.status.summary.as_ref().unwrap().requests;
    let phases =
        report.phases.iter().filter_map(|phase| phase.summary.as_ref()).map(|summary| summary.requests);
    assert_eq!(phases.sum::<u64>(), whole);
    assert_eq!(report.steps.iter().map(|step| step.requests).sum::<u64>(), whole);
    let points = report.series.iter().flat_map(|series| &series.points).map(|point| point.requests);
    assert_eq!(points.sum::<u64>(), whole);
}

#[test]
fn junit_is_red_only_for_rows_that_fail_or_cannot_be_told() {
    let mut report = run::report();
    let xml = junit::render(&report);
    assert!(xml.contains(r#"failures="0""#) && xml.contains(r#"errors="1""#), "{xml}");
    report.phases[3].expectations[0].effect = loadgate::api::Effect::Fails;
    assert!(junit::render(&report).contains("<failure"));
    let rows = &mut report.status.compliance.as_mut().unwrap().requirements;
    (rows[3].tier, rows[3].effect) = (loadgate::api::Tier::NotRun, loadgate::api::Effect::Outside);
    assert!(junit::render(&report).contains("<skipped"));
}

#[test]
fn a_warning_that_closes_the_gate_is_red_everywhere() {
    let judgement = Judgement { gate_closed: true, ..run::judgement() };
    let report = run::report_of(&run::options(), &run::aggregate(), &judgement, &run::facts());
    let passed = report.status.conditions.iter().find(|condition| condition.type_ == "Passed").unwrap();
    assert_eq!((passed.status.as_str(), passed.reason.as_str()), ("False", "WarningsNotAllowed"));
    assert_eq!(report.status.phase.as_deref(), Some("Failed"));
    let xml = junit::render(&report);
    assert!(xml.contains(r#"failures="1""#) && xml.contains(r#"type="Warning""#), "{xml}");
    assert!(!junit::render(&run::report()).contains("<failure"), "an open gate is green");
}

#[test]
fn a_quick_run_says_so_and_what_it_changed() {
    let options = Options { quick: Some(60), ..run::options() };
    let report = run::report_of(&options, &run::aggregate(), &run::judgement(), &run::facts());
    let text = text::render(&report, PLAIN);
    assert_eq!(report.quick.as_ref().map(|quick| quick.factor), Some(60));
    assert!(text.contains("quick run, divided by 60") && text.contains("never becomes a baseline"), "{text}");
}

#[test]
fn an_aborted_run_keeps_what_was_measured_and_closes_the_gate() {
    let judgement = Judgement { verdict: Verdict::Inconclusive, gate_closed: true, ..run::judgement() };
    let circumstances = Circumstances { aborted: Some("Ctrl-C".to_owned()), ..Circumstances::default() };
    let facts = RunFacts { circumstances, ..run::facts() };
    let report = run::report_of(&run::options(), &run::aggregate(), &judgement, &facts);
    assert_eq!(report.status.phase.as_deref(), Some("Aborted"));
    assert!(report.status.conditions.iter().any(|condition| condition.type_ == "Stalled"));
    assert!(report.status.summary.as_ref().is_some_and(|summary| summary.requests > 0));
    assert!(text::render(&report, PLAIN).contains("ABORTED"));
}

#[test]
fn a_run_that_never_began_is_told_without_figures() {
    let judgement = Judgement { verdict: Verdict::Inconclusive, phases: Vec::new(), ..run::judgement() };
    let facts = RunFacts { started_at: None, ..run::facts() };
    let report = run::report_of(&run::options(), &Aggregate::default(), &judgement, &facts);
    let display = report.status.display.as_ref().unwrap();
    assert_eq!((display.progress.as_str(), display.p95.as_str()), ("0/5 phases", "–"));
    assert_eq!(report.phases.len(), 5);
    assert!(text::render(&report, PLAIN).contains("not begun"));
    assert!(validator().is_valid(&serde_json::to_value(&report).unwrap()));
}

#[test]
fn progress_counts_planned_time_and_tells_of_the_phase_under_way() {
    let plan = run::shop(&run::options()).plan;
    let workers = WorkerCounts { ready: 3, lost: 1, ..WorkerCounts::none_of(3) };
    for (phase, seconds, want) in [
        (0, 0, "phase 1/5 warm-up 0%"),
        (1, 60, "phase 2/5 steady 40%"),
        (3, 1, "phase 4/5 sale 73%"),
        (4, 999, "phase 5/5 checkout 99%"),
    ] {
        let moment = Moment { phase, elapsed: Duration::from_secs(seconds) };
        let display = progress::display(&plan, &run::aggregate(), moment, &workers);
        assert_eq!((display.progress.as_str(), display.workers.as_str()), (want, "2/3"));
    }
}
