//! The limit of open files: each user holds a connection, and the usual limit is made for programs that hold a few.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as the system allows.
pub(super) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!("the limit of open files stays as it is: {error}");
    }
}
