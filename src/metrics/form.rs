//! The wire form of a histogram: what of that which comes from outside is let through to be read.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::dist::GREATEST_VALUE;

/// What stands before the deflated form of a histogram, and then its length in four bytes.
const DEFLATED: [u8; 4] = [0x1c, 0x84, 0x93, 0x14];
/// What stands before the plain form: this, the length of the counts, an offset, the digits, least and greatest
/// value, a ratio.
const PLAIN: [u8; 4] = [0x1c, 0x84, 0x93, 0x13];
/// How long that is.
const HEAD: usize = 40;
/// The most bytes of a histogram in its plain form: with three digits up to [`GREATEST_VALUE`] it has 44 times 1,024
/// buckets, and a count takes five bytes at most.
const LARGEST: usize = HEAD + 5 * 44 * 1024;
/// The most bytes of a number in the plain form: counts have 32 bits.
const LONGEST_NUMBER: usize = 5;

/// Inflates a histogram; none: these bytes aren't one.
pub(super) fn inflating(bytes: &[u8]) -> Option<ZlibDecoder<&[u8]>> {
    let rest = bytes.strip_prefix(&DEFLATED)?;
    rest.get(4..).map(ZlibDecoder::new)
}

/// The plain form of a histogram from outside. What reads it then makes room for whatever its head says: only a head
/// like those that are written here is let through.
pub(super) fn inflate(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let told = || "a histogram isn't in the form that workers send".to_owned();
    let mut plain = Vec::new();
    let inflating = inflating(bytes).ok_or_else(told)?;
    inflating
        .take(LARGEST as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|error| format!("a histogram can't be inflated: {error}"))?;
    let is_sound = plain.len() <= LARGEST && has_sound_head(&plain) && has_sound_numbers(&plain);
    if is_sound { Ok(plain) } else { Err(told()) }
}

fn has_sound_head(plain: &[u8]) -> bool {
    let field = |at: usize, length: usize| {
        plain
            .get(at..at + length)
            .map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    let counts = plain.len().checked_sub(HEAD).and_then(|counts| u64::try_from(counts).ok());
    plain.starts_with(&PLAIN)
        && counts.is_some()
        && field(4, 4) == counts
        && matches!(field(12, 4), Some(2 | 3))
        && field(16, 8) == Some(1)
        && field(24, 8).is_some_and(|greatest| greatest < 2 * GREATEST_VALUE)
}

fn has_sound_numbers(plain: &[u8]) -> bool {
    let mut length = 0;
    plain.iter().skip(HEAD).all(|byte| {
        length = if byte & 0x80 == 0 { 0 } else { length + 1 };
        length < LONGEST_NUMBER
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;
    use crate::metrics::Dist;
    use crate::metrics::dist::Digits;

    /// The wire form of a histogram whose plain form is this.
    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        let deflated = encoder.finish().unwrap();
        let length = u32::try_from(deflated.len()).unwrap().to_be_bytes();
        [&DEFLATED[..], &length, &deflated].concat()
    }

    /// The plain form of a histogram with these fields and counts.
    fn plain(length: u32, digits: u32, least: u64, greatest: u64, counts: &[u8]) -> Vec<u8> {
        let numbers = [length.to_be_bytes(), 0_u32.to_be_bytes(), digits.to_be_bytes()].concat();
        let values = [least.to_be_bytes(), greatest.to_be_bytes(), 1_f64.to_be_bytes()].concat();
        [&PLAIN[..], &numbers, &values, counts].concat()
    }

    /// Whether a distribution of one value with this histogram is taken.
    fn is_taken(histogram: &[u8]) -> bool {
        let encoded = (serde_bytes::Bytes::new(histogram), 1_u64, 1_u128, 1_u64, 1_u64, 0_u64);
        rmp_serde::from_slice::<Dist>(&rmp_serde::to_vec(&encoded).unwrap()).is_ok()
    }

    #[test]
    fn a_histogram_with_a_head_of_its_own_is_refused_before_room_is_made_for_it() {
        // One value of 1: a run of one zero, then a count of one.
        let one = [1, 2];
        assert!(is_taken(&deflated(&plain(2, 3, 1, 2, &one))));
        assert!(is_taken(&deflated(&plain(2, 2, 1, GREATEST_VALUE, &one))));
        for (bytes, why) in [
            (plain(u32::MAX, 3, 1, 2, &one), "it asks for 4 GiB"),
            (plain(1, 3, 1, 2, &one), "it is shorter than it is"),
            (plain(2, 5, 1, u64::MAX, &one), "it asks for 25 MB"),
            (plain(2, 3, 1, u64::MAX, &one), "its values are larger than any"),
            (plain(2, 3, 2, 4, &one), "it begins elsewhere"),
            (plain(9, 3, 1, 2, &[0xff; 9]), "a number of more than 32 bits"),
            (one.to_vec(), "it has no head"),
            (Vec::new(), "it is empty"),
        ] {
            assert!(!is_taken(&deflated(&bytes)), "{why}");
        }
        assert!(!is_taken(&plain(2, 3, 1, 2, &one)), "it isn't deflated");
        assert!(!is_taken(&DEFLATED), "it ends at once");
    }

    #[test]
    fn a_bomb_is_refused_when_it_has_become_as_large_as_a_histogram_can_be() {
        let zeros = vec![0; 64 * 1024 * 1024];
        let bomb = deflated(&plain(64 * 1024 * 1024, 3, 1, 2, &zeros));
        assert!(bomb.len() < 128 * 1024, "{} bytes", bomb.len());
        assert!(inflate(&bomb).is_err());
    }

    #[test]
    fn what_is_recorded_is_within_the_form() {
        for digits in [Digits::Two, Digits::Three] {
            let mut dist = Dist::default();
            for (shift, step) in (0..64).flat_map(|shift| (0..1000).map(move |step| (shift, step))) {
                dist.record((1_u64 << shift).saturating_add(step << (shift / 2)), GREATEST_VALUE, digits);
            }
            let mut merged = dist.clone();
            merged.merge(&dist);
            merged.pack();
            let read: Dist = rmp_serde::from_slice(&rmp_serde::to_vec(&merged).unwrap()).unwrap();
            assert_eq!(read, merged);
        }
    }
}
