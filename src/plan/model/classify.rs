//! How responses are told apart.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::request::Condition;
use crate::api::ValueUnit;

/// How responses are told apart.
#[derive(Clone, Debug, Default)]
pub struct Classify {
    /// Hits and misses.
    pub cache: Option<CacheRule>,
    /// Responses by key.
    pub groups: Vec<Named<Source>>,
    /// Error classes of one's own.
    pub errors: Vec<Named<(Source, Condition)>>,
    /// Numbers read from responses.
    pub values: Vec<Named<(Source, Option<ValueUnit>)>>,
}

/// Something with a name.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// The name.
    pub name: String,
    /// The thing.
    pub of: T,
}

/// Where in a response a value is.
#[derive(Clone, Debug)]
pub enum Source {
    /// In a header (name in lower case).
    Header(String),
    /// In the body.
    JsonPath(JsonPath),
}

/// Tells hits from misses.
#[derive(Clone, Debug)]
pub struct CacheRule {
    /// Where it is said.
    pub source: Source,
    /// The values that mean a hit.
    pub hit: Vec<Value>,
    /// The values that mean a miss.
    pub miss: Vec<Value>,
    /// The header (in lower case) that names the layer.
    pub layer_header: Option<String>,
}
