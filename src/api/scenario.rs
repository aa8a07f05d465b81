//! `spec.scenarios`: what a user does, step by step.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Content, Header};
use super::{rules, schema};

/// A sequence of steps; one pass through it is an iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::scenario()))]
pub struct Scenario {
    /// The name that phases choose it by.
    #[schemars(schema_with = "schema::name")]
    pub name: String,
    /// How often this scenario is drawn, relative to the others. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub weight: Option<u32>,
    /// The least time an iteration of a user takes: what is left of it is waited. In phases with a rate, a burst or
    /// batches, which say themselves when iterations begin, it isn't kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub pace: Option<String>,
    /// Whether each user keeps the cookies that responses set, and sends them back. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookies: Option<bool>,
    /// Steps that each user takes once, before its first iteration of the scenario. What they extract lives as long as the user.
    /// Where one of them fails, the iteration ends there, and the next one begins with them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), transform = rules::ordered_by_name)]
    pub setup: Vec<Step>,
    /// The steps, in order.
    #[schemars(length(min = 1, max = 32), transform = rules::ordered_by_name)]
    pub steps: Vec<Step>,
    /// Runs of neighbouring steps that are taken together: several times, with some probability, or only where a name has a value.
    /// A step names its block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = rules::ordered_by_name)]
    pub blocks: Vec<Block>,
    /// Steps that each user who was set up takes once, when it leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), transform = rules::ordered_by_name)]
    pub teardown: Vec<Step>,
}

/// A run of neighbouring steps that are taken together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// The name that its steps call it by. None of the scenario's steps has it.
    #[schemars(schema_with = "schema::name")]
    pub name: String,
    /// How often its steps are taken, one round after the other. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub repeat: Option<u32>,
    /// How likely an iteration takes the block. Default: `100%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::probability")]
    pub probability: Option<String>,
    /// A name that must have a value, such as `${token}`: else the block is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::single_name")]
    pub when: Option<String>,
}

/// One request of a scenario, with what is checked and taken from its response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The name that requirements select it by.
    #[schemars(schema_with = "schema::name")]
    pub name: String,
    /// The block of the scenario that it belongs to. Default: none. Not in setup and teardown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::name")]
    pub block: Option<String>,
    /// How likely an iteration takes this step. Default: `100%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::probability")]
    pub probability: Option<String>,
    /// A name that must have a value, such as `${token}`: where it has none, or null, an empty text or false, the step is
    /// skipped, and the report tells how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::single_name")]
    pub when: Option<String>,
    /// The request.
    pub request: Request,
    /// What the response must satisfy; a failed check makes the request failed. Without checks a status below 400 succeeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub checks: Vec<Check>,
    /// Values taken from the response for later steps of the iteration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = rules::by_name)]
    pub extract: Vec<Extract>,
    /// A pause after the step: `2s`, or drawn, evenly from `1s..3s`, or as `exponential(2s)` or `normal(2s, 500ms)` say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::pause")]
    pub think: Option<String>,
}

/// An HTTP request. Path, query, header values and body may hold `${…}`. At most one body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::request()))]
pub struct Request {
    /// The method. Default: GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The path, beginning with `/`; appended to the target's base URL.
    #[schemars(length(min = 1, max = 2048), extend("x-kubernetes-validations" = rules::path()))]
    pub path: String,
    /// Query parameters; names and values are percent-encoded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::texts")]
    pub query: BTreeMap<String, String>,
    /// Headers of this request; one of the same name as the target's replaces it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), transform = rules::headers)]
    pub headers: Vec<Header>,
    /// A JSON body. A value that is a single `${name}` keeps the type of what it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any")]
    pub json: Option<Value>,
    /// A body of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65_536))]
    pub text: Option<String>,
    /// A form, sent URL-encoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::texts")]
    pub form: Option<BTreeMap<String, String>>,
    /// A form of several parts (multipart/form-data), in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub multipart: Option<Vec<Part>>,
    /// A body whose bytes are sent as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Content>,
}

/// A field of the form: text or file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::part()))]
pub struct Part {
    /// Its name; may hold `${…}`.
    #[schemars(length(min = 1, max = 256))]
    pub name: String,
    /// A text; may hold `${…}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65_536))]
    pub text: Option<String>,
    /// Bytes that are sent as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Content>,
    /// The name of the file; may hold `${…}`. Default: that of `file`; of a text none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub file_name: Option<String>,
    /// Default: by the ending of the file's name; of a text none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128), regex(pattern = schema::MEDIA_TYPE))]
    pub content_type: Option<String>,
}

/// The methods a request can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "each method is its own documentation")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

/// One condition on a response: exactly one of status, jsonPath, header, bodyContains and latency, with what it must be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::check()))]
pub struct Check {
    /// The status is one of these: numbers (`200`) or families (`2xx`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::statuses")]
    pub status: Option<Vec<IntOrString>>,
    /// What a JSON path (RFC 9535) finds in the body; goes with exists, equals, matches or is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub json_path: Option<String>,
    /// The value of a response header; goes with exists, equals or matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = schema::HEADER_NAME))]
    pub header: Option<String>,
    /// The body contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub body_contains: Option<String>,
    /// The request took this long: `< 2s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::limit")]
    pub latency: Option<String>,
    /// Whether the value is there at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// The value is exactly this, of the same type; texts may hold `${…}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any")]
    pub equals: Option<Value>,
    /// The value matches this regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub matches: Option<String>,
    /// The value, a number, satisfies this: `>= 3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::limit")]
    pub is: Option<String>,
}

/// A value taken from a response, by exactly one of jsonPath, header and regex; a regex beside a header looks into that. A value that isn't there has no value: a
/// request that needs it isn't sent, and fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::extract()))]
pub struct Extract {
    /// The name it has in `${…}` from then on, within the iteration.
    #[schemars(schema_with = "schema::name")]
    pub name: String,
    /// The JSON path (RFC 9535) whose first match is taken; it keeps its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub json_path: Option<String>,
    /// The response header whose value is taken, as a text; of several the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = schema::HEADER_NAME))]
    pub header: Option<String>,
    /// The regular expression whose first match in the body, or in the header beside it, is taken, as a text: its first
    /// group, or all of it where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub regex: Option<String>,
}
