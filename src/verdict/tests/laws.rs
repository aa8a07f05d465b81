//! What holds for every run.

use proptest::prelude::*;

use super::*;
use crate::verdict::Verdict;

/// A run that may pass, warn or fail, with a row that may be unknown.
fn parts(target: u64, with_cache: bool) -> String {
    let cache = if with_cache { ", {id: R2, metric: cache.hit_rate, target: '> 50%'}" } else { "" };
    let p95 = format!("metric: latency.p95, target: '< {target}ms', acceptable: '< {}ms'", target * 2);
    format!("requirements: [{{id: R1, {p95}}}{cache}]\nscoring: {{pass: 90, warning: 0}}")
}

/// Circumstances and ways to lose data, none of which may leave a pass.
const SPOILERS: usize = 7;

fn spoiled(spoiler: usize, load: Load) -> (Load, Circumstances) {
    let nothing = Circumstances::default();
    let told = || Some("because".to_owned());
    match spoiler {
        0 => (load, Circumstances { aborted: told(), ..nothing }),
        1 => (load, Circumstances { workers_lost: 1, ..nothing }),
        2 => (load, Circumstances { not_started: told(), ..nothing }),
        3 => (load.ending(None), nothing),
        4 => (load.ending(Some(PhaseEnd::Aborted)), nothing),
        5 => (load.with(|recorder| recorder.scheduled(1)), nothing),
        6 => (load.with(Recorder::request_cut), nothing),
        _ => unreachable!("there are {SPOILERS}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_unknown_or_lost_is_never_a_pass(
        millis in 1_u64..300,
        target in 10_u64..200,
        spoiler in 0..SPOILERS,
    ) {
        let load = || Load::every(10 * MILLI).of(300, millis * MILLI);
        let (lost, circumstances) = spoiled(spoiler, load());
        let spoiled = judge(&plan(&parts(target, false)), &measured([lost]), &circumstances);
        prop_assert_eq!(spoiled.verdict, Verdict::Inconclusive);
        prop_assert!(spoiled.gate_closed);

        let before = judged(&parts(target, false), [load()]).verdict;
        let beside = judged(&parts(target, true), [load()]).verdict;
        prop_assert!(beside >= before && beside >= Verdict::Fail, "{:?} became {:?}", before, beside);
    }

    #[test]
    fn a_slower_target_never_scores_more(one in 1_u64..600, other in 1_u64..600, target in 10_u64..200) {
        let score = |millis| {
            let load = Load::every(10 * MILLI).of(300, millis * MILLI);
            judged(&parts(target, false), [load]).score.unwrap()
        };
        let (fast, slow) = (score(one.min(other)), score(one.max(other)));
        let passed = judged(&parts(target, false), [Load::every(10 * MILLI).of(300, one * MILLI)]);
        prop_assert!(passed.verdict != Verdict::Pass || passed.score >= Some(90.0));
        prop_assert!((0.0..=100.0).contains(&slow) && slow <= fast && fast <= 100.0);
    }
}
