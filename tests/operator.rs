//! The operator as people install it, in a real cluster: by the commands of README, with workers in pods.
//!
//! All tests share one installation, and it is taken away at the end however they end: the cluster is that of other
//! tests too. So this binary has a `main` of its own; names, filters and `--list` are those of every other test.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "operator/quickstart.rs"]
mod quickstart;
mod support;
#[path = "operator/table.rs"]
mod table;

use std::process::ExitCode;
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Trial};
use support::installation::Installation;

/// A test: its name and what it does.
type Test = (&'static str, fn(&Installation));

/// Made by the first test that is run; none: this machine can't hold a cluster, which is said.
static INSTALLATION: OnceLock<Shared> = OnceLock::new();

/// Taken at the end.
type Shared = std::sync::RwLock<Option<Installation>>;

/// `name` once, as a path and as a text.
macro_rules! tests {
    ($($topic:ident::$name:ident),* $(,)?) => { &[$((stringify!($name), $topic::$name)),*] };
}

/// In the order in which they are run.
const TESTS: &[Test] = tests![quickstart::quickstart_is_told_as_it_goes_and_counted_exactly,];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each of them has a run under way, and a machine may have two cores.
    arguments.test_threads = Some(1);
    let trials = TESTS.iter().map(|(name, test)| Trial::test(*name, move || Ok(with_installation(*test))));
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if let Some(shared) = INSTALLATION.get() {
        drop(shared.write().unwrap_or_else(std::sync::PoisonError::into_inner).take());
    }
    conclusion.exit_code()
}

fn with_installation(test: fn(&Installation)) {
    let shared = INSTALLATION.get_or_init(|| Installation::new().into());
    // Poison is for who writes; nobody does before the end.
    let installation = shared.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(installation) = &*installation {
        test(installation);
    }
}
