//! The `loadgate` program.

use std::process::ExitCode;

use loadgate::cli::Cli;
use loadgate::telemetry;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    telemetry::start(cli.verbose, cli.log_format);
    cli.run()
}
