//! Tests of the election: the candidate by itself, and whole elections against an API server in memory.

mod candidate;
mod election;

use super::{Settings, Timing};

pub(super) fn settings(identity: &str) -> Settings {
    Settings {
        namespace: "loadgate".to_owned(),
        name: "operator".to_owned(),
        identity: identity.to_owned(),
        address: format!("{identity}.example:8443"),
        timing: Timing::default(),
    }
}
