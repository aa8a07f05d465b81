//! What is told of a run: one [`Report`] value and its renderings. Pure: times come in, texts go out.

pub mod conditions;
pub mod escape;
pub mod facts;
pub mod figures;
pub mod forecast;
pub mod json;
pub mod junit;
pub mod kept;
pub mod live;
pub mod phases;
pub mod progress;
mod redact;
#[expect(clippy::module_inception, reason = "the report itself is what this module is about")]
pub mod report;
pub mod rows;
pub mod series;
pub mod status;
pub mod steps;
pub mod summary;
pub mod text;
mod told;

pub use facts::RunFacts;
pub use report::Report;
