//! The renderings of a report, as goldens, and the laws that hold for any report.

mod support;

use loadgate::api::Tier;
use loadgate::plan::Options;
use loadgate::report::forecast::Forecast;
use loadgate::report::text::{self, Style};
use loadgate::report::{json, junit};
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
    let checked = run::shop(&Options { workers: Some(3), ..Options::default() });
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
    report.phases[3].critical = true;
    assert!(junit::render(&report).contains("<failure"));
    let rows = &mut report.status.compliance.as_mut().unwrap().requirements;
    rows[3].tier = Tier::NotRun;
    assert!(junit::render(&report).contains("<skipped"));
}
