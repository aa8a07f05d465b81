//! A request and what its response must satisfy.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::Body;
use crate::api::{Method, SecretKeyRef};
use crate::plan::limit::Limit;
use crate::plan::template::{Name, Template};

/// An HTTP request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query behind the base path, as written; beginning with `/`.
    pub path: String,
    /// The same as a template: path raw, query names and values percent-encoded.
    pub target: Template,
    /// Its own headers; a target's header of the same name is left out.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Option<Body>,
}

/// One condition on a response.
#[derive(Clone, Debug)]
pub enum Check {
    /// The status is one of these.
    Status(Vec<StatusPattern>),
    /// The status is below 400: what holds where a step has no checks.
    BelowFourHundred,
    /// What a JSON path finds.
    JsonPath(JsonPath, Condition),
    /// The value of a header (name in lower case).
    Header(String, Condition),
    /// The body contains this.
    BodyContains(Template),
    /// The request took this long, in microseconds.
    Latency(Limit),
}

/// A status or a family of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPattern {
    /// `200`.
    Exact(u16),
    /// `2xx`: the hundreds.
    Family(u8),
}

/// What a value must be.
#[derive(Clone, Debug)]
pub enum Condition {
    /// It is there, or not.
    Exists(bool),
    /// It is exactly this, of the same type.
    Equals(Value),
    /// As [`Condition::Equals`], a text with names in it.
    EqualsText(Template),
    /// It matches.
    Matches(regex::Regex),
    /// It is a number that satisfies this.
    Is(Limit),
}

impl Request {
    /// Whether a header of the target gives way to what the request has of that name.
    #[must_use]
    pub fn replaces(&self, header: &str) -> bool {
        let is_of_body = || self.body.as_ref().and_then(Body::multipart).is_some();
        self.headers.iter().any(|own| own.name.eq_ignore_ascii_case(header))
            || (header.eq_ignore_ascii_case("content-type") && is_of_body())
    }

    /// Each name in its templates.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        let headers = self.headers.iter().filter_map(|header| match &header.value {
            HeaderValue::Template(template) => Some(template),
            HeaderValue::Secret(..) | HeaderValue::Token => None,
        });
        let head = [&self.target].into_iter().chain(headers).flat_map(Template::names);
        head.chain(self.body.iter().flat_map(Body::names))
    }
}

impl Check {
    /// Each name in its templates.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        let template = match self {
            Check::BodyContains(text)
            | Check::JsonPath(_, Condition::EqualsText(text))
            | Check::Header(_, Condition::EqualsText(text)) => Some(text),
            Check::Status(_)
            | Check::BelowFourHundred
            | Check::JsonPath(..)
            | Check::Header(..)
            | Check::Latency(_) => None,
        };
        template.into_iter().flat_map(Template::names)
    }
}

/// A header of a request.
#[derive(Clone, Debug)]
pub struct Header {
    /// A valid header name, as written.
    pub name: String,
    /// Its value.
    pub value: HeaderValue,
    /// The field path, for faults that show only at run time.
    pub path: String,
}

/// The value of a header.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// Given in the spec.
    Template(Template),
    /// Read from a Secret where the run starts, and written so; never shown.
    Secret(SecretKeyRef, Scheme),
    /// An [`super::Authorization`], which is another one from time to time; never shown.
    Token,
}

/// How a credential is written in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// As it is.
    Whole,
    /// As a token.
    Bearer,
    /// As a password.
    Basic {
        /// Whose it is.
        username: String,
    },
}

impl Scheme {
    /// The value of the header.
    #[must_use]
    pub fn written(&self, credential: &str) -> String {
        match self {
            Scheme::Whole => credential.to_owned(),
            Scheme::Bearer => format!("Bearer {credential}"),
            Scheme::Basic { username } => {
                format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{credential}")))
            }
        }
    }
}

/// A request beside the load.
#[derive(Clone, Debug)]
pub struct Action {
    /// The request.
    pub request: Request,
    /// What its response must satisfy; never empty: without checks, the status is below 400.
    pub checks: Vec<Check>,
    /// Repeat until the checks hold, at most this long.
    pub within: Option<Duration>,
    /// The field path: `spec.target.preflight[0]`.
    pub path: String,
}
