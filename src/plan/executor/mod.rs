//! How a phase's load is shaped: the executors, one file each, all told of in the same way.
//!
//! ```text
//! constantUsers, rampUp   user 0 ├──────────────   iterations   user 0 ├───┤      constantRate  ┴┴┴┴┴┴┴┴┴┴┴┴
//!                         user 1   ├────────────                user 1 ├─────┤    rampingRate   ┴  ┴ ┴┴┴┴┴ ┴  ┴
//!                         user 2     ├──────────                user 2 ├──┤       burst         █
//! rampingUsers            user 0 ├──────────────   sharedItera- user 0 0─2──4     batches       █     █     █
//!                         user 1   ├──────┤  ├──   tions        user 1 1───3──5   idle
//! ```

mod batches;
mod burst;
mod constant_rate;
mod constant_users;
mod idle;
mod iterations;
mod list;
mod ramping_rate;
mod ramping_users;
mod read;
mod shared_iterations;
mod stages;
#[cfg(test)]
mod tests;
mod timeline;

pub use batches::Batches;
pub use burst::Burst;
pub use constant_rate::ConstantRate;
pub use constant_users::ConstantUsers;
pub use idle::Idle;
pub use iterations::Iterations;
pub use ramping_rate::RampingRate;
pub use ramping_users::RampingUsers;
pub(super) use read::read;
pub use shared_iterations::SharedIterations;
pub use timeline::{Arrival, Arrivals, Budget, Chance, Drive, Level, Stint, Timeline, Users, Walk};

use super::fault::At;
use super::quick::Scale;
use crate::api::Load;
use list::executors;
use read::Specified;

executors! {
    constant_users "constantUsers" ConstantUsers,
    ramping_users "rampingUsers" RampingUsers,
    iterations "iterations" Iterations,
    shared_iterations "sharedIterations" SharedIterations,
    constant_rate "constantRate" ConstantRate,
    ramping_rate "rampingRate" RampingRate,
    burst "burst" Burst,
    batches "batches" Batches,
    idle "idle" Idle,
}
