//! `loadgate plan`: a dry run, which tells what a run would send and how long it would take.

use clap::Args;

use super::exit::Exit;
use super::options::TestOptions;
use super::{data, load, output, terminal};
use crate::report::forecast::Forecast;
use crate::report::text;

/// Tells what a run would do, without doing it: the phases in time, users, rates, requests, workers.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    test: TestOptions,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let checked = load::load(&arguments.test)?;
    data::look(&checked.plan, &arguments.test.file)?;
    let forecast = Forecast::new(&checked.plan);
    output::print(&text::forecast(&checked.plan, &forecast, terminal::style()))?;
    Ok(Exit::Pass)
}
