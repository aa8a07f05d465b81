//! The target through real sockets.

mod caching;
mod client;
mod counting;
mod endpoints;
mod illnesses;
mod refusals;
