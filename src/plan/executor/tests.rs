//! What holds for every executor.

use std::fmt::Display;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::api::Spread;
use crate::plan::fault::Faults;
use crate::plan::share::Share;
use crate::plan::units::Rate;

const SECOND: Duration = Duration::from_secs(1);

fn users(users: u32, ramp_up: Duration) -> Executor {
    ConstantUsers { users, duration: 60 * SECOND, ramp_up, judge_ramp_up: false }.into()
}

fn iterations(users: u32, per_user: u64) -> Executor {
    Iterations { users, per_user }.into()
}

fn steady(rate: &str, total: u64, length: Duration) -> Executor {
    let (rate, spread) = (Rate::parse(rate).expect("a rate"), Spread::Uniform);
    ConstantRate { rate, total, length, spread, max_users: 7 }.into()
}

fn at_random(rate: &str, duration: Duration) -> Executor {
    said(&format!("constantRate: {{rate: {rate}, duration: {}us, arrivals: poisson}}", duration.as_micros()))
}

fn burst(iterations: u32) -> Executor {
    Burst { iterations }.into()
}

fn shared(users: u32, total: u64) -> Executor {
    SharedIterations { users, total }.into()
}

fn batches(iterations: u32, batches: u32, over: Duration, delay: Duration) -> Executor {
    Batches { iterations, batches, over, delay }.into()
}

/// As a spec has it: `rampingUsers: {…}`.
fn said(load: &str) -> Executor {
    let faults = Faults::default();
    let load = serde_yaml::from_str(load).expect("it can be read");
    read(&load, &faults.at("load")).expect("it is sound")
}

fn idle(duration: Duration) -> Executor {
    Idle { duration }.into()
}

/// All that is planned to happen in a share of it: of each user the times that it is there, of each arrival when it is due.
fn schedule(executor: &Executor, pace: Duration, share: Share) -> Vec<(u64, Duration, Option<Duration>)> {
    match executor.drive() {
        Drive::Users(users) => {
            let stints = |user| (0..).map_while(move |stint| users.stint(user, stint, pace));
            let all = share.all(executor.users().into());
            all.flat_map(|user| stints(user).map(move |Stint { begins, until }| (user, begins, until)))
                .collect()
        }
        Drive::Arrivals(arrivals) => {
            let all = arrivals.walk(share, Chance { seed: 7, phase: 1 });
            all.map(|Arrival { index, due }| (index, due, None)).collect()
        }
        Drive::Pause(_) => Vec::new(),
    }
}

fn begins(executor: &Executor, pace: Duration) -> Vec<u128> {
    schedule(executor, pace, Share::WHOLE).iter().map(|(_, begins, _)| begins.as_millis()).collect()
}

#[test]
fn users_come_evenly_over_the_ramp_and_a_pace_spreads_them_over_itself_where_it_is_longer() {
    let zero = Duration::ZERO;
    for (executor, pace, want) in [
        (users(4, 2 * SECOND), zero, [0, 500, 1000, 1500]),
        (users(4, zero), zero, [0, 0, 0, 0]),
        (users(4, zero), 2 * SECOND, [0, 500, 1000, 1500]),
        (users(4, 4 * SECOND), 2 * SECOND, [0, 1000, 2000, 3000]),
        (users(4, 4 * SECOND), zero, [0, 1000, 2000, 3000]),
        (iterations(4, 1), zero, [0, 0, 0, 0]),
        (iterations(4, 1), SECOND, [0, 250, 500, 750]),
        (burst(4), SECOND, [0, 0, 0, 0]),
    ] {
        assert_eq!(begins(&executor, pace), want, "{executor:?} paced {pace:?}");
    }
}

#[test]
fn the_ramp_is_left_out_unless_it_is_judged() {
    let judged = ConstantUsers { users: 1, duration: SECOND, ramp_up: SECOND, judge_ramp_up: true };
    assert_eq!(users(1, SECOND).ramp_end(), SECOND);
    assert_eq!((judged.ramp_end(), judged.ramp()), (Duration::ZERO, SECOND));
    assert_eq!(burst(5).ramp_end(), Duration::ZERO);
}

#[test]
fn arrivals_follow_the_rate() {
    assert_eq!(begins(&steady("3/s", 4, 2 * SECOND), Duration::ZERO), [0, 333, 666, 1_000]);
}

#[test]
fn the_highest_rate_is_that_of_the_highest_stage_and_a_batch_has_none() {
    for (load, want) in [
        ("constantRate: {rate: 30/m, duration: 10s}", (0.5, Some(0.5))),
        ("constantRate: {rate: 30/m, duration: 9s, arrivals: poisson}", (0.5, Some(0.5))),
        (
            "rampingRate: {stages: [{rate: 10/s, duration: 10s}, {rate: 300/m, duration: 10s}]}",
            (6.25, Some(10.0)),
        ),
        ("batches: {iterations: 60, batches: 3, over: 10s, delay: 10s}", (3.0, None)),
    ] {
        let executor = said(load);
        let Drive::Arrivals(arrivals) = executor.drive() else { panic!("{load} has no schedule") };
        assert_eq!((arrivals.mean_rate(), arrivals.peak_rate()), want, "{load}");
    }
}

#[test]
fn each_executor_tells_its_name_length_users_iterations_and_words() {
    for (executor, want) in [
        (users(4, Duration::ZERO), ("constantUsers", Some(60), 4, None, false, "4 users for 1m")),
        (
            users(2_500, 30 * SECOND),
            ("constantUsers", Some(60), 2_500, None, false, "2,500 users for 1m, ramp 30s"),
        ),
        (iterations(1, 4), ("iterations", None, 1, Some(4), false, "1 user × 4")),
        (steady("10/s", 20, 2 * SECOND), ("constantRate", Some(2), 7, Some(20), true, "20 at 10/s")),
        (
            at_random("10/s", 2 * SECOND),
            ("constantRate", Some(2), 1_000, None, true, "about 20 at 10/s, at random"),
        ),
        (burst(1000), ("burst", None, 1000, Some(1000), false, "1,000 at once")),
        (shared(5, 2_000), ("sharedIterations", None, 5, Some(2_000), false, "2,000 by 5 users")),
        (
            batches(75, 10, 60 * SECOND, 5 * SECOND),
            ("batches", Some(65), 75, Some(75), true, "75 in 10 batches over 1m"),
        ),
        (
            said(
                "rampingUsers: {stages: [{users: 9, duration: 30s}, {users: 0, duration: 10s, ramp: step}]}",
            ),
            ("rampingUsers", Some(40), 9, None, false, "up to 9 users in 2 stages over 40s"),
        ),
        (
            said(
                "rampingRate: {stages: [{rate: 30/m, duration: 30s, ramp: step}, {rate: 0/s, duration: 20s}]}",
            ),
            ("rampingRate", Some(50), 1_000, Some(20), true, "20 at up to 30/m in 2 stages over 50s"),
        ),
        (idle(3 * SECOND), ("idle", Some(3), 0, Some(0), false, "idle for 3s")),
    ] {
        let length = executor.planned_length().map(|length| length.as_secs());
        let (users, total, words) = (executor.users(), executor.total_iterations(), executor.in_words());
        let told = (executor.name(), length, users, total, executor.is_open_loop(), words.as_str());
        assert_eq!(told, want);
    }
}

#[test]
fn the_earlier_batches_take_the_remainder_and_a_delay_shifts_all() {
    for (executor, want) in [
        (batches(7, 3, 6 * SECOND, Duration::ZERO), vec![0, 0, 0, 2_000, 2_000, 4_000, 4_000]),
        (batches(3, 3, SECOND, 5 * SECOND), vec![5_000, 5_333, 5_666]),
        (batches(4, 1, SECOND, SECOND), vec![1_000; 4]),
    ] {
        assert_eq!(begins(&executor, Duration::ZERO), want, "{executor:?}");
    }
}

/// Stages of a few seconds, to a figure of at most 60, some of them at once.
fn any_stages() -> impl Strategy<Value = Vec<(u32, u64, bool)>> {
    let some = |stages: &Vec<(u32, u64, bool)>| stages.iter().any(|(to, ..)| *to > 0);
    proptest::collection::vec((0..60_u32, 1..9_u64, any::<bool>()), 1..6).prop_filter("it has a figure", some)
}

/// An executor in stages: the figure at the end of each, its seconds, and whether it jumps there.
pub(super) fn in_stages<T: Display>(executor: &str, field: &str, stages: &[(T, u64, bool)]) -> Executor {
    let stage = |(to, seconds, jumps): &(T, u64, bool)| {
        let ramp = if *jumps { "step" } else { "linear" };
        format!("{{{field}: {to}, duration: {seconds}s, ramp: {ramp}}}")
    };
    let stages: Vec<String> = stages.iter().map(stage).collect();
    said(&format!("{executor}: {{stages: [{}]}}", stages.join(", ")))
}

fn any_executor() -> impl Strategy<Value = Executor> {
    let constant =
        (1..400_u32, 0..90_000_u64).prop_map(|(count, ramp)| users(count, Duration::from_millis(ramp)));
    let counted = (1..400_u32, 1..9_u64).prop_map(|(users, per_user)| iterations(users, per_user));
    let rate = ("[1-9][0-9]{0,4}/(s|m|h)", 1..400_u64).prop_map(|(rate, total)| steady(&rate, total, SECOND));
    let random = ("[1-9][0-9]{0,4}/(s|m|h)", 1..40_000_u64)
        .prop_map(|(rate, micros)| at_random(&rate, Duration::from_micros(micros)));
    let in_batches = (1..400_u32, 1..400_u32, 1..90_u64, 0..9_u64).prop_map(|(count, of, over, delay)| {
        batches(count.max(of), of, Duration::from_secs(over), Duration::from_secs(delay))
    });
    let users_in_stages = any_stages().prop_map(|stages| in_stages("rampingUsers", "users", &stages));
    let rate_in_stages = any_stages().prop_map(|stages| {
        let stages: Vec<_> =
            stages.into_iter().map(|(to, seconds, jumps)| (format!("{to}/s"), seconds, jumps)).collect();
        in_stages("rampingRate", "rate", &stages)
    });
    let single = (1..400_u32, 1..9_u64);
    prop_oneof![
        constant,
        users_in_stages,
        counted,
        single.prop_map(|(users, total)| shared(users, total)),
        rate,
        random,
        rate_in_stages,
        (1..400_u32).prop_map(burst),
        in_batches,
        Just(idle(SECOND))
    ]
}

fn workers(of: u32) -> Vec<Share> {
    (0..of).map(|index| Share::new(index, of).expect("index < of")).collect()
}

/// The gaps between arrivals at 1000/s, the first from the phase's start, in seconds.
fn gaps(seed: u64, phase: usize) -> Vec<f64> {
    let executor = at_random("1000/s", 100 * SECOND);
    let Drive::Arrivals(arrivals) = executor.drive() else { panic!("{executor:?}") };
    let due: Vec<f64> =
        arrivals.walk(Share::WHOLE, Chance { seed, phase }).map(|one| one.due.as_secs_f64()).collect();
    let before = std::iter::once(&0.0).chain(&due);
    before.zip(&due).map(|(before, due)| due - before).collect()
}

/// Of 100,000 gaps of 1 ms the mean is within 1.3 %, the deviation within 1.8 %, of what it is of all there could be, four times
/// what chance makes of it; and so is what they are known by: how many of them are shorter than a half, one or two.
#[test]
fn gaps_at_random_are_as_those_of_people_who_know_nothing_of_each_other() {
    for (seed, phase) in [(0, 0), (7, 1), (u64::MAX, 31)] {
        let gaps = gaps(seed, phase);
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / count * 1e3;
        let deviation = (gaps.iter().map(|gap| (gap * 1e3 - mean).powi(2)).sum::<f64>() / count).sqrt();
        let about = format!("seed {seed}: {count} gaps, mean {mean}, deviation {deviation}");
        assert!((98_700.0..101_300.0).contains(&count), "{about}");
        assert!((mean - 1.0).abs() < 0.013 && (deviation - 1.0).abs() < 0.018, "{about}");
        for least in [0.5, 1.0, 2.0_f64] {
            let longer = gaps.iter().filter(|gap| **gap * 1e3 > least).count() as f64 / count;
            assert!((longer - (-least).exp()).abs() < 0.0065, "{longer} are longer than {least}: {about}");
        }
    }
}

#[test]
fn another_seed_or_phase_has_other_gaps() {
    assert_eq!(gaps(1, 0), gaps(1, 0));
    assert_ne!(gaps(1, 0), gaps(2, 0));
    assert_ne!(gaps(1, 0), gaps(1, 1));
}

proptest! {
    #[test]
    fn workers_and_their_shards_make_the_schedule_of_one(
        executor in any_executor(), pace in 0..20_u64, of in 1..9_u32, shards in 1..5_u32,
    ) {
        let schedule = |share| schedule(&executor, Duration::from_secs(pace), share);
        let mut whole = schedule(Share::WHOLE);
        whole.sort_unstable();
        let parts = |worker: &Share| (0..shards).map(|shard| worker.nested(shard, shards).expect("it is one")).collect();
        let dealt: Vec<Share> = workers(of).iter().flat_map(|worker| -> Vec<Share> { parts(worker) }).collect();
        for shares in [workers(of), dealt] {
            let mut union: Vec<_> = shares.into_iter().flat_map(schedule).collect();
            union.sort_unstable();
            prop_assert_eq!(&union, &whole);
        }
    }
}
