//! `loadgate demo`: the demonstration target and the six-phase suite against it, in this process, in about a minute.

use anyhow::Context;
use clap::Args;

use super::exit::{Exit, Refused};
use super::options::{Changes, OutputOptions};
use super::output::Output;
use super::{descriptors, load, run};
use crate::plan::Data;
use crate::plan::secrets::Secrets;
use crate::target::{Options, Target};

/// The suite, as it stands in the repository.
const SUITE: &str = include_str!("../../examples/velro-prd.yaml");
/// So much shorter than an hour that it takes a minute, and the phase of the requirements still has the ten whole
/// seconds that a sustained rate is measured over.
const FACTOR: u32 = 50;

/// Runs a suite of six phases against a target of its own, in about a minute.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    output: OutputOptions,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    descriptors::raise_limit();
    let output = Output::prepare(&arguments.output)?;
    let any_port = ([127, 0, 0, 1], 0).into();
    let target =
        Target::start(&Options { listen: any_port, threads: 1 }).context("the demonstration target")?;
    let url = format!("http://{}", target.address());
    let changes = Changes { quick: Some(FACTOR), target: Some(url), ..Changes::default() };
    let checked = load::check(SUITE, &changes).map_err(|faults| {
        Refused(faults.iter().map(|fault| format!("examples/velro-prd.yaml: {fault}")).collect())
    })?;
    eprintln!(
        "examples/velro-prd.yaml in its quick form against a demonstration target at http://{}",
        target.address()
    );
    run::execute(checked, Secrets::default(), Data::default(), &output)
}
