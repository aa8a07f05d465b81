//! The types of the `LoadTest` object, one file per part of the spec; no behaviour.

mod auth;
mod classify;
mod crd;
mod data;
mod http;
mod load;
mod load_test;
mod phase;
mod requirement;
mod rules;
mod run;
mod scenario;
mod schema;
mod scoring;
mod status;
mod target;

pub use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub use auth::*;
pub use classify::*;
pub use crd::*;
pub use data::*;
pub use http::*;
pub use load::*;
pub use load_test::*;
pub use phase::*;
pub use requirement::*;
pub use run::*;
pub use scenario::*;
pub use scoring::*;
pub use status::*;
pub use target::*;
