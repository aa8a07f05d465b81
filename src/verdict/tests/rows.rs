use super::*;
use crate::verdict::{Effect, Row, Tier, Verdict};

/// The only requirement's row.
#[track_caller]
fn row(requirement: &str, loads: impl IntoIterator<Item = Load>) -> Row {
    judged(&required(requirement), loads).requirements.remove(0)
}

#[track_caller]
fn check(requirement: &str, micros: u64, tier: Tier, points: u32, measured: &str, gap: Option<&str>) {
    let row = row(requirement, [Load::steady(micros)]);
    let told = (row.tier, row.points, row.measured.as_deref(), row.gap.as_deref());
    similar_asserts::assert_eq!(told, (tier, Some(points), Some(measured), gap), "{requirement}");
}

#[test]
fn points_fall_from_the_target_to_half_at_acceptable_and_none_beyond() {
    let tiers = "metric: latency.max, target: '< 100ms', acceptable: '<= 200ms', critical: '> 500ms'";
    check(tiers, 50_000, Tier::Target, 100, "50 ms", None);
    check(tiers, 100_000, Tier::Acceptable, 100, "100 ms", Some("exactly on the edge of the target"));
    check(tiers, 112_000, Tier::Acceptable, 94, "112 ms", Some("12 ms (12%) above the target"));
    check(tiers, 150_000, Tier::Acceptable, 75, "150 ms", Some("50 ms (50%) above the target"));
    check(tiers, 200_000, Tier::Acceptable, 50, "200 ms", Some("100 ms (100%) above the target"));
    check(tiers, 300_000, Tier::Missed, 0, "300 ms", Some("200 ms (200%) above the target"));
    check(tiers, 600_000, Tier::Critical, 0, "600 ms", Some("500 ms (500%) above the target"));
}

#[test]
fn measured_never_reads_as_the_limit_that_it_misses() {
    check(
        "metric: latency.max, target: '< 75ms'",
        75_004,
        Tier::Missed,
        0,
        "75.004 ms",
        Some("4 us (0.00533%) above the target"),
    );
    check(
        "metric: latency.max, target: '< 75ms'",
        75_000,
        Tier::Missed,
        0,
        "75 ms",
        Some("exactly on the edge of the target"),
    );
    check(
        "metric: latency.max, critical: '> 75ms'",
        80_000,
        Tier::Critical,
        0,
        "80 ms",
        Some("5 ms (6.67%) above the critical limit"),
    );
}

#[test]
fn gaps_of_shares_counts_and_lower_limits_read_well() {
    let errors = || [Load::every(10_000).of(990, 50_000).failing(10, ErrorClass::Check)];
    let gap = |requirement: &str| row(requirement, errors()).gap.unwrap();
    assert_eq!(gap("metric: error_rate, target: '< 0.5%'"), "0.5 percentage points (100%) above the target");
    assert_eq!(gap("metric: requests, target: '>= 2000'"), "1,000 (50%) below the target");
    assert_eq!(gap("metric: requests, target: '0..500'"), "500 (100%) above the target");
    assert_eq!(gap("metric: dropped, target: '> 0'"), "exactly on the edge of the target");
    assert_eq!(gap("metric: errors(check), target: '== 0'"), "10 above the target");
}

#[test]
fn a_row_without_limits_is_shown() {
    let shown = row("metric: latency.max", [Load::steady(50_000)]);
    assert_eq!((shown.tier, shown.points, shown.measured.as_deref()), (Tier::Shown, None, Some("50 ms")));
    let unknown = row("metric: cache.hit_rate", [Load::steady(50_000)]);
    assert_eq!((unknown.tier, unknown.measured), (Tier::Shown, None));
}

#[test]
fn min_samples_replace_what_the_metric_needs() {
    let few = || [Load::every(10_000).of(50, 50_000)];
    assert_eq!(row("metric: latency.p95, minSamples: 50, target: '< 100ms'", few()).tier, Tier::Target);
    let unknown = row("metric: latency.max, minSamples: 51, target: '< 100ms'", few());
    assert_eq!((unknown.tier, unknown.gap.as_deref()), (Tier::Unknown, Some("needs 51 samples and has 50")));
}

/// Phases of 1000 requests that take 20, 40 and 90 ms.
fn three(requirement: &str) -> (String, Vec<Load>) {
    let phase =
        |name| format!("- {{name: {name}, load: {{constantRate: {{rate: 100/s, duration: 10s}}}}}}\n");
    let phases: String = ["low", "mid", "high"].map(phase).concat();
    let loads = [20_000, 40_000, 90_000].map(|micros| Load::every(10_000).of(1000, micros));
    (format!("{}\nphases:\n{phases}", required(requirement)), loads.into())
}

#[track_caller]
fn check_over(over: &str, measured: &str, tier: Tier, gap: Option<&str>) {
    let (parts, loads) = three(&format!("metric: latency.mean, over: {over}, target: '< 60ms'"));
    let row = judged(&parts, loads).requirements.remove(0);
    let told = (row.measured.as_deref(), row.tier, row.gap.as_deref());
    similar_asserts::assert_eq!(told, (Some(measured), tier, gap), "{over}");
}

#[test]
fn figures_of_several_phases_become_one() {
    check_over("pooled", "50 ms", Tier::Target, None);
    check_over("mean", "50 ms", Tier::Target, None);
    check_over("min", "20 ms", Tier::Target, None);
    check_over("max", "90 ms", Tier::Missed, Some("30 ms (50%) above the target"));
    check_over("each", "90 ms", Tier::Missed, Some("30 ms (50%) above the target; worst in phase high"));
}

#[test]
fn one_phase_without_a_figure_leaves_the_whole_unknown() {
    for over in ["pooled", "mean", "min", "max", "each"] {
        let (parts, mut loads) = three(&format!("metric: latency.mean, over: {over}, target: '< 60ms'"));
        loads[1] = Load::never();
        let row = judged(&parts, loads).requirements.remove(0);
        assert_eq!((row.tier, row.gap.as_deref()), (Tier::Unknown, Some("phase mid never ran")), "{over}");
    }
}

#[test]
fn a_ratio_divides_figure_by_figure() {
    let ratio = |over: &str, below: &str| {
        let above = "{metric: latency.mean, where: {phases: [mid, high]}}";
        let below = format!("{{metric: latency.mean, where: {{phases: [{below}]}}}}");
        let (parts, loads) = three(&format!(
            "ratio: [{above}, {below}], over: {over}, where: {{phases: [mid, high]}}, target: '< 3'"
        ));
        let row = judged(&parts, loads).requirements.remove(0);
        (row.metric, row.measured.unwrap(), row.tier)
    };
    let name = || "latency.mean / latency.mean".to_owned();
    assert_eq!(ratio("pooled", "low"), (name(), "3.25".to_owned(), Tier::Missed));
    assert_eq!(ratio("max", "low"), (name(), "4.5".to_owned(), Tier::Missed));
    assert_eq!(ratio("max", "'mid', 'high'"), (name(), "1".to_owned(), Tier::Target));
}

#[test]
fn a_ratio_to_nothing_is_unknown() {
    let parts = "ratio: [{metric: requests}, {metric: dropped}], target: '< 3'";
    let row = row(parts, [Load::steady(50_000)]);
    assert_eq!((row.tier, row.gap.as_deref()), (Tier::Unknown, Some("what it is divided by is 0")));
}

/// The row of a run that `--quick` made six times shorter.
#[track_caller]
fn check_quick(requirement: &str, tier: Tier, gap: Option<&str>) {
    let options = Options { quick: Some(6), ..Options::default() };
    let phases = "phases: [{name: steady, load: {constantRate: {rate: 30/s, duration: 60s}}}]";
    let plan = plan_with(&options, &format!("{}\n{phases}", required(requirement)));
    let load = Load::every(33_333).of(300, 50_000);
    let row = judge(&plan, &measured([load]), &Circumstances::default()).requirements.remove(0);
    similar_asserts::assert_eq!((row.tier, row.gap.as_deref()), (tier, gap), "{requirement}");
}

#[test]
fn a_quick_run_leaves_out_what_depends_on_its_length() {
    let shorter = Some("not run: --quick made phase steady shorter, and the figure depends on its length");
    check_quick("metric: requests, target: '> 5000'", Tier::NotRun, shorter);
    check_quick("metric: duration, target: '< 61s'", Tier::NotRun, shorter);
    check_quick("metric: count(account=a), target: '> 100'", Tier::NotRun, shorter);
    check_quick("metric: rate, target: '> 29/s'", Tier::Target, None);
    check_quick("metric: latency.p95, target: '< 100ms'", Tier::Target, None);
    let few = Some("not run: --quick made phase steady shorter, and so it needs 1000 samples and has 300");
    check_quick("metric: latency.p99, target: '< 100ms'", Tier::NotRun, few);
    check_quick(
        "metric: cache.hit_rate, target: '> 50%'",
        Tier::Unknown,
        Some("no response told hit or miss: see spec.classify"),
    );
    check_quick("ratio: [{metric: requests}, {metric: iterations}], target: '== 1'", Tier::Target, None);
}

#[test]
fn a_quick_run_leaves_out_a_ratio_of_counts_unless_both_shrink_alike() {
    let is_left_out = |above: &str, below: &str| {
        let part = |narrow: &str| format!("{{metric: requests, where: {{{narrow}}}}}");
        let row = required(&format!("ratio: [{}, {}], target: '>= 150'", part(above), part(below)));
        let phase = |name: &str, length: &str| {
            format!("{{name: {name}, load: {{constantRate: {{rate: 100/s, duration: {length}}}}}}}")
        };
        let phases = format!("phases: [{}, {}]", phase("long", "10m"), phase("short", "3s"));
        let options = Options { quick: Some(200), ..Options::default() };
        let plan = plan_with(&options, &format!("{row}\n{phases}"));
        let loads = [Load::every(10_000).of(300, 1_000), Load::every(10_000).of(200, 1_000)];
        let row = judge(&plan, &measured(loads), &Circumstances::default()).requirements.remove(0);
        row.tier == Tier::NotRun && row.gap.is_some_and(|gap| gap.ends_with("depends on its length"))
    };
    assert!(is_left_out("phases: [long]", "phases: [short]"));
    assert!(is_left_out("phases: [long]", "phases: [long, short]"));
    assert!(!is_left_out("phases: [long], steps: [list]", "phases: [long]"));
    let window = |window: &str| format!("phases: [long], window: {{{window}}}");
    assert!(is_left_out(&window("to: 1s"), "phases: [long]"));
    assert!(!is_left_out(&window("from: 50%"), &window("to: 50%")));
}

#[test]
fn a_whole_run_that_is_too_short_is_unknown_not_left_out() {
    let row = row("metric: rate.sustained, target: '> 1/s'", [Load::every(10_000).of(300, 50_000)]);
    assert_eq!(
        row.measured.as_deref(),
        Some("0/s"),
        "20 s were planned: that nothing came later is measured"
    );
    let short = "phases: [{name: steady, load: {iterations: {users: 1, perUser: 300}}}]";
    let of = format!("{}\n{short}", required("metric: rate.sustained, target: '> 1/s'"));
    let row = judged(&of, [Load::every(10_000).of(300, 50_000)]).requirements.remove(0);
    assert_eq!((row.tier, row.gap.as_deref()), (Tier::Unknown, Some("needs 10 s of steady load")));
}

/// The effect of a row, the verdict, and whether the phases `low`, `mid` and `high` are critical.
#[track_caller]
fn check_effect(requirement: &str, critical: [bool; 3], effect: Effect, verdict: Verdict) {
    let (parts, loads) = three(requirement);
    let mut places = ["low", "mid", "high"].into_iter().zip(critical);
    let parts = places.try_fold(parts, |parts, (name, critical)| {
        Some(parts.replace(&format!("{{name: {name}"), &format!("{{name: {name}, critical: {critical}")))
    });
    let judgement = judged(&parts.unwrap(), loads);
    assert_eq!((judgement.requirements[0].effect, judgement.verdict), (effect, verdict), "{requirement}");
}

#[test]
fn the_effect_of_a_row_is_that_on_the_verdict() {
    let below = |limit: &str| format!("metric: latency.max, target: '< {limit}'");
    check_effect(&below("100ms"), [true; 3], Effect::Met, Verdict::Pass);
    check_effect(&below("50ms"), [true; 3], Effect::Fails, Verdict::Fail);
    check_effect(&below("50ms"), [false; 3], Effect::Warns, Verdict::Warning);
    check_effect(&below("50ms"), [true, false, false], Effect::Fails, Verdict::Fail);
    let each = format!("{}, over: each", below("50ms"));
    check_effect(&each, [true, true, false], Effect::Warns, Verdict::Warning);
    check_effect(&each, [false, false, true], Effect::Fails, Verdict::Fail);
    let unknown = "metric: cache.misses, target: '< 5'";
    check_effect(unknown, [true; 3], Effect::Unknown, Verdict::Inconclusive);
}
