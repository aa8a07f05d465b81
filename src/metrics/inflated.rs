//! Limits how much the histograms of a message come to when they are inflated, before any of them is read.

use std::fmt;
use std::io;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::form;

/// The most bytes. A whole state that a worker sends is a hundredth of it.
const MOST: u64 = 256 * 1024 * 1024;
/// What reading a histogram costs even if there is next to nothing in it.
const EACH: u64 = 4096;

/// Lists in lists: a state has a dozen. Each takes of the stack of whoever reads, which ends the program when it is used up.
pub const DEEPEST: usize = 64;

/// Checks a message in MessagePack, whatever its form.
///
/// # Errors
/// When it isn't `MessagePack`, is too deep, or its histograms are too large.
pub(super) fn check(bytes: &[u8]) -> Result<(), rmp_serde::decode::Error> {
    let mut room = MOST;
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    reader.set_max_depth(DEEPEST);
    Walk(&mut room).deserialize(&mut reader)
}

/// A walk through a message, with the room that is left.
struct Walk<'room>(&'room mut u64);

impl Walk<'_> {
    fn again(&mut self) -> Walk<'_> {
        Walk(self.0)
    }

    fn charge<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        let Some(mut inflating) = form::inflating(bytes) else { return Ok(()) };
        let mut limited = io::Read::take(&mut inflating, *self.0);
        // What can't be inflated is found when it is read.
        let inflated = io::copy(&mut limited, &mut io::sink()).unwrap_or(0);
        match self.0.checked_sub(inflated + EACH) {
            Some(left) => *self.0 = left,
            None => return Err(E::custom("the histograms are too large when inflated")),
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        self.charge(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self.again())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(self.again())?.is_some() {
            map.next_value_seed(self.again())?;
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(mut self, data: A) -> Result<(), A::Error> {
        let ((), variant) = data.variant_seed(self.again())?;
        variant.newtype_variant_seed(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::dist::Digits;
    use crate::metrics::{Dist, PhaseSnapshot, Second, Snapshot};

    /// A snapshot of so many seconds, each with a histogram of the same hundred values.
    fn snapshot(seconds: u32) -> Vec<u8> {
        let mut latency = Dist::default();
        (0..100).for_each(|value| latency.record(value << 20, u64::MAX >> 12, Digits::Two));
        latency.pack();
        let second = Second { latency, ..Second::default() };
        let seconds = (0..seconds).map(|at| (at, second.clone())).collect();
        Snapshot { number: 1, phases: vec![PhaseSnapshot { seconds, ..PhaseSnapshot::default() }] }.to_bytes()
    }

    /// Threads of tests have as large a stack as those that read reports.
    #[test]
    fn a_message_that_is_too_deep_is_refused_before_the_stack_ends() {
        let deep = |depth: usize| [vec![0x91; depth], vec![0]].concat();
        assert!(check(&deep(DEEPEST - 1)).is_ok());
        for depth in [DEEPEST + 1, 1_000, 1_000_000] {
            assert!(check(&deep(depth)).is_err(), "{depth}");
        }
    }

    #[test]
    fn many_histograms_are_refused_where_one_of_them_would_be_taken() {
        assert!(check(&snapshot(3600)).is_ok());
        let many = snapshot(u32::try_from(MOST / EACH).unwrap_or(u32::MAX));
        let told = check(&many).expect_err("they come to more than is allowed").to_string();
        assert!(told.contains("too large when inflated"), "{told}");
        assert!(Snapshot::from_bytes(&many).is_err());
    }
}
