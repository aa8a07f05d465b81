//! The forecast of a run as text: what `loadgate plan` prints.

use std::time::Duration;

use super::style::{Style, Tone};
use crate::plan::{Phase, Plan};
use crate::report::figures::{count, length, of_these};
use crate::report::forecast::{Count, Forecast, PhaseForecast, WorkerForecast};
use crate::report::progress::NOTHING;

/// The most workers that are listed.
const MOST_WORKERS: usize = 16;

/// What a run of `plan` would do.
#[must_use]
pub fn forecast(plan: &Plan, forecast: &Forecast, style: Style) -> String {
    let sections = [
        head(plan, style),
        super::section("Phases", phases(plan, forecast, style), style),
        super::section("Workers", workers(&forecast.workers, style), style),
        totals(plan, forecast, style),
    ];
    super::joined(&sections)
}

fn head(plan: &Plan, style: Style) -> String {
    super::titled(&plan.title, &plan.target.url(), style)
}

fn phases(plan: &Plan, forecast: &Forecast, style: Style) -> String {
    let mut table = style.table(&[]);
    let figure = |text| style.figure(Tone::Quiet, text);
    let text = |text| style.cell(Tone::Quiet, text);
    let figures = ["Starts", "Lasts"].map(figure);
    let loads = ["Users", "Iterations/s", "Iterations", "Requests"].map(figure);
    table.set_header([text("Phase")].into_iter().chain(figures).chain([text("Load")]).chain(loads));
    let mut exact = true;
    for phase in &forecast.phases {
        table.add_row(row(plan, phase, exact, style));
        exact &= phase.length.is_some();
    }
    table.to_string()
}

/// `exact`: whether it is known when the phase begins, given that all before it have a known length.
fn row(plan: &Plan, forecast: &PhaseForecast, exact: bool, style: Style) -> [comfy_table::Cell; 8] {
    let phase = &plan.phases[forecast.phase];
    let start = length(forecast.start);
    let figure = |text: &str| style.figure(Tone::Plain, text);
    let or_nothing = |text: Option<String>| figure(text.as_deref().unwrap_or(NOTHING));
    [
        style.cell(Tone::Plain, &phase.name),
        figure(&if exact { start } else { format!("≥ {start}") }),
        figure(&match forecast.length {
            Some(known) => length(known),
            None => format!("≤ {}", length(forecast.deadline)),
        }),
        style.cell(Tone::Quiet, &phase.executor.in_words()),
        figure(&count(u64::from(forecast.users))),
        or_nothing(forecast.rate.map(|rate| bound(rate, forecast.iterations))),
        or_nothing(forecast.iterations.map(number)),
        or_nothing(forecast.requests.map(number)),
    ]
}

fn bound(rate: f64, iterations: Option<Count>) -> String {
    let is_scheduled = matches!(iterations, Some(Count::Exactly(_)));
    if is_scheduled { decimal(rate) } else { format!("≤ {}", decimal(rate)) }
}

fn number(number: Count) -> String {
    match number {
        Count::Exactly(number) => count(number),
        Count::About(number) => format!("≈ {}", count(number)),
        Count::AtMost(number) => format!("≤ {}", count(number)),
    }
}

/// A rate: with decimals where it is small.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn decimal(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { count(rate.round() as u64) }
}

fn workers(workers: &[WorkerForecast], style: Style) -> String {
    if workers.len() < 2 {
        return String::new();
    }
    let mut table = style.table(&[]);
    table.set_header(
        ["Worker", "Most users", "Iterations of known number"].map(|text| style.figure(Tone::Quiet, text)),
    );
    table.add_rows(workers.iter().take(MOST_WORKERS).enumerate().map(|(index, worker)| {
        let figures = [index as u64, u64::from(worker.users), worker.iterations];
        figures.map(|figure| style.figure(Tone::Plain, &count(figure)))
    }));
    let more = workers.len().saturating_sub(MOST_WORKERS);
    let more = if more > 0 {
        format!("\n … and {} more, within one of these", count(more as u64))
    } else {
        String::new()
    };
    format!("{table}{more}")
}

fn totals(plan: &Plan, forecast: &Forecast, style: Style) -> String {
    let mut table = style.bare_table();
    let lines = lines(plan, forecast).into_iter().filter(|(_, lines)| !lines.is_empty());
    table.add_rows(
        lines.map(|(name, lines)| [style.cell(Tone::Quiet, name), style.lines(Tone::Plain, &lines)]),
    );
    table.to_string()
}

fn lines(plan: &Plan, forecast: &Forecast) -> [(&'static str, Vec<String>); 7] {
    let requirements = of_these(plan.requirements.len(), "requirement");
    let expectations = plan.phases_to_run().map(|(_, phase)| phase.expect.len()).sum();
    [
        ("Length", vec![whole_length(forecast.length, forecast.open_ended)]),
        ("Peak", vec![peak(forecast)]),
        ("Client", vec![client(plan)]),
        ("Judged by", vec![format!("{requirements}, {}", of_these(expectations, "expectation"))]),
        ("Pace", plan.phases_to_run().filter_map(|(_, phase)| idle_pace(plan, phase)).collect()),
        ("Quick run", plan.quick_changes.clone()),
        ("Left out", plan.left_out.iter().map(|phase| plan.phases[*phase].name.clone()).collect()),
    ]
}

/// Which client sends, and why it isn't the fast one.
fn client(plan: &Plan) -> String {
    let http = &plan.target.http;
    if http.reasons.is_empty() {
        http.engine()
    } else {
        format!("{}: {}", http.engine(), http.reasons.join(", "))
    }
}

/// That the scenarios of a phase have a pace which nothing heeds there.
fn idle_pace(plan: &Plan, phase: &Phase) -> Option<String> {
    let why = phase.executor.no_pace()?;
    let scenarios = phase.scenarios.iter().map(|scenario| &plan.scenarios[*scenario]);
    let paced: Vec<&str> =
        scenarios.filter(|scenario| scenario.pace.is_some()).map(|scenario| scenario.name.as_str()).collect();
    (!paced.is_empty()).then(|| format!("that of {} isn't kept in {}: {why}", paced.join(", "), phase.name))
}

fn whole_length(known: Duration, open_ended: bool) -> String {
    let known = length(known);
    if open_ended {
        format!("{known} and as long as the target takes for bursts, iterations and searches")
    } else {
        known
    }
}

fn peak(forecast: &Forecast) -> String {
    let users = of_these(forecast.peak_users as usize, "user");
    let rate = forecast.peak_rate.map(|rate| format!(", {} iterations/s", decimal(rate))).unwrap_or_default();
    format!("{users}{rate}")
}
