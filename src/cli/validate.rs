//! `loadgate validate`: tells everything that is wrong with some files.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Refused};
use super::options::Changes;
use super::{data, load, output};
use crate::report::escape::printable;

/// Checks files, without sending anything: all that is wrong with all of them is told at once.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The files; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut refused = Vec::new();
    for file in &arguments.files {
        match validate(file) {
            Ok(()) => output::print(&format!("{}: ok\n", printable(&load::called(file))))?,
            Err(Refused(lines)) => refused.extend(lines),
        }
    }
    if refused.is_empty() { Ok(Exit::Pass) } else { Err(Refused(refused).into()) }
}

fn validate(file: &Path) -> Result<(), Refused> {
    let text = load::read(file)?;
    let checked = load::check(&text, &Changes::default()).map_err(|faults| load::refused(file, &faults))?;
    data::look(&checked.plan, file)
}
