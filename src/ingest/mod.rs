//! Where workers report and are led: the coordinator they talk to and the session behind it.

pub mod client;
mod coordinator;
pub mod server;
mod shared;
pub mod wire;
mod session;

pub use coordinator::{
    Admission, Answer, Begun, Coordinator, Directive, PROTOCOL, Refusal, Registration, Report, Stage, Unreachable,
};
pub use shared::SharedSession;
pub use session::{Session, SessionView};

#[cfg(test)]
mod tests;
