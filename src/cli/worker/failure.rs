//! Why a worker ends before its time: an exit code, and one line for the log and for the pod's status.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::cli::exit::Refused;
use crate::conduct::{NoRoom, PreflightError, ReachError, TokenError};
use crate::engine::TlsFault;
use crate::ingest::client::ClientError;
use crate::ingest::leaving;
use crate::report::escape::printable;
use crate::worker::WorkerError;

/// Kubernetes keeps so many bytes of a termination message.
const LONGEST_REASON: usize = 4096;

/// Why a worker ends before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Options or file make no sense.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The coordinator can't be talked to at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There is no runtime.
    #[error("no runtime: {0}")]
    Runtime(#[from] io::Error),
    /// TLS can't be spoken as it is asked for.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The target can't be reached.
    #[error(transparent)]
    Unreachable(#[from] ReachError),
    /// The system doesn't grant what its users need.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// A preflight request failed.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// There is no access token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The worker itself failed.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// A signal came.
    #[error("stopped by a signal")]
    Stopped,
}

impl Failure {
    /// How the process ends.
    pub(super) fn code(&self) -> u8 {
        match self {
            Failure::Refused(_) | Failure::Client(_) | Failure::Tls(_) => leaving::INVALID,
            Failure::Unreachable(_) | Failure::NoRoom(_) | Failure::Preflight(_) | Failure::Token(_) => {
                leaving::NOT_STARTED
            }
            Failure::Worker(WorkerError::Coordinator(error)) => leaving::code(error),
            Failure::Worker(WorkerError::Engine(_)) | Failure::Runtime(_) => leaving::FAILED,
            Failure::Stopped => leaving::STOPPED,
        }
    }

    /// Writes the reason to standard error and to `log`.
    pub(super) fn tell(&self, log: &Path) {
        let reason = one_line(&self.to_string());
        eprintln!("{reason}");
        // Not made where it is missing: outside a container there is none, and none is wanted.
        let written = OpenOptions::new().write(true).truncate(true).open(log);
        if let Err(error) = written.and_then(|mut log| log.write_all(reason.as_bytes())) {
            tracing::debug!("{}: can't be written: {error}", log.display());
        }
    }
}

/// `text` without line breaks and what else could steer a terminal, cut to what is kept of it.
fn one_line(text: &str) -> String {
    let joined = text.lines().map(str::trim).collect::<Vec<_>>().join("; ");
    let mut line = printable(&joined).into_owned();
    if line.len() > LONGEST_REASON {
        line.truncate(line.floor_char_boundary(LONGEST_REASON - '…'.len_utf8()));
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_that_a_pod_can_keep() {
        let refused = Refused(vec!["spec.a: is wrong".to_owned(), "spec.b: too\u{1b}[31m".to_owned()]);
        assert_eq!(one_line(&refused.to_string()), "spec.a: is wrong; spec.b: too\u{fffd}[31m");
        let long = one_line(&"ä".repeat(3000));
        assert!(long.len() <= LONGEST_REASON && long.ends_with("ä…"), "{} bytes", long.len());
    }
}
