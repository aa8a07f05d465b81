//! `loadgate target`: the demonstration target, to have something to test.

use std::net::SocketAddr;

use anyhow::Context;
use clap::Args;

use super::exit::Exit;
use super::{descriptors, signals};
use crate::target::{Options, Target};

/// Serves the demonstration target until it is stopped.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Where it listens; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How many threads serve.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    descriptors::raise_limit();
    let target = Target::start(&Options { listen: arguments.listen, threads: arguments.threads.into() })?;
    super::output::print(&format!("listening on http://{}\n", target.address()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(signals::stopped());
    Ok(Exit::Pass)
}
