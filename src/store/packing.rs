//! A kept run as compressed bytes within the limit of a ConfigMap, and back.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::report::kept::{KeptError, KeptRun, Thinning};

/// The most bytes that a stored result may have.
pub const LARGEST: usize = 128 * 1024;
/// The most bytes that are read back of one: far more than any that fits.
const LARGEST_INFLATED: u64 = 64 * 1024 * 1024;
/// What is left out, one after the other, until the rest fits.
const STEPS: [Thinning; 7] = [
    Thinning::Levels,
    Thinning::Points(600),
    Thinning::Points(200),
    Thinning::Points(60),
    Thinning::Times,
    Thinning::Steps,
    Thinning::Points(1),
];

/// A run that fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// All of it.
    pub bytes: Vec<u8>,
    /// What was left out of it, a line each.
    pub left_out: Vec<String>,
}

/// Why a run can't be stored or read back.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Even what its rows are judged from has too many bytes.
    #[error("the result has {0} bytes even without all that no requirement asks for, and {LARGEST} fit")]
    TooLarge(usize),
    /// Its spec can't be read, so that nobody knows what its rows ask for.
    #[error("the result has {0} bytes, {LARGEST} fit, and its spec can't be read")]
    Unreadable(usize),
    /// It can't be inflated.
    #[error("the stored result can't be inflated: {0}")]
    Damaged(#[from] io::Error),
    /// What it holds isn't a kept run.
    #[error(transparent)]
    Kept(#[from] KeptError),
}

/// `run` in as few bytes as needed. What its rows aren't judged from is left out until the rest fits; what is packed
/// says so in its facts.
///
/// # Errors
/// When it doesn't fit even then.
pub fn pack(run: &KeptRun) -> Result<Packed, PackError> {
    let mut run = run.clone();
    run.aggregate.pack();
    let mut bytes = deflate(&run.to_bytes())?;
    for thinning in STEPS {
        if bytes.len() <= LARGEST {
            break;
        }
        let before = run.facts.left_out.clone();
        run = run.thinned(thinning).map_err(|_| PackError::Unreadable(bytes.len()))?;
        // A short series has nothing to be left out of it.
        if run.facts.left_out != before {
            bytes = deflate(&run.to_bytes())?;
        }
    }
    let size = bytes.len();
    if size <= LARGEST {
        Ok(Packed { bytes, left_out: run.facts.left_out })
    } else {
        Err(PackError::TooLarge(size))
    }
}

/// The run in `packed`.
///
/// # Errors
/// When the bytes are damaged or of another release.
pub fn unpack(packed: &[u8]) -> Result<KeptRun, PackError> {
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed).take(LARGEST_INFLATED).read_to_end(&mut bytes)?;
    Ok(KeptRun::from_bytes(&bytes)?)
}

fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
