//! The command line: one file per subcommand, and what they share.

mod crd;
mod data;
mod demo;
mod descriptors;
mod ended;
pub mod exit;
pub mod load;
pub mod local;
mod operator;
pub mod options;
pub mod output;
mod plan;
pub mod progress;
mod run;
pub mod secrets;
mod signals;
mod target;
pub mod terminal;
mod validate;
mod worker;
mod workers;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgAction, Parser, Subcommand};

pub use exit::{Exit, Refused};

use crate::telemetry::LogFormat;

/// Turns a load test into a Kubernetes object and its product requirements into a verdict.
#[derive(Debug, Parser)]
#[command(name = "loadgate", version, max_term_width = 100, after_help = exit::HELP)]
pub struct Cli {
    /// Tells more of what is done; twice for even more.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// How log lines are written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, global = true)]
    pub log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Run(run::Arguments),
    Validate(validate::Arguments),
    Plan(plan::Arguments),
    /// Prints the `CustomResourceDefinition`, to be applied to a cluster.
    Crd,
    Target(target::Arguments),
    #[command(hide = true)]
    Worker(worker::Arguments),
    Operator(operator::Arguments),
}

impl Cli {
    /// What was typed; or, where that makes no sense, how the program ends after having said so.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ExitCode> {
        Cli::try_parse_from(arguments).map_err(|error| {
            // Nothing can be done when the terminal is gone.
            let _ = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Pass.into(),
                _ => Exit::Invalid.into(),
            }
        })
    }

    /// How much is told: a worker has no terminal, its log is read afterwards.
    #[must_use]
    pub fn verbosity(&self) -> u8 {
        self.verbose
            .saturating_add(u8::from(matches!(self.command, Command::Worker(_) | Command::Operator(_))))
    }

    /// Does what was typed.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let ending = match self.command {
            Command::Demo(arguments) => demo::run(&arguments),
            Command::Run(arguments) => run::run(&arguments),
            Command::Validate(arguments) => validate::run(&arguments),
            Command::Plan(arguments) => plan::run(&arguments),
            Command::Crd => crd::run(),
            Command::Target(arguments) => target::run(&arguments),
            Command::Operator(arguments) => operator::run(&arguments),
            Command::Worker(arguments) => return worker::run(&arguments),
        };
        ending.unwrap_or_else(|error| exit::told(&error)).into()
    }
}
