//! Finds the addresses of the target, and those of them that take a connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tracing::{debug, info};

use crate::plan::Target;

/// The longest that resolving a name may take.
const RESOLVE: Duration = Duration::from_secs(10);

/// Why no load can be sent to the target.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// Its name has no address.
    #[error("{field}: the host {host:?} can't be resolved: {source}")]
    Unresolvable {
        /// The field that names it.
        field: &'static str,
        /// The host.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// None of its addresses takes a connection.
    #[error(
        "{field}: {address} takes no connection: {source}; is {} up, and is the port right?",
        whose(field)
    )]
    Refused {
        /// The field that names it.
        field: &'static str,
        /// The last address tried.
        address: SocketAddr,
        /// What the kernel says.
        source: io::Error,
    },
}

fn whose(field: &str) -> &'static str {
    if field.contains("proxy") { "the proxy" } else { "the target" }
}

/// The addresses of `target`, or of the proxy to it, that take a connection now.
///
/// # Errors
/// When its name can't be resolved, or no address takes a connection within the target's connect timeout.
pub async fn reach(target: &Target) -> Result<Arc<[SocketAddr]>, ReachError> {
    let (_, _, field) = target.reached_at();
    let addresses = resolve(target).await?;
    let mut reached = Vec::new();
    let mut last = None;
    for address in addresses {
        match within(target.connect_timeout, TcpStream::connect(address)).await {
            Ok(_) => {
                info!(%address, "target reached");
                reached.push(address);
            }
            Err(source) => {
                debug!(%address, %source, "target not reached");
                last = Some(ReachError::Refused { field, address, source });
            }
        }
    }
    match last {
        Some(error) if reached.is_empty() => Err(error),
        _ => Ok(reached.into()),
    }
}

async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, ReachError> {
    let (host, port, field) = target.reached_at();
    let unresolvable = |source| ReachError::Unresolvable { field, host: host.to_owned(), source };
    let found = within(RESOLVE, lookup_host((host, port))).await.map_err(unresolvable)?;
    let mut addresses: Vec<_> = found.collect();
    addresses.sort();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(unresolvable(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    }
    Ok(addresses)
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {limit:?}")))
    })
}
