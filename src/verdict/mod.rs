//! From what was measured to a judgement: tiers, points, score, grade, verdict and findings. Pure.

mod asked;
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
mod search;
mod seen;
mod starved;

pub use asked::{Asked, asked, pace_of_phases};
pub use judge::{Observed, judge, judge_observed, observe};
pub use judgement::*;
pub use search::{Capacity, put_together, tried};

#[cfg(test)]
mod tests;
