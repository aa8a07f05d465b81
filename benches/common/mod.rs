//! What the benchmarks share: the target, our own run, and children that end in time.

// Each benchmark is a crate of its own and uses a part of this.
#![allow(dead_code, reason = "no benchmark uses all of it")]

pub(crate) mod child;
pub(crate) mod nginx;
pub(crate) mod our_run;

use std::{env, str::FromStr};

use anyhow::{Context, Result};

/// The core that the target runs on.
pub(crate) const TARGET_CORE: usize = 0;
/// The core that the client under measurement runs on.
pub(crate) const CLIENT_CORE: usize = 1;

/// The argument at `position`, or `default`. `cargo bench` adds `--bench`, which is skipped.
pub(crate) fn argument<T: FromStr>(position: usize, name: &str, default: T) -> Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match env::args().skip(1).filter(|argument| argument != "--bench").nth(position) {
        Some(text) => text.parse().with_context(|| format!("{name}: {text}")),
        None => Ok(default),
    }
}

/// Lets this process and its children open as many sockets as the machine allows.
pub(crate) fn raise_open_files(needed: u64) -> Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    anyhow::ensure!(hard >= needed, "{needed} open files are needed and the hard limit is {hard}");
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(needed), hard)?;
    Ok(())
}
