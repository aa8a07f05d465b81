//! From what was measured to a judgement: tiers, points, score, grade, verdict and findings. Pure.

pub mod judgement;

pub use judgement::*;
