//! Where workers report and are led: the coordinator they talk to and the session behind it.

mod coordinator;
mod local;
mod session;

pub use coordinator::{
    Admission, Answer, Coordinator, Directive, PROTOCOL, Refusal, Registration, Report, Stage, Unreachable,
};
pub use local::LocalCoordinator;
pub use session::{Session, SessionView};

#[cfg(test)]
mod tests;
