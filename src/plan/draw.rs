//! Seeded choices: the same for any number of workers, on any machine.
//!
//! Each iteration has a generator of its own, seeded by where it stands in the plan, so that it doesn't matter
//! which process draws. All is whole-number arithmetic.

use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use uuid::Uuid;

use super::model::PhaseIndex;
use super::units::{Pause, Shape};

/// The choices of one iteration, in the order in which it asks for them.
#[derive(Clone, Debug)]
pub struct Draws(Xoshiro256PlusPlus);

/// Kept apart, so that user 0's iteration 5 and arrival 5 draw differently.
const CLOSED: u64 = 1;
const OPEN: u64 = 2;
const GAPS: u64 = 3;
const SETUP: u64 = 4;
const TEARDOWN: u64 = 5;

/// 2^-53: the steps of the numbers that are drawn between 0 and 1.
const FINEST: f64 = 1.0 / (1_u64 << 53) as f64;

impl Draws {
    /// The choices of iteration `iteration` of `user`, both from 0 and over all workers.
    #[must_use]
    pub fn closed(seed: u64, phase: PhaseIndex, user: u64, iteration: u64) -> Self {
        Self::seeded([seed, CLOSED, phase as u64, user, iteration])
    }

    /// The choices of arrival number `arrival`, from 0 and over all workers.
    #[must_use]
    pub fn open(seed: u64, phase: PhaseIndex, arrival: u64) -> Self {
        Self::seeded([seed, OPEN, phase as u64, arrival, 0])
    }

    /// The gap before arrival number `arrival`, from 0 and over all workers.
    #[must_use]
    pub fn gap(seed: u64, phase: PhaseIndex, arrival: u64) -> Self {
        Self::seeded([seed, GAPS, phase as u64, arrival, 0])
    }

    /// The choices of a user's setup, the number `attempt` of them.
    #[must_use]
    pub fn setup(seed: u64, phase: PhaseIndex, user: u64, attempt: u64) -> Self {
        Self::seeded([seed, SETUP, phase as u64, user, attempt])
    }

    /// The choices of a user's teardown, after so many setups.
    #[must_use]
    pub fn teardown(seed: u64, phase: PhaseIndex, user: u64, attempt: u64) -> Self {
        Self::seeded([seed, TEARDOWN, phase as u64, user, attempt])
    }

    fn seeded(numbers: [u64; 5]) -> Self {
        let mixed = numbers.iter().fold(0, |state, number| mix(state ^ mix(*number)));
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// Whether something happens that is this likely, in parts per million.
    pub fn chance_ppm(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < u64::from(ppm)
    }

    /// An index, as often as its weight says. 0 when all weights are 0.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut drawn = self.below(total.max(1));
        for (index, weight) in weights.iter().enumerate() {
            match drawn.checked_sub(u64::from(*weight)) {
                Some(rest) => drawn = rest,
                None => return index,
            }
        }
        0
    }

    /// A length from `least` to `most`, both included, to the nanosecond.
    pub fn duration_between(&mut self, least: Duration, most: Duration) -> Duration {
        let nanos = |length: Duration| u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        let span = nanos(most.saturating_sub(least));
        least + Duration::from_nanos(self.below(span.saturating_add(1)))
    }

    /// How long a pause is, to the nanosecond.
    pub fn pause(&mut self, pause: &Pause) -> Duration {
        let nanos = |length: Duration| length.as_nanos() as f64;
        let drawn = match pause.shape {
            Shape::Even => return self.duration_between(pause.least, pause.most),
            Shape::Exponential { mean } => nanos(mean) * self.exponential(),
            Shape::Normal { mean, deviation } => nanos(mean) + nanos(deviation) * self.normal(),
        };
        Duration::from_nanos(whole(drawn)).clamp(pause.least, pause.most)
    }

    /// A whole number from `least` to `most`, both included.
    pub fn whole_between(&mut self, least: i64, most: i64) -> i64 {
        match most.abs_diff(least).checked_add(1) {
            Some(span) => least.wrapping_add_unsigned(self.below(span)),
            None => i64::from_ne_bytes(self.0.next_u64().to_ne_bytes()),
        }
    }

    /// A figure above 0 whose mean is 1, distributed exponentially: how long something takes to happen that is as likely at any
    /// moment as at any other. The logarithm is the same to the last bit on any machine, which that of the standard library
    /// isn't.
    pub fn exponential(&mut self) -> f64 {
        let steps = (self.0.next_u64() >> 11) + 1;
        // From 2^-53 to 1, so that there is a logarithm.
        -libm::log(steps as f64 * FINEST)
    }

    /// A figure whose mean is 0 and whose standard deviation is 1, distributed normally: the same to the last bit on any machine,
    /// as the root is by the standard of floating-point numbers.
    fn normal(&mut self) -> f64 {
        let distance = (2.0 * self.exponential()).sqrt();
        let turn = (self.0.next_u64() >> 11) as f64 * FINEST;
        distance * libm::cos(std::f64::consts::TAU * turn)
    }

    /// A number from 0 up to, but without, `bound`; 0 where that is 0.
    pub fn index_below(&mut self, bound: u64) -> u64 {
        self.below(bound)
    }

    /// A UUID, version 4.
    pub fn uuid(&mut self) -> Uuid {
        let bytes = (u128::from(self.0.next_u64()) << 64) | u128::from(self.0.next_u64());
        uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
    }

    /// A number below `bound`, by multiplication: one draw each time, so that what follows doesn't shift. Its bias,
    /// `bound` in 2^64, is too small to be seen in any run.
    fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.0.next_u64()) * u128::from(bound);
        (product >> 64) as u64
    }
}

/// Without its fraction; what is below 0 is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn whole(number: f64) -> u64 {
    number as u64
}

/// The output function of `SplitMix64`: a change of one bit changes half of them.
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(mut draws: Draws) -> String {
        let weighted = draws.weighted(&[1, 0, 3]);
        let chance = draws.chance_ppm(500_000);
        let think = draws.duration_between(Duration::from_secs(1), Duration::from_secs(3));
        format!("{weighted} {chance} {think:?} {} {}", draws.whole_between(-5, 5), draws.uuid())
    }

    #[test]
    fn draws_are_the_same_on_any_machine() {
        let draws = [
            Draws::closed(7, 0, 0, 0),
            Draws::closed(7, 1, 42, 9),
            Draws::open(7, 0, 0),
            Draws::open(u64::MAX, 31, 1_000_000_007),
        ];
        assert_eq!(
            draws.map(drawn),
            [
                "0 true 2.55908354s -5 b2958adf-bf47-457f-acdd-7bfe94ea2222",
                "2 true 1.128161877s -1 413f1a25-fbcb-484f-83cb-670ecce883cc",
                "2 false 1.562983248s -1 e117b9af-7b4c-477e-9d4a-ec827b202e9c",
                "2 true 1.682715673s -5 aecbb5fd-c008-4476-854b-b70fe2bc1f68",
            ]
        );
    }

    #[test]
    fn gaps_are_the_same_to_the_last_bit_on_any_machine() {
        let gaps = [(7, 0, 0), (7, 1, 42), (u64::MAX, 31, 1_000_000_007)];
        let drawn = gaps.map(|(seed, phase, arrival)| Draws::gap(seed, phase, arrival).exponential());
        assert_eq!(
            drawn.map(f64::to_bits),
            [4_580_871_517_701_086_499, 4_595_322_748_014_796_893, 4_607_920_327_257_841_782]
        );
    }

    /// Forty thousand pauses: those that are the same on any machine, and how they are spread.
    #[track_caller]
    fn check_pauses(text: &str, first: [u64; 3], [mean, deviation]: [f64; 2], [least, most]: [f64; 2]) {
        let pause = Pause::parse(text).unwrap();
        let drawn: Vec<Duration> = (0..40_000).map(|at| Draws::open(7, 0, at).pause(&pause)).collect();
        let nanos = [0, 1, 2].map(|at: usize| drawn[at].as_nanos());
        assert_eq!(nanos, first.map(u128::from), "{text}");
        let seconds: Vec<f64> = drawn.iter().map(Duration::as_secs_f64).collect();
        let sum =
            |figure: &dyn Fn(f64) -> f64| seconds.iter().map(|one| figure(*one)).sum::<f64>() / 40_000.0;
        let seen = sum(&|one| one);
        let spread = sum(&|one| (one - seen) * (one - seen)).sqrt();
        let bound = |of: fn(f64, f64) -> f64, start| seconds.iter().copied().fold(start, of);
        let told = format!("{text}: {seen} ± {spread}, {}..{}", bound(f64::min, 1e9), bound(f64::max, 0.0));
        assert!((seen - mean).abs() < 0.03 && (spread - deviation).abs() < 0.03, "{told}");
        assert!(bound(f64::min, 1e9) >= least && bound(f64::max, 0.0) <= most, "{told}");
        assert!((pause.mean_seconds() - seen).abs() < 0.03, "{told}, and {} is told", pause.mean_seconds());
    }

    #[test]
    fn pauses_are_spread_as_they_are_called_and_the_same_on_any_machine() {
        check_pauses("1s..3s", [1_814_827_007, 2_824_055_730, 2_554_313_147], [2.0, 0.577], [1.0, 3.0]);
        check_pauses("exponential(2s)", [1_795_853_259, 184_169_471, 504_226_877], [2.0, 2.0], [0.0, 40.0]);
        check_pauses(
            "exponential(2s, 1s..4s)",
            [1_795_853_259, 1_000_000_000, 1_000_000_000],
            [1.942, 1.13],
            [1.0, 4.0],
        );
        check_pauses(
            "normal(2s, 500ms)",
            [1_997_026_206, 2_125_232_791, 2_136_150_455],
            [2.0, 0.5],
            [0.0, 4.5],
        );
        check_pauses(
            "normal(1s, 1s)",
            [994_052_412, 1_250_465_583, 1_272_300_910],
            [1.083, 0.87],
            [0.0, 6.0],
        );
    }

    #[test]
    fn every_place_in_the_plan_draws_its_own() {
        let mut seen: Vec<String> = Vec::new();
        for (seed, phase, user, iteration) in
            [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
        {
            seen.push(drawn(Draws::closed(seed, phase, user, iteration)));
            seen.push(drawn(Draws::open(seed, phase, user + 1000 * iteration)));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn never_and_always_are_exact() {
        let mut draws = Draws::open(1, 0, 0);
        assert!((0..10_000).all(|_| !draws.chance_ppm(0) && draws.chance_ppm(1_000_000)));
    }

    #[test]
    fn weights_are_kept_in_the_long_run() {
        let counts = (0..40_000).fold([0_u32; 3], |mut counts, arrival| {
            counts[Draws::open(3, 0, arrival).weighted(&[1, 0, 3])] += 1;
            counts
        });
        assert_eq!(counts[1], 0);
        assert!((9_700..10_300).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn without_any_weight_the_first_is_taken() {
        assert_eq!(Draws::open(1, 0, 0).weighted(&[0, 0]), 0);
    }

    proptest! {
        #[test]
        fn numbers_stay_between_their_bounds(seed: u64, a: i64, b: i64) {
            let (least, most) = (a.min(b), a.max(b));
            let drawn = Draws::open(seed, 0, 0).whole_between(least, most);
            prop_assert!((least..=most).contains(&drawn));
        }

        #[test]
        fn lengths_stay_between_their_bounds(seed: u64, least in 0..u64::from(u32::MAX), more in 0..u64::from(u32::MAX)) {
            let (least, most) = (Duration::from_nanos(least), Duration::from_nanos(least + more));
            let drawn = Draws::open(seed, 0, 0).duration_between(least, most);
            prop_assert!((least..=most).contains(&drawn));
        }
    }
}
