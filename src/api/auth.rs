//! `spec.target.auth`: whom the load says to be.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ValueFrom;
use super::{rules, schema};

/// Whom the load says to be: exactly one of basic, bearer and oauth2.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::auth()))]
pub struct Auth {
    /// A user name and a password (RFC 7617).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<BasicAuth>,
    /// A token (RFC 6750).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer: Option<Credential>,
    /// Tokens by client credentials (RFC 6749, 4.4): each worker fetches one before the load, and others before it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<OAuth2>,
}

/// A user name and a password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasicAuth {
    /// The user's name.
    #[schemars(length(min = 1, max = 256), extend("x-kubernetes-validations" = rules::username()))]
    pub username: String,
    /// Its password.
    pub password: Credential,
}

/// A password or token: given here or in a Secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::header()))]
pub struct Credential {
    /// The value, in a spec that everybody may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096), extend("x-kubernetes-validations" = rules::credential()))]
    pub value: Option<String>,
    /// Where the value comes from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
}

/// How access tokens are come by: the client credentials grant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OAuth2 {
    /// The token endpoint, https or http. Its certificate must come from the public authorities or from those of tls.ca.
    #[schemars(length(min = 1, max = 2048), regex(pattern = schema::TOKEN_URL))]
    pub token_url: String,
    /// The client's name.
    #[schemars(length(min = 1, max = 256), extend("x-kubernetes-validations" = rules::client_id()))]
    pub client_id: String,
    /// Its secret.
    pub client_secret: Credential,
    /// How the endpoint is told both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_auth: Option<ClientAuth>,
    /// What the tokens are to be good for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::scopes")]
    pub scopes: Vec<String>,
    /// More that the endpoint is told, such as `audience`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::token_params")]
    pub params: BTreeMap<String, String>,
}

/// How the token endpoint is told who the client is: `basic`, in a header, or `body`. Default: `basic`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClientAuth {
    /// In the header Authorization (RFC 6749, 2.3.1).
    #[default]
    Basic,
    /// Among the parameters of the body.
    Body,
}
