//! Bodies that come compressed, made readable for checks and extracts.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`
    Gzip,
    /// `deflate`: in the zlib format, or without, as some send it.
    Deflate,
}

/// A body made readable.
#[derive(Debug, PartialEq, Eq)]
pub enum Inflated {
    /// All of it.
    Whole(Vec<u8>),
    /// It is longer than was asked for.
    TooLong,
}

impl Coding {
    /// What the value of a Content-Encoding header says; none: nothing that can be undone here.
    #[must_use]
    pub fn named(value: &[u8]) -> Option<Self> {
        let value = value.trim_ascii();
        let is = |name: &str| value.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("gzip") || is("x-gzip") => Some(Coding::Gzip),
            () if is("deflate") => Some(Coding::Deflate),
            () => None,
        }
    }

    /// `bytes` made readable, at most `most` of them.
    ///
    /// # Errors
    /// When they aren't compressed in this way.
    pub fn inflate(self, bytes: &[u8], most: usize) -> io::Result<Inflated> {
        match self {
            Coding::Gzip => read(MultiGzDecoder::new(bytes), most),
            Coding::Deflate if has_zlib_header(bytes) => read(ZlibDecoder::new(bytes), most),
            Coding::Deflate => read(DeflateDecoder::new(bytes), most),
        }
    }
}

fn read(inflating: impl Read, most: usize) -> io::Result<Inflated> {
    let mut inflated = Vec::new();
    let limit = most as u64 + 1;
    inflating.take(limit).read_to_end(&mut inflated)?;
    Ok(if inflated.len() > most { Inflated::TooLong } else { Inflated::Whole(inflated) })
}

/// RFC 1950: a method, and a sum over both bytes.
fn has_zlib_header(bytes: &[u8]) -> bool {
    matches!(bytes, [first, second, ..] if first & 15 == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    #[test]
    fn a_body_is_readable_whichever_way_it_is_compressed_and_never_larger_than_asked_for() {
        let text = b"abcde".repeat(100);
        let (mut gzip, mut zlib, mut bare) = (
            GzEncoder::new(Vec::new(), Compression::fast()),
            ZlibEncoder::new(Vec::new(), Compression::fast()),
            DeflateEncoder::new(Vec::new(), Compression::fast()),
        );
        for out in [&mut gzip as &mut dyn Write, &mut zlib, &mut bare] {
            out.write_all(&text).expect("memory takes it");
        }
        let finished = [
            ("gzip", gzip.finish().expect("memory takes it")),
            ("Deflate ", zlib.finish().expect("memory takes it")),
            ("deflate", bare.finish().expect("memory takes it")),
        ];
        for (name, bytes) in finished {
            let coding = Coding::named(name.as_bytes()).expect("it is known");
            let inflated = coding.inflate(&bytes, 500).expect("it is sound");
            assert_eq!(inflated, Inflated::Whole(text.clone()), "{name}");
            assert_eq!(coding.inflate(&bytes, 499).ok(), Some(Inflated::TooLong), "{name}");
            assert!(coding.inflate(&bytes[..bytes.len() / 2], 500).is_err(), "{name}");
        }
        assert!(Coding::Gzip.inflate(b"{\"a\": 1}", 500).is_err());
        for name in ["br", "zstd", "identity", "gzip, br", ""] {
            assert_eq!(Coding::named(name.as_bytes()), None, "{name}");
        }
    }
}
