//! A kept run as compressed bytes within the limit of a ConfigMap, and back.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::report::kept::{KeptError, KeptRun};

/// The most bytes that a stored result may have.
pub const LARGEST: usize = 128 * 1024;
/// The most bytes that are read back of one: far more than any that fits.
const LARGEST_INFLATED: u64 = 64 * 1024 * 1024;
/// With so many points of its series it is stored, the most that fit.
const POINTS: [u32; 4] = [600, 200, 60, 1];

/// Why a run can't be stored or read back.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Even with a short series it has too many bytes.
    #[error("the result has {0} bytes even with a short series; {LARGEST} fit")]
    TooLarge(usize),
    /// It can't be inflated.
    #[error("the stored result can't be inflated: {0}")]
    Damaged(#[from] io::Error),
    /// What it holds isn't a kept run.
    #[error(transparent)]
    Kept(#[from] KeptError),
}

/// `run` in as few bytes as needed; its series is shortened until it fits.
///
/// # Errors
/// When it doesn't fit even then.
pub fn pack(run: &KeptRun) -> Result<Vec<u8>, PackError> {
    let mut size = 0;
    for points in POINTS {
        let mut run = run.clone();
        run.aggregate.condense(points);
        let packed = deflate(&run.to_bytes())?;
        if packed.len() <= LARGEST {
            return Ok(packed);
        }
        size = packed.len();
    }
    Err(PackError::TooLarge(size))
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
