use super::*;
use crate::metrics::{CpuLimit, DropReason, Strain, Tight};
use crate::verdict::Generator;

const PHASES: [(&str, &str); 5] = [
    ("rate", "{constantRate: {rate: 100/s, duration: 20s}}"),
    ("users", "{constantUsers: {users: 10, duration: 20s}}"),
    ("batches", "{batches: {iterations: 1000, batches: 10, over: 20s}}"),
    ("burst", "{burst: {iterations: 100}}"),
    ("idle", "{idle: {duration: 1s}}"),
];

#[track_caller]
fn generator(phase: &str, load: Load) -> Generator {
    let (name, shape) = PHASES.into_iter().find(|(name, _)| *name == phase).unwrap();
    judged(&format!("phases: [{{name: {name}, load: {shape}}}]"), [load]).generator
}

#[track_caller]
fn check(phase: &str, load: Load, reasons: &[&str]) {
    let generator = generator(phase, load);
    similar_asserts::assert_eq!(generator.reasons, reasons, "{phase}");
    assert_eq!(generator.healthy, reasons.is_empty(), "{phase}");
}

fn late(lag: u64, micros: u64) -> Load {
    Load::every(10_000).sends(1000, Hit { micros, lag, ..FINE })
}

#[test]
fn a_little_late_is_sound() {
    check("rate", late(5_000, 10_000), &[]);
    check("rate", late(20_000, 180_000), &[]);
    check("users", late(5_000, 10_000), &[]);
    check("idle", Load::every(0), &[]);
}

#[test]
fn lateness_that_changes_the_figures_is_not() {
    check("rate", late(6_000, 10_000), &[&reason("rate", "1,000 of 1,000", "6 ms", "10 of 10")]);
    check("users", late(6_000, 10_000), &[&reason("users", "1,000 of 1,000", "6 ms", "10 of 10")]);
}

#[test]
fn a_batch_may_take_as_long_as_a_burst_until_all_of_it_is_sent() {
    check("batches", late(50_000, 10_000), &[]);
    let told = reason("batches", "1,000 of 1,000", "51 ms", "11 of 11").replace("5 ms", "50 ms");
    check("batches", late(51_000, 10_000), &[&told]);
    assert_eq!(generator("batches", late(50_000, 10_000)).lag_p99_micros, 0);
}

fn reason(phase: &str, iterations: &str, worst: &str, seconds: &str) -> String {
    format!(
        "phase {phase}: {iterations} iterations began more than 5 ms late, up to {worst}, in {seconds} seconds: raise \
         workers.count or give the workers more CPU"
    )
}

#[test]
fn few_iterations_that_were_late_are_chance() {
    // Of 67 in 7 s, one is more than 1 %.
    let few = |late: u64| {
        let fine = Load::every(100_000).of(67 - late, 10_000);
        fine.sends(late, Hit { lag: 9_000, micros: 10_000, ..FINE })
    };
    check("users", few(1), &[]);
    check("users", few(9), &[]);
    check("users", few(10), &[&reason("users", "10 of 67", "9 ms", "2 of 7")]);
    let all = Load::every(1_000_000).sends(3, Hit { lag: 9_000, micros: 10_000, ..FINE });
    check("users", all, &[&reason("users", "3 of 3", "9 ms", "3 of 3")]);
}

#[test]
fn lateness_counts_by_seconds_and_after_a_standstill_by_iterations() {
    // 2 % of the iterations of each of so many seconds, of 100 in all.
    let seconds = |late: u64| {
        let fine = Load::every(1_000).of((100 - late) * 1_000, 1_000);
        (0..late)
            .fold(fine, |load, _| load.sends(20, Hit { lag: 7_000, micros: 1_000, ..FINE }).of(980, 1_000))
    };
    check("rate", seconds(4), &[]);
    check("rate", seconds(5), &[&reason("rate", "100 of 100,000", "7 ms", "5 of 100")]);
    // For two seconds nothing began, and then all of it at once: one second of 39.
    let standstill = Load::every(1_000).of(37_000, 1_000);
    let standstill = (0..2_000).fold(standstill, |load, place| {
        let lag = (2_000 - place) * 1_000;
        load.sends(1, Hit { lag, micros: 1_000, ..FINE })
    });
    check("rate", standstill, &[&reason("rate", "1,995 of 39,000", "2 s", "1 of 38")]);
}

#[test]
fn load_that_was_not_sent_is_not() {
    use DropReason::{Late, NoFreeUser, NoTimer};
    let dropping = |reasons: &[DropReason]| {
        Load::every(10_000).of(990, 1_000).with(|recorder| {
            recorder.scheduled(reasons.len() as u64);
            for why in reasons {
                recorder.iteration_dropped(Part::Steady, *why);
            }
        })
    };
    let told = |what: &str| {
        format!("phase rate: only 98.9% of the planned load was sent (990 of 1001 iterations, {what}")
    };
    let late = "were come to late, when no user was free any more";
    check(
        "rate",
        dropping(&[[NoFreeUser; 2].as_slice(), &[Late; 9]].concat()),
        &[&told(&format!(
            "2 found no free user, 9 {late}): raise workers.count or give the workers more CPU"
        ))],
    );
    check(
        "rate",
        dropping(&[NoTimer; 11]),
        &[&told("11 had no timer): raise the limit of open files (ulimit -n) or workers.count")],
    );
    check("rate", dropping(&[NoFreeUser; 10]), &[]);
    check(
        "rate",
        dropping(&[NoFreeUser; 11]),
        &[
            "phase rate: only 98.9% of the planned load was sent (990 of 1001 iterations, 11 found no free user): \
         raise maxUsers or workers.count",
        ],
    );
    let pending = Load::every(10_000).of(990, 1_000).with(|recorder| recorder.scheduled(110));
    check(
        "rate",
        pending,
        &[
            "phase rate: only 90% of the planned load was sent (990 of 1100 iterations): raise workers.count or lower the rate",
        ],
    );
}

#[test]
fn a_burst_is_judged_by_its_spread() {
    let spread = |every| Load::every(every).sends(101, Hit { lag: 30_000, micros: 10_000, ..FINE });
    check("burst", spread(500), &[]);
    check(
        "burst",
        spread(510),
        &["phase burst: the burst took 51 ms from the first request to the last, 50 ms is tolerable: \
         raise workers.count or make the burst smaller"],
    );
    check("burst", Load::every(1_000).of(101, 2_000_000), &[]);
}

#[test]
fn a_burst_of_several_steps_is_judged_by_its_first_requests() {
    let two = "
scenarios: [{name: shop, steps: [{name: list, request: {path: /}}, {name: buy, request: {path: /buy}}]}]
phases: [{name: burst, load: {burst: {iterations: 101}}}]";
    let burst = |every: u64| {
        let first = Load::every(every).sends(101, Hit { step: 0, micros: 1_000, ..FINE });
        let second = first.paced(10_000).sends(101, Hit { step: 1, micros: 1_000, ..FINE });
        judged(two, [second]).generator.reasons
    };
    assert_eq!(burst(400), [""; 0], "the second requests are sent when the target has answered the first");
    assert_eq!(
        burst(600),
        ["phase burst: the burst took 60 ms from the first request to the last, 50 ms is tolerable: \
          raise workers.count or make the burst smaller"]
    );
}

#[test]
fn figures_are_those_of_the_worst_phase_and_of_all_that_was_planned() {
    let two = "phases: [{name: a, load: {constantRate: {rate: 100/s, duration: 10s}}}, \
                        {name: b, load: {constantRate: {rate: 100/s, duration: 10s}}}]";
    let half = late(1_000, 10_000).with(|recorder| recorder.scheduled(1000));
    let generator = judged(two, [half, late(3_000, 10_000)]).generator;
    assert_eq!((generator.lag_p99_micros, generator.achieved_ppm), (3_000, 666_667));
    assert_eq!(generator.engine, "fast (HTTP/1.1)");
}

const HALF: CpuLimit = CpuLimit { thousandths: 500, is_quota: true };
const TWO: CpuLimit = CpuLimit { thousandths: 2_000, is_quota: false };

/// A load that is fine but for what its workers went through.
fn strained(strain: Strain) -> Load {
    Load::every(10).of(1000, 10_000).with(|recorder| recorder.state_mut().strain = strain)
}

/// So many of 100 s were too near to the limit.
fn seconds(seconds: u64, (amount, whole): (u64, u64), limit: CpuLimit) -> Tight {
    Tight { micros: seconds * SECOND, of_micros: 100 * SECOND, amount, whole, limit }
}

#[test]
fn a_worker_whose_cpu_was_throttled_is_not() {
    let throttled =
        |often| strained(Strain { throttled: seconds(often, (123, 1000), HALF), ..Strain::default() });
    let reason = |phase: &str, time: &str| {
        format!(
            "phase {phase}: a worker's CPU was throttled for {time}, in 12.3% of its periods, at its limit of 0.5 CPUs: \
             raise workers.resources.limits.cpu or workers.count"
        )
    };
    for phase in ["rate", "users", "batches", "burst"] {
        check(phase, throttled(4), &[]);
        check(phase, throttled(5), &[&reason(phase, "5 s of 1.67 m")]);
    }
    check("idle", throttled(100), &[]);
}

#[test]
fn a_worker_that_used_nearly_all_of_its_cpu_is_not() {
    let used =
        |often, limit| strained(Strain { used: seconds(often, (975, 1000), limit), ..Strain::default() });
    check("users", used(4, HALF), &[]);
    check(
        "users",
        used(5, HALF),
        &[
            "phase users: a worker used 97.5% of its limit of 0.5 CPUs, and more than 90% of it for 5 s of 1.67 m: raise \
           workers.resources.limits.cpu or workers.count",
        ],
    );
    check(
        "rate",
        used(50, TWO),
        &[
            "phase rate: a worker used 97.5% of 2 CPUs, and more than 90% of it for 50 s of 1.67 m: let workers run on \
           more CPUs, raise workers.count or lower the load",
        ],
    );
    let one = CpuLimit { thousandths: 1_000, is_quota: true };
    let told = generator("users", used(5, one)).reasons.concat();
    assert!(told.contains("its limit of 1 CPU,"), "{told}");
    let both =
        Strain { throttled: seconds(9, (1, 9), HALF), used: seconds(9, (9, 9), HALF), ..Strain::default() };
    assert_eq!(generator("users", strained(both)).reasons.len(), 1, "who was throttled has used all of it");
}

#[test]
fn a_clock_that_did_not_keep_still_is_told() {
    for (millis, way) in [(1_500, "forward by 1.5 s"), (-3_600_000, "back by 1 h")] {
        let set = strained(Strain { clock_step_millis: millis, ..Strain::default() });
        let told = format!(
            "phase rate: the time of day of a worker went {way} at once, as when its clock is set or its machine sleeps: \
             keep the clock in step, and the machine awake"
        );
        check("rate", set, &[&told]);
    }
}
