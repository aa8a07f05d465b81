//! How a phase's load is shaped: the executors, one file each, all told of in the same way.
//!
//! ```text
//! constantUsers, rampUp   user 0 ├──────────────   iterations   user 0 ├───┤      constantRate  ┴┴┴┴┴┴┴┴
//!                         user 1   ├────────────                user 1 ├─────┤    burst         █
//!                         user 2     ├──────────                user 2 ├──┤       idle
//! ```

mod burst;
mod constant_rate;
mod constant_users;
mod idle;
mod iterations;
mod list;
mod read;
#[cfg(test)]
mod tests;
mod timeline;

pub use burst::Burst;
pub use constant_rate::ConstantRate;
pub use constant_users::ConstantUsers;
pub use idle::Idle;
pub use iterations::Iterations;
pub(super) use read::read;
pub use timeline::{Arrivals, Budget, Drive, Level, Stint, Timeline, Users};

use super::fault::At;
use super::quick::Scale;
use crate::api::Load;
use list::executors;
use read::Specified;

executors! {
    constant_users "constantUsers" ConstantUsers,
    iterations "iterations" Iterations,
    constant_rate "constantRate" ConstantRate,
    burst "burst" Burst,
    idle "idle" Idle,
}
