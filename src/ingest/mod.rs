//! Where workers report and are led: the coordinator they talk to and the session behind it.

pub mod client;
mod coordinator;
pub mod leaving;
mod reading;
pub mod room;
pub mod server;
mod session;
mod shared;
pub mod wire;

pub use coordinator::{
    Admission, Answer, Begun, Coordinator, Directive, PATIENCE, PROTOCOL, Refusal, Registration, Report,
    Stage, Unreachable, longest_pause,
};
pub use session::{Measured, Session, SessionView};
pub use shared::SharedSession;

#[cfg(test)]
mod tests;
