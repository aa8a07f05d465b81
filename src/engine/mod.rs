//! Generates the load of one worker: shards of users, each on a thread of its own, sharing nothing.
//!
//! *When* an iteration begins is the pacer's part, *what* it does the iteration's, *until when* the stop's.

mod alarm;
mod authorization;
mod begun;
mod carried;
mod compile;
mod compiled;
mod connection;
mod cookies;
mod evaluate;
mod floor;
mod full;
mod iteration;
mod jar;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod laws;
mod lobby;
mod once;
mod pacer;
mod pieces;
mod record;
mod render;
mod response;
mod shard;
mod slices;
mod stop;
mod stream;
mod stretch;
mod timer;
mod tls;
mod user;
mod watch;
mod way;
mod workforce;

pub use authorization::Authorizations;
pub use compile::CompileError;
pub use compiled::CompiledPhase;
pub use tls::{Tls, TlsFault};
pub use workforce::{Engine, EngineError, Setup};
