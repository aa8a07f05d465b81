//! The strings of a spec that carry a unit, each parsed once at the edge into a type that needs no second check.

mod duration;
mod moment;
mod pause;
mod rate;
mod share;

pub use duration::{LONGEST_DURATION, parse_duration};
pub use moment::Moment;
pub use pause::{Pause, Shape};
pub use rate::Rate;
pub use share::Share;
