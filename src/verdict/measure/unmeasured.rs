//! Why there is no figure.

use std::fmt;

/// Why there is no figure; reads on after the name of the metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verdict) enum Unmeasured {
    /// It covers no phase.
    NoPhase,
    /// One of its phases never began.
    NeverRan(String),
    /// No sample of it was taken.
    NoData,
    /// No response said what the metric tells apart.
    NotClassified(String),
    /// More keys came than are told apart, so that the count of one is only its least.
    TooManyKeys(String),
    /// More keys came than have histograms, so that the times of some were only counted.
    OnlyCounted { group: String, timed: usize },
    /// One of the keys has no figure: it might have been the worst.
    OfKey(String, Box<Unmeasured>),
    /// It needs a longer stretch of load.
    TooShort { needed_seconds: u32 },
    /// It rests on too few samples.
    TooFewSamples { needed: u64, found: u64 },
    /// What it is divided by is 0.
    DividedByZero,
    /// The result was kept without it.
    NotKept(&'static str),
    /// The search for it has found nothing.
    Search(String),
    /// The numbers can't be worked out exactly.
    TooLarge,
}

impl Unmeasured {
    /// Whether a longer phase would have helped.
    pub(in crate::verdict) fn is_of_length(&self) -> bool {
        match self {
            Unmeasured::TooShort { .. } | Unmeasured::TooFewSamples { .. } => true,
            Unmeasured::OfKey(_, reason) => reason.is_of_length(),
            Unmeasured::NoPhase
            | Unmeasured::NeverRan(_)
            | Unmeasured::NoData
            | Unmeasured::NotClassified(_)
            | Unmeasured::TooManyKeys(_)
            | Unmeasured::OnlyCounted { .. }
            | Unmeasured::DividedByZero
            | Unmeasured::NotKept(_)
            | Unmeasured::Search(_)
            | Unmeasured::TooLarge => false,
        }
    }
}

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unmeasured::NoPhase => f.write_str("covers no phase"),
            Unmeasured::NeverRan(phase) => write!(f, "phase {phase} never ran"),
            Unmeasured::NoData => f.write_str("nothing was measured"),
            Unmeasured::NotClassified(what) => write!(f, "no response told {what}: see spec.classify"),
            Unmeasured::TooManyKeys(what) => {
                write!(f, "more {what} came than are told apart, so that none of their counts is exact")
            }
            Unmeasured::OnlyCounted { group, timed } => {
                write!(
                    f,
                    "more than {timed} keys of {group} came, and times are kept of {timed}: name one key"
                )
            }
            Unmeasured::OfKey(key, reason) => write!(f, "{key}: {reason}"),
            Unmeasured::TooShort { needed_seconds } => write!(f, "needs {needed_seconds} s of steady load"),
            Unmeasured::TooFewSamples { needed, found } => {
                let samples = if *needed == 1 { "sample" } else { "samples" };
                write!(f, "needs {needed} {samples} and has {found}")
            }
            Unmeasured::DividedByZero => f.write_str("what it is divided by is 0"),
            Unmeasured::NotKept(what) => {
                write!(
                    f,
                    "{what} weren't kept with the result, which was too large: only another run can tell"
                )
            }
            Unmeasured::Search(reason) => write!(f, "the phase {reason}"),
            Unmeasured::TooLarge => f.write_str("the numbers are too large to be exact"),
        }
    }
}
