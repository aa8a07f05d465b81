//! What several tests share: files that are compared with what is generated, and a run that never was.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod chart;
pub(crate) mod cluster;
pub(crate) mod faketime;
pub(crate) mod gates;
pub(crate) mod image;
pub(crate) mod installation;
pub(crate) mod invariants;
pub(crate) mod kubectl;
pub(crate) mod loadtests;
pub(crate) mod nginx;
pub(crate) mod node;
pub(crate) mod pods;
pub(crate) mod program;
pub(crate) mod quota;
pub(crate) mod readme;
pub(crate) mod run;
pub(crate) mod schemas;
pub(crate) mod second_node;
pub(crate) mod server;
pub(crate) mod shape;
pub(crate) mod tokens;
pub(crate) mod tools;

use std::path::{Path, PathBuf};

/// The path of a file of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares a committed file with what is generated now. `LOADGATE_BLESS=1 cargo test` writes it instead.
pub(crate) fn is_as_committed(name: &str, generated: &str) {
    let path = path(name);
    if std::env::var_os("LOADGATE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, generated).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    similar_asserts::assert_eq!(committed: committed, generated: generated, "{name} isn't up to date: LOADGATE_BLESS=1 cargo test writes it");
}
