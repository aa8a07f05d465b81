//! Runs of which all that was measured is far too much to be kept.

use loadgate::api::{LoadTestSpec, LoadTestStatus, Row, Tier};
use loadgate::metrics::{Aggregate, Layout, Part, PhaseAggregate, PhaseEnd, Recorder, Sample, Timing};
use loadgate::plan::{Document, Options};
use loadgate::report::RunFacts;
use loadgate::report::kept::KeptRun;
use loadgate::store::{LARGEST, PackError, Packed, pack, unpack};

/// A phase: its name, its rate and how long it lasts.
type Shape = (String, u64, u64);

/// Rows that are read from single seconds, from single steps, from times that few ask for, and from a window.
const ROWS: &str = "
requirements:
- {id: ALL, metric: latency.p99, target: '< 10s'}
- {id: STEP, metric: latency.p95, where: {steps: [s3.t2]}, target: '< 10s'}
- {id: SUSTAINED, metric: rate.sustained, over: min, target: '> 1/s'}
- {id: PEAK, metric: rate.peak, target: '> 1/s'}
- {id: USERS, metric: users.max, target: '< 1000'}
- {id: SLOPE, metric: latency.slope, target: '< 1s/m'}
- {id: LATE-SLOPE, metric: latency.slope, where: {window: {from: 50%, to: 100%}}, target: '< 1s/m'}
- {id: FIRST-BYTE, metric: ttfb.p90, where: {phases: [phase-0]}, target: '< 10s'}
";

/// A run of this many scenarios and steps, each phase as told.
fn run(scenarios: usize, steps: usize, phases: &[Shape], rows: &str) -> KeptRun {
    let steps = |_| -> String {
        let steps = (0..steps).map(|step| format!("{{name: t{step}, request: {{path: /{step}}}}}"));
        steps.collect::<Vec<_>>().join(", ")
    };
    let scenarios = (0..scenarios).map(|number| format!("{{name: s{number}, steps: [{}]}}", steps(number)));
    let scenarios = scenarios.collect::<Vec<_>>().join(", ");
    let phase = |(name, rate, seconds): &Shape| {
        format!("{{name: {name}, load: {{constantRate: {{rate: {rate}/s, duration: {seconds}s}}}}}}, ")
    };
    let text = format!(
        "apiVersion: loadgate.dev/v1alpha1\nkind: LoadTest\nmetadata: {{name: large}}\nspec:\n  \
         target: {{baseUrl: 'http://shop'}}\n  scenarios: [{scenarios}]\n  phases: [{}]{}",
        phases.iter().map(phase).collect::<String>(),
        rows.replace('\n', "\n  ")
    );
    let checked = Document::parse(&text).and_then(|document| document.check(&Options::default()));
    let checked = checked.unwrap_or_else(|faults| panic!("{faults:?}"));
    let steps = checked.plan.steps.len();
    let phases = phases.iter().map(|(_, rate, seconds)| measured((*rate, *seconds), steps)).collect();
    let facts = RunFacts {
        number: 1,
        generation: Some(1),
        workers_desired: 1,
        workers_ready: 1,
        ..RunFacts::default()
    };
    KeptRun::new(&checked.name, &checked.spec, facts, Aggregate { phases })
}

fn many_phases() -> Vec<Shape> {
    (0..10).map(|number| (format!("phase-{number}"), 500, 30)).collect()
}

fn measured((rate, seconds): (u64, u64), steps: usize) -> PhaseAggregate {
    let mut recorder = Recorder::new(Layout { groups: 0, values: 0, open_loop: true });
    let gap = 1_000_000 / rate;
    recorder.scheduled(rate * seconds);
    for number in 0..rate * seconds {
        let sent = number * gap;
        // Spread from 1 ms to 4 s, without randomness.
        let draw = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let end = sent + (1 << (10 + draw % 12)) + draw % 1000;
        recorder.iteration_started(Part::Steady, sent, Some(draw % 3000));
        recorder.request(&Sample {
            step: usize::try_from(number).unwrap() % steps,
            part: Part::Steady,
            timing: Timing { intended: sent, sent: sent + draw % 3000, first_byte: Some(end - 500), end },
            status: Some(200),
            error: None,
            cache: None,
            groups: &[],
            values: &[],
            bytes_sent: 120,
            bytes_received: 900 + draw,
        });
        recorder.iteration_completed(Part::Steady, end);
    }
    recorder.state_mut().end = Some(PhaseEnd::Completed);
    let (state, seconds) = recorder.so_far((seconds + 5) * 1_000_000, 0);
    let mut phase = PhaseAggregate { started_micros: Some(0), ..PhaseAggregate::default() };
    phase.add(&state, &seconds);
    phase
}

/// It is kept with something left out, and says the same of its rows and of all else.
#[track_caller]
fn is_kept_in_part(run: &KeptRun, left_out: &[&str]) -> KeptRun {
    let Packed { bytes, left_out: told } = pack(run).unwrap();
    assert!(bytes.len() <= LARGEST, "{} bytes", bytes.len());
    let again = unpack(&bytes).unwrap();
    assert_eq!(again.facts.left_out, told);
    assert_eq!(told.len(), left_out.len(), "{told:?}");
    for (line, want) in told.iter().zip(left_out) {
        assert!(line.starts_with(want), "{line} is not {want}");
    }
    let (before, after) = (status(run, &run.spec), status(&again, &run.spec));
    similar_asserts::assert_eq!(json(&before), json(&after));
    assert!(rows(&before).iter().all(|row| row.tier == Tier::Target), "{:#?}", rows(&before));
    again
}

fn status(run: &KeptRun, spec: &LoadTestSpec) -> LoadTestStatus {
    run.report(spec, Some(1)).unwrap().status
}

fn json(status: &LoadTestStatus) -> serde_json::Value {
    serde_json::to_value(status).unwrap()
}

fn rows(status: &LoadTestStatus) -> &[Row] {
    &status.compliance.as_ref().unwrap().requirements
}

/// What is said of other requirements on the same run: each a metric and what it is narrowed to.
fn asked_of(run: &KeptRun, asked: &[(&str, &str)]) -> Vec<Row> {
    let mut spec = run.spec.clone();
    let row = |(place, (metric, narrowed)): (usize, &(&str, &str))| {
        let target = if metric.ends_with("slope") { "< 1s/m" } else { "< 10s" };
        let row = format!("{{id: NEW-{place}, metric: {metric}, target: '{target}', where: {narrowed}}}");
        serde_yaml::from_str(&row).unwrap()
    };
    spec.requirements = asked.iter().enumerate().map(row).collect();
    rows(&status(run, &spec)).to_vec()
}

/// The row says that what it asks for is gone; it doesn't take it for nothing.
#[track_caller]
fn is_gone(row: &Row) {
    assert_eq!(row.tier, Tier::Unknown, "{row:?}");
    let gap = row.gap.as_ref().unwrap();
    assert!(gap.contains("weren't kept with the result"), "{gap}");
}

#[test]
fn of_many_phases_and_steps_what_rows_are_judged_from_is_kept() {
    let again = is_kept_in_part(
        &run(6, 8, &many_phases(), ROWS),
        &["single seconds", "times beside the response times", "figures of single steps"],
    );
    let kept = asked_of(
        &again,
        &[
            ("latency.p99", "{phases: [phase-1]}"),
            ("latency.max", "{steps: [s3.t2]}"),
            ("ttfb.mean", "{phases: [phase-0]}"),
        ],
    );
    assert!(kept.iter().all(|row| row.tier == Tier::Target), "{kept:#?}");
    let gone = asked_of(
        &again,
        &[
            ("latency.max", "{steps: [s3.t1]}"),
            ("latency.p50", "{phases: [phase-4], steps: [s0.t0, s3.t2]}"),
            ("ttfb.mean", "{phases: [phase-1]}"),
            ("service.p50", "{phases: [phase-0]}"),
            ("lag.p50", "{}"),
        ],
    );
    gone.iter().for_each(is_gone);
}

#[test]
fn of_a_day_long_run_what_single_seconds_say_is_kept() {
    let day = 24 * 60 * 60;
    let rows = ROWS
        .replace("s3.t2", "s0.t1")
        .replace(" over: min,", "")
        .replace("{phases: [phase-0]}", "{phases: [soak]}");
    let again = is_kept_in_part(&run(1, 3, &[("soak".to_owned(), 2, day)], &rows), &["single seconds"]);
    let windows = ["50%", "25%"].map(|from| format!("{{window: {{from: {from}, to: 100%}}}}"));
    let told = asked_of(&again, &windows.each_ref().map(|window| ("latency.slope", window.as_str())));
    assert_ne!(told[0].measured, None, "{told:#?}");
    is_gone(&told[1]);
    let points: usize =
        again.report(&again.spec, None).unwrap().series.iter().map(|one| one.points.len()).sum();
    assert!((60..=600).contains(&points), "{points} points");
}

#[test]
fn where_rows_ask_for_too_much_nothing_of_it_is_left_out() {
    let every_step: Vec<String> = (0..48)
        .map(|step| {
            let (scenario, step) = (step / 8, step % 8);
            format!("\n- {{id: R-{scenario}-{step}, metric: latency.p50, where: {{steps: [s{scenario}.t{step}]}}, target: '< 10s'}}")
        })
        .collect();
    let every_time =
        "\n- {id: A, metric: ttfb.mean, target: '< 10s'}\n- {id: B, metric: service.mean, target: '< 10s'}";
    match pack(&run(6, 8, &many_phases(), &format!("\nrequirements:{}{every_time}", every_step.concat()))) {
        Err(PackError::TooLarge(size)) => assert!(size > LARGEST, "{size} bytes"),
        other => panic!("it fits: {:?}", other.map(|packed| packed.left_out)),
    }
}
