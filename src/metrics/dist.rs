//! A distribution: an HDR histogram with the exact count, sum, least and greatest beside it.

use std::borrow::Cow;
use std::sync::Arc;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde::{Deserialize, Serialize, de};

use super::form;

/// The greatest time that is told apart: one hour, in microseconds.
pub const LONGEST_MICROS: u64 = 3_600_000_000;
/// The greatest other value: what a double still holds exactly.
pub const GREATEST_VALUE: u64 = 1 << 53;

/// A distribution of whole numbers (microseconds, or thousandths of a declared value).
///
/// The histogram is made when first used and grows with what it is given: idle cells cost nothing.
#[derive(Clone, Debug, Default)]
pub struct Dist {
    store: Store,
    count: u64,
    sum: u128,
    least: u64,
    greatest: u64,
    overflow: u64,
}

/// The histogram, in the form that fits its use.
#[derive(Clone, Debug, Default)]
enum Store {
    /// Nothing was recorded.
    #[default]
    Empty,
    /// Being recorded into.
    Live(Box<Histogram<u32>>),
    /// Put away, in its wire form: what is cloned shares it.
    Packed(Arc<[u8]>),
}

/// Significant digits of a histogram: within 0.1 % or within 1 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Digits {
    /// Within 1 %: per-second and per-key figures.
    Two = 2,
    /// Within 0.1 %: everything that is judged.
    Three = 3,
}

impl Dist {
    /// Adds `value`; what is beyond `limit` is counted there and as overflow.
    pub fn record(&mut self, value: u64, limit: u64, digits: Digits) {
        let kept = value.min(limit);
        if self.live(digits).record(kept).is_err() {
            unreachable!("a histogram grows by itself up to values far above its limit");
        }
        self.least = if self.count == 0 { value } else { self.least.min(value) };
        self.greatest = self.greatest.max(value);
        self.count += 1;
        self.sum += u128::from(value);
        self.overflow += u64::from(value > limit);
    }

    /// Adds a time in microseconds, with three digits.
    pub fn record_micros(&mut self, micros: u64) {
        self.record(micros, LONGEST_MICROS, Digits::Three);
    }

    /// Adds all of `other`, bucket by bucket. The order of merging changes nothing.
    pub fn merge(&mut self, other: &Dist) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            // What is put away stays so, and isn't looked into: an hour has thousands of seconds.
            self.store.clone_from(&other.store);
        } else if let (Some(mut ours), Some(theirs)) = (self.histogram(), other.histogram()) {
            if ours.to_mut().add(theirs.as_ref()).is_err() {
                unreachable!("a histogram grows by itself to hold what another holds");
            }
            self.store = Store::Live(Box::new(ours.into_owned()));
        }
        self.least = if self.count == 0 { other.least } else { self.least.min(other.least) };
        self.greatest = self.greatest.max(other.greatest);
        self.count += other.count;
        self.sum += other.sum;
        self.overflow += other.overflow;
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their exact sum.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The least of them; none where there are none.
    #[must_use]
    pub fn least(&self) -> Option<u64> {
        (self.count > 0).then_some(self.least)
    }

    /// The greatest of them.
    #[must_use]
    pub fn greatest(&self) -> Option<u64> {
        (self.count > 0).then_some(self.greatest)
    }

    /// How many of them are above `limit`, as far as its digits tell them apart.
    #[must_use]
    pub fn above(&self, limit: u64) -> u64 {
        self.histogram().map_or(0, |histogram| histogram.len() - histogram.count_between(0, limit))
    }

    /// How many were beyond what the histogram tells apart.
    #[must_use]
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// Their mean, rounded; none where there are none.
    #[must_use]
    pub fn mean(&self) -> Option<u64> {
        let mean = (self.sum + u128::from(self.count) / 2).checked_div(u128::from(self.count))?;
        u64::try_from(mean).ok()
    }

    /// Their mean as near as a float comes; none where there are none.
    #[must_use]
    pub fn mean_f64(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The value at or below which `quantile` (0 to 1) of them lie.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let histogram = self.histogram()?;
        Some(histogram.value_at_quantile(quantile).clamp(self.least, self.greatest))
    }

    /// Each bucket that holds something: its upper edge and how many it holds.
    #[must_use]
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        let Some(histogram) = self.histogram() else { return Vec::new() };
        let recorded = histogram.iter_recorded();
        recorded.map(|bucket| (bucket.value_iterated_to(), bucket.count_since_last_iteration())).collect()
    }

    /// Puts the histogram away in its wire form, a few hundred bytes. It can still be read and merged.
    pub fn pack(&mut self) {
        if let Store::Live(histogram) = &self.store {
            self.store = Store::Packed(encode(histogram).into());
        }
    }

    /// The same, ready to be asked several times: what is put away is unfolded for each question anew.
    #[must_use]
    pub fn unfolded(&self) -> Cow<'_, Dist> {
        match (&self.store, self.histogram()) {
            (Store::Packed(_), Some(histogram)) => {
                Cow::Owned(Dist { store: Store::Live(Box::new(histogram.into_owned())), ..*self })
            }
            _ => Cow::Borrowed(self),
        }
    }

    fn live(&mut self, digits: Digits) -> &mut Histogram<u32> {
        if !matches!(self.store, Store::Live(_)) {
            let histogram = self.histogram().map_or_else(|| empty(digits), Cow::into_owned);
            self.store = Store::Live(Box::new(histogram));
        }
        match &mut self.store {
            Store::Live(histogram) => histogram,
            Store::Empty | Store::Packed(_) => unreachable!("it was made live just before"),
        }
    }

    fn histogram(&self) -> Option<Cow<'_, Histogram<u32>>> {
        match &self.store {
            Store::Empty => None,
            Store::Live(histogram) => Some(Cow::Borrowed(histogram)),
            Store::Packed(bytes) => match decode(bytes) {
                Ok(histogram) => histogram.map(Cow::Owned),
                Err(_) => unreachable!("what is packed was encoded here, or was checked when it came in"),
            },
        }
    }
}

fn encode(histogram: &Histogram<u32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    match V2DeflateSerializer::new().serialize(histogram, &mut bytes) {
        Ok(_) => bytes,
        Err(_) => {
            unreachable!("writing into memory can't fail, and a histogram of ours is far below the limit")
        }
    }
}

fn empty(digits: Digits) -> Histogram<u32> {
    match Histogram::new(digits as u8) {
        Ok(histogram) => histogram,
        Err(_) => unreachable!("two and three digits are within what a histogram can have"),
    }
}

impl PartialEq for Dist {
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.sum, self.least, self.greatest, self.overflow)
            == (other.count, other.sum, other.least, other.greatest, other.overflow)
            && self.buckets() == other.buckets()
    }
}

/// What stands on the wire.
#[derive(Serialize, Deserialize)]
struct Encoded {
    #[serde(with = "serde_bytes")]
    histogram: Vec<u8>,
    count: u64,
    sum: u128,
    least: u64,
    greatest: u64,
    overflow: u64,
}

impl Serialize for Dist {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Dist { ref store, count, sum, least, greatest, overflow } = *self;
        let histogram = match store {
            Store::Empty => Vec::new(),
            Store::Live(histogram) => encode(histogram),
            Store::Packed(bytes) => bytes.to_vec(),
        };
        Encoded { histogram, count, sum, least, greatest, overflow }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Dist {
    /// A histogram that doesn't hold what is said of it is refused.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Encoded { histogram, count, sum, least, greatest, overflow } =
            Encoded::deserialize(deserializer)?;
        let decoded = decode(&histogram).map_err(de::Error::custom)?;
        let held = decoded.as_ref().map_or(0, Histogram::len);
        let between = |sum: u128| {
            let bound = |edge: u64| u128::from(edge) * u128::from(count);
            bound(least) <= sum && sum <= bound(greatest)
        };
        if held != count || least > greatest || overflow > count || !between(sum) {
            return Err(de::Error::custom(format!("a histogram of {held} values can't stand for {count}")));
        }
        let store = if count > 0 { Store::Packed(histogram.into()) } else { Store::Empty };
        Ok(Dist { store, count, sum, least, greatest, overflow })
    }
}

fn decode(bytes: &[u8]) -> Result<Option<Histogram<u32>>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let plain = form::inflate(bytes)?;
    let mut histogram: Histogram<u32> = Deserializer::new()
        .deserialize(&mut plain.as_slice())
        .map_err(|error| format!("a histogram can't be read: {error}"))?;
    if histogram.sigfig() > Digits::Three as u8 {
        return Err(
            "a histogram of more than three digits isn't ours; merged, it would take megabytes".to_owned()
        );
    }
    histogram.auto(true);
    Ok(Some(histogram))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two values of 10, in a histogram of `digits`, of which `sum` is said.
    fn told(digits: u8, sum: u128) -> Result<Dist, rmp_serde::decode::Error> {
        let mut histogram = Histogram::new(digits).expect("digits that a histogram can have");
        histogram.record_n(10, 2).expect("it grows");
        let encoded =
            Encoded { histogram: encode(&histogram), count: 2, sum, least: 10, greatest: 10, overflow: 0 };
        rmp_serde::from_slice(&rmp_serde::to_vec_named(&encoded).expect("it is numbers only"))
    }

    #[test]
    fn what_is_put_away_stays_so_where_it_is_all_there_is() {
        let mut second = Dist::default();
        second.record_micros(300);
        second.pack();
        let mut merged = Dist::default();
        merged.merge(&second);
        assert!(matches!(merged.store, Store::Packed(_)));
        merged.merge(&second);
        assert_eq!((merged.count(), merged.quantile(0.5)), (2, Some(300)));
    }

    #[test]
    fn a_histogram_that_no_recorder_makes_is_refused() {
        for (digits, sum, is_fine) in [(2, 20, true), (3, 20, true), (4, 20, false), (5, 20, false)] {
            assert_eq!(told(digits, sum).is_ok(), is_fine, "{digits} digits");
        }
        for sum in [0, 19, 21, u128::MAX] {
            assert!(told(3, sum).is_err(), "two values of 10 have no sum of {sum}");
        }
    }
}
