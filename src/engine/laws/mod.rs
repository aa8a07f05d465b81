//! Laws that hold for whatever bytes come, from a target or out of a spec: `tests/fuzz` looks for some that break them.
//!
//! They are part of tests and of fuzz targets only (`cfg(fuzzing)`), and each is a function from bytes that panics where it is
//! broken. Bytes that were found to break one become a line of `found` beside it.

mod cookies;
mod multipart;
mod request;
mod response;

pub use cookies::cookies;
pub use request::request;
pub use response::response;
