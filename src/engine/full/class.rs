//! The error class of what the library tells.

use std::error::Error;
use std::io;

use crate::metrics::ErrorClass;

/// The class of `error`; `lost` is that of a connection that has ended.
pub(super) fn of(error: &reqwest::Error, lost: ErrorClass) -> ErrorClass {
    if error.is_timeout() {
        return ErrorClass::Timeout;
    }
    if causes(error).any(is_no_http) { ErrorClass::Protocol } else { lost }
}

/// The error, what it came from, and so on.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        error.source()
    })
}

/// Whether something came that isn't HTTP.
fn is_no_http(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return error.is_parse();
    }
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        return error.is_library() && !error.is_io();
    }
    // So it tells of chunks; TLS tells so of a target that ends it.
    error.downcast_ref::<io::Error>().is_some_and(|error| {
        let is_of_tls = error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>);
        !is_of_tls && matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    })
}
