//! `spec.target.http`: what is spoken to the target besides plain HTTP/1.1, and by which client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ValueFrom;
use super::{rules, schema};

/// How HTTP is spoken to the target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::http()))]
pub struct TargetHttp {
    /// `"1.1"` or `"2"`: over https as agreed on with the target, over http known beforehand. Default: `"1.1"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<HttpVersion>,
    /// How many redirects of a request are followed, within the target. Default: 0, a redirect is the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 20))]
    pub redirects: Option<u32>,
    /// What all requests go through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// Which client sends: `fast` speaks HTTP/1.1 and nothing else of this, `full` all of it. Default: `auto`, fast where
    /// it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<HttpTier>,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    #[serde(rename = "1.1")]
    One,
    /// HTTP/2.
    #[serde(rename = "2")]
    Two,
}

/// Which client sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HttpTier {
    /// The fast one where it speaks all that is needed.
    #[default]
    Auto,
    /// The one over bare sockets.
    Fast,
    /// The one that speaks everything.
    Full,
}

/// An HTTP proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proxy {
    /// Its address: `http://proxy.default.svc:3128`.
    #[schemars(length(min = 1, max = 2048), regex(pattern = schema::PROXY))]
    pub url: String,
    /// The value of Proxy-Authorization, from a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<ValueFrom>,
}
