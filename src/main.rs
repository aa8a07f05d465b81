//! The `loadgate` program.

use std::process::ExitCode;

use loadgate::cli::Cli;
use loadgate::telemetry;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    telemetry::start(cli.verbosity(), cli.log_format);
    // The one provider of TLS. Who installed another one before had a reason to.
    drop(rustls::crypto::ring::default_provider().install_default());
    cli.run()
}
