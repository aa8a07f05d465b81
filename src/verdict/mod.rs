//! From what was measured to a judgement: tiers, points, score, grade, verdict and findings. Pure.

mod decide;
mod doubts;
mod findings;
mod generator;
mod judge;
pub mod judgement;
mod lateness;
mod measure;
mod phase_grade;
mod requirement;
mod score;
mod seen;

pub use judge::judge;
pub use judgement::*;

#[cfg(test)]
mod tests;
