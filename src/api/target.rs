//! `spec.target`: where the load goes and what must hold before any is sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Auth, Check, Request, TargetHttp};
use super::{rules, schema};

/// The service under test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::target()))]
pub struct Target {
    /// Scheme, host and port that every path is appended to, such as `http://shop.default.svc:8080`.
    #[schemars(length(min = 1, max = 2048), extend("x-kubernetes-validations" = rules::base_url()))]
    pub base_url: String,
    /// The longest a request may take, from its first byte sent to its last byte received. Default: `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub timeout: Option<String>,
    /// The longest that opening a connection may take. Default: `5s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub connect_timeout: Option<String>,
    /// Whom the target's certificate must come from, and what the target is shown; for https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TargetTls>,
    /// Whom the load says to be, in the header Authorization of each request that has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// What is spoken besides plain HTTP/1.1, and by which client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<TargetHttp>,
    /// Headers of every request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), transform = rules::headers)]
    pub headers: Vec<Header>,
    /// Requests that must all succeed before any load is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub preflight: Vec<Action>,
}

/// TLS to the target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::target_tls()))]
pub struct TargetTls {
    /// The authorities that the target's certificate may come from, and no others. Default: the public ones, as Mozilla lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<Pem>,
    /// What the target is shown: for targets that ask their clients who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ClientCertificate>,
    /// The name that the target is asked for (SNI) and that its certificate must hold. Default: the host of baseUrl.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = schema::HOST_NAME))]
    pub server_name: Option<String>,
    /// Take whatever certificate the target shows: whoever stands between reads all that is sent. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insecure_skip_verify: Option<bool>,
}

/// Certificates in PEM: given here or in a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::header()))]
pub struct Pem {
    /// The text, from `-----BEGIN CERTIFICATE-----` on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65_536))]
    pub value: Option<String>,
    /// Where the text comes from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
}

/// A certificate and its private key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificate {
    /// The certificate, and behind it those that lead to its authority.
    pub certificate: Pem,
    /// Its private key, in PEM, from a Secret: it never stands in a spec.
    pub key: ValueFrom,
}

/// A header: its value is given here or comes from a Secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::header()))]
pub struct Header {
    /// The header's name.
    #[schemars(length(min = 1, max = 256), regex(pattern = schema::HEADER_NAME))]
    #[schemars(extend("x-kubernetes-validations" = rules::own_header_name()))]
    pub name: String,
    /// The header's value; may hold `${…}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub value: Option<String>,
    /// Where the value comes from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
}

/// A source of a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValueFrom {
    /// A key of a Secret in the namespace of the test.
    pub secret_key_ref: SecretKeyRef,
}

/// A key of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// The Secret's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The key within it.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// Something done beside the load: a request with its checks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// The request to send.
    pub request: Request,
    /// What its response must satisfy; without checks a status below 400 succeeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub checks: Vec<Check>,
    /// Repeat the request until its checks hold, for at most this long. Default: it is sent once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub within: Option<String>,
}
