//! `spec.target`: a base URL, TLS, time limits, headers of every request, preflight.

use std::time::Duration;

use url::Host;

use crate::api::{self, LoadTestSpec};
use crate::plan::fault::At;
use crate::plan::model::{Action, Target};
use crate::plan::template::Scope;

use super::auth::{Auth, auth};
use super::check::checks;
use super::header::headers;
use super::http::{check_beside, http};
use super::length;
use super::phase::is_idle;
use super::request::request;
use super::tls::tls;

const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The service under test.
pub(super) fn target(spec: &LoadTestSpec, at: &At) -> Option<Target> {
    let target = &spec.target;
    let url = base_url(&target.base_url, &at.field("baseUrl"));
    let timeout = length::or_default(target.timeout.as_ref(), TIMEOUT, &at.field("timeout"));
    let connect_timeout =
        length::or_default(target.connect_timeout.as_ref(), CONNECT_TIMEOUT, &at.field("connectTimeout"));
    let headers = headers(&target.headers, &header_scope(spec), &at.field("headers"));
    let auth = auth(target, &at.field("auth"));
    let preflight = preflight(spec, &at.field("preflight"));
    let http = http(target.http.as_ref(), &at.field("http"));
    let Url { is_tls, host, port, authority, base_path } = url?;
    at.field("tls")
        .require(is_tls || target.tls.is_none(), "is for https; write https://host:port as baseUrl");
    let tls = is_tls.then(|| tls(target.tls.as_ref(), &host, &at.field("tls")));
    let http = http?;
    let Auth { header, oauth2 } = auth?;
    check_beside(&http, target, &host, at);
    Some(Target {
        http,
        tls: tls.map_or(Some(None), |tls| tls.map(Some))?,
        host,
        port,
        authority,
        base_path,
        timeout: timeout?,
        connect_timeout: connect_timeout?,
        headers: headers?.into_iter().chain(header).collect(),
        oauth2,
        preflight: preflight?,
    })
}

/// The time limits of a request, also where the rest of the target is faulty.
pub(super) fn longest_request(target: &api::Target) -> Duration {
    let given = |text: Option<&String>, default| {
        text.and_then(|text| crate::plan::units::parse_duration(text).ok()).unwrap_or(default)
    };
    given(target.timeout.as_ref(), TIMEOUT) + given(target.connect_timeout.as_ref(), CONNECT_TIMEOUT)
}

/// What a base URL consists of.
struct Url {
    is_tls: bool,
    host: String,
    port: u16,
    authority: String,
    base_path: String,
}

fn base_url(text: &str, at: &At) -> Option<Url> {
    let (url, host) = address(text, NO_USER, at)?;
    at.require(url.query().is_none(), "has a query; give it to the requests that need it");
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    let base_path = url.path().trim_end_matches('/').to_owned();
    Some(Url {
        is_tls: url.scheme() == "https",
        host,
        port: url.port_or_known_default()?,
        authority,
        base_path,
    })
}

/// An address that HTTP is spoken at, and its host as it is looked up.
pub(super) fn address(text: &str, no_user: &str, at: &At) -> Option<(url::Url, String)> {
    at.take(scheme(text))?;
    let url = at.take(url::Url::parse(text).map_err(|error| format!("isn't a URL: {error}; {WRITE}")))?;
    at.require(url.username().is_empty() && url.password().is_none(), no_user);
    at.require(url.fragment().is_none(), "has a fragment, which is never sent; leave it out");
    at.require(url.port() != Some(0), "port 0 can't be connected to");
    let host = match url.host()? {
        Host::Domain(name) => {
            let is_host = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            at.require(name.chars().all(is_host), format!("`{name}` isn't a host's name; {WRITE}"));
            name.to_owned()
        }
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    Some((url, host))
}

const WRITE: &str = "write http://host:port";
const NO_USER: &str = "has a user name or password; send an Authorization header from a Secret instead";

/// What the URL standard would quietly put right is told instead: it may have been meant otherwise.
fn scheme(text: &str) -> Result<(), String> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(format!("holds a space, backslash or control character; {WRITE}"));
    }
    if text.contains("${") {
        return Err("`${…}` isn't filled in here; write the address itself".to_owned());
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!("has no scheme; {WRITE}"));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" if rest.is_empty() || rest.starts_with(['/', ':', '?', '#']) => {
            Err(format!("has no host; {WRITE}"))
        }
        "http" | "https" => Ok(()),
        other => Err(format!("`{other}` isn't spoken; {WRITE}")),
    }
}

const BEFORE_THE_LOAD: &str = "the preflight is sent before any phase, and knows variables of the test only";
const PREFLIGHT_TOO: &str =
    "the preflight, which sends this header too, comes before any phase and knows variables of the test only";

const NO_ROWS: &str = "rows are known to the steps of scenarios; name it there";

fn header_scope(spec: &LoadTestSpec) -> Scope<'_> {
    let has_preflight = !spec.target.preflight.is_empty();
    Scope { variables_only: has_preflight.then_some(PREFLIGHT_TOO), ..preflight_scope(spec) }
}

fn preflight_scope(spec: &LoadTestSpec) -> Scope<'_> {
    let phases = spec.phases.iter().filter(|phase| !is_idle(phase));
    Scope {
        test: &spec.variables,
        phases: phases.map(|phase| (phase.name.as_str(), &phase.variables)).collect(),
        rows: super::data::names(spec),
        no_rows: Some(NO_ROWS),
        once_a_user: false,
        in_rounds: false,
        extracts: None,
        variables_only: Some(BEFORE_THE_LOAD),
    }
}

fn preflight(spec: &LoadTestSpec, at: &At) -> Option<Vec<Action>> {
    let scope = preflight_scope(spec);
    let actions: Vec<Option<Action>> = (spec.target.preflight.iter().enumerate())
        .map(|(index, action)| self::action(action, &scope, &at.item(index)))
        .collect();
    actions.into_iter().collect()
}

fn action(action: &api::Action, scope: &Scope, at: &At) -> Option<Action> {
    let request = request(&action.request, scope, &at.field("request"));
    let checks = checks(&action.checks, scope, &at.field("checks"));
    let within = length::if_given(action.within.as_ref(), &at.field("within"));
    Some(Action { request: request?, checks: checks?, within: within?, path: at.path().to_owned() })
}
