//! Sends the preflight requests: all must succeed before any load is sent.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use rustls::ClientConfig;
use serde_json::Value;
use tracing::{debug, info};

use super::body::{constant, made};
use super::client::{NoClient, client, url};
use super::token::Tokens;
use crate::plan::coding::{Coding, Inflated};
use crate::plan::credential::shown_path;
use crate::plan::figure::Figure;
use crate::plan::secrets::Secrets;
use crate::plan::{self, Action, Check, Data, HttpVersion, Plan};

/// Between two tries of an action that is repeated `within` a time.
const PAUSE: Duration = Duration::from_millis(250);
/// The most bytes of an answer's body that are read.
const LONGEST_BODY: usize = 1024 * 1024;

/// Why the load isn't begun.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// The HTTP client can't be made.
    #[error("the client for preflight requests can't be made: {0}")]
    Client(#[from] NoClient),
    /// A request failed, or a check didn't hold.
    #[error("{path}: {method} {target}: {cause}")]
    Failed {
        /// The action's field path.
        path: String,
        /// The method.
        method: String,
        /// The path requested, as written, but for credentials.
        target: String,
        /// What was wrong at the last try.
        cause: String,
    },
}

/// What requests are filled in with beside what the plan holds.
pub struct Filled<'a> {
    /// The values of Secrets.
    pub secrets: &'a Secrets,
    /// Bodies that stand outside the spec.
    pub data: &'a Data,
    /// Where tokens come from, if there are any.
    pub tokens: Option<&'a Tokens>,
}

impl Filled<'_> {
    /// The current value of the header Authorization.
    fn authorization(&self) -> String {
        self.tokens.map(|tokens| tokens.authorization().borrow().value().to_owned()).unwrap_or_default()
    }
}

/// Sends every preflight request of `plan`, one after the other; each is repeated until its time is over.
///
/// # Errors
/// When one of them doesn't succeed in its time.
pub async fn preflight(
    plan: &Plan,
    addresses: &[SocketAddr],
    filled: &Filled<'_>,
    tls: Option<ClientConfig>,
) -> Result<(), PreflightError> {
    if plan.target.preflight.is_empty() {
        return Ok(());
    }
    let client = client(&plan.target, addresses, filled.secrets, tls)?;
    for action in &plan.target.preflight {
        let began = Instant::now();
        attempt(&client, plan, action, filled).await.map_err(|cause| PreflightError::Failed {
            path: action.path.clone(),
            method: method(action).to_string(),
            target: shown_path(&action.request.path),
            cause,
        })?;
        info!(action = action.path, took = ?began.elapsed(), "preflight passed");
    }
    Ok(())
}

/// Tries until the checks hold or the action's time is over.
async fn attempt(
    client: &reqwest::Client,
    plan: &Plan,
    action: &Action,
    filled: &Filled<'_>,
) -> Result<(), String> {
    let began = Instant::now();
    let limit = action.within.unwrap_or_default();
    loop {
        let patience =
            plan.target.timeout.min(limit.saturating_sub(began.elapsed()).max(Duration::from_secs(1)));
        let patience = if action.within.is_some() { patience } else { plan.target.timeout };
        let Err(cause) = once(client, plan, action, filled, patience).await else { return Ok(()) };
        debug!(action = action.path, cause, "preflight failed");
        if began.elapsed() + PAUSE >= limit {
            return Err(match action.within {
                Some(within) => format!("{cause} (tried for {within:?})"),
                None => cause,
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn once(
    client: &reqwest::Client,
    plan: &Plan,
    action: &Action,
    filled: &Filled<'_>,
    patience: Duration,
) -> Result<(), String> {
    let target = &plan.target;
    let path = constant(&action.request.target, plan);
    let mut request = client.request(method(action), url(target, &path)).timeout(patience);
    if target.http.version == HttpVersion::One {
        request = request.header("host", &target.authority);
    }
    let made = action.request.body.as_ref().map(|body| made(body, plan, filled.data));
    let content_type = made.as_ref().map(|made| made.content_type.as_str());
    request = request.headers(headers(plan, action, content_type, filled)?);
    if let Some(made) = made {
        request = request.body(made.bytes);
    }
    let began = Instant::now();
    let response = request.send().await.map_err(|error| told(&error, patience))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let coding = headers.get(CONTENT_ENCODING).and_then(|value| Coding::named(value.as_bytes()));
    let body = inflated(coding, body(response).await.map_err(|error| told(&error, patience))?)?;
    if body.len() > LONGEST_BODY && action.checks.iter().any(looks_into_body) {
        return Err("the answer is longer than 1 MiB, which is more than a check can look through".to_owned());
    }
    let took = began.elapsed();
    let seen = Seen { status, headers, json: serde_json::from_slice(&body).ok(), body, took };
    match action.checks.iter().find(|check| !seen.satisfies(check, plan)) {
        Some(check) => Err(seen.complaint(check)),
        None => Ok(()),
    }
}

/// The body, or a little more than the most that is read of it.
async fn body(mut response: reqwest::Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() <= LONGEST_BODY
        && let Some(piece) = response.chunk().await?
    {
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The body made readable where it came compressed; one that is too long stays so.
fn inflated(coding: Option<Coding>, body: Vec<u8>) -> Result<Vec<u8>, String> {
    let Some(coding) = coding.filter(|_| !body.is_empty() && body.len() <= LONGEST_BODY) else {
        return Ok(body);
    };
    match coding.inflate(&body, LONGEST_BODY) {
        Ok(Inflated::Whole(body)) => Ok(body),
        Ok(Inflated::TooLong) => Ok(vec![0; LONGEST_BODY + 1]),
        Err(error) => Err(format!("the answer says that it is compressed, and can't be read: {error}")),
    }
}

fn looks_into_body(check: &Check) -> bool {
    match check {
        Check::JsonPath(..) | Check::BodyContains(_) => true,
        Check::Status(_) | Check::BelowFourHundred | Check::Header(..) | Check::Latency(_) => false,
    }
}

/// What is wrong with an exchange, down to its root.
fn told(error: &reqwest::Error, patience: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {patience:?}");
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn method(action: &Action) -> reqwest::Method {
    match action.request.method {
        plan::Method::Get => reqwest::Method::GET,
        plan::Method::Head => reqwest::Method::HEAD,
        plan::Method::Post => reqwest::Method::POST,
        plan::Method::Put => reqwest::Method::PUT,
        plan::Method::Patch => reqwest::Method::PATCH,
        plan::Method::Delete => reqwest::Method::DELETE,
        plan::Method::Options => reqwest::Method::OPTIONS,
    }
}

fn headers(
    plan: &Plan,
    action: &Action,
    content_type: Option<&str>,
    filled: &Filled<'_>,
) -> Result<HeaderMap, String> {
    let request = &action.request;
    let inherited = plan.target.headers.iter().filter(|header| !request.replaces(&header.name));
    let mut headers = HeaderMap::new();
    if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(CONTENT_TYPE, value);
    }
    for header in request.headers.iter().chain(inherited) {
        let value = match &header.value {
            plan::HeaderValue::Template(template) => constant(template, plan),
            plan::HeaderValue::Secret(reference, scheme) => {
                scheme.written(filled.secrets.get(reference).unwrap_or_default())
            }
            plan::HeaderValue::Token => filled.authorization(),
        };
        // Never the value itself: it may be a Secret's.
        let unfit = || format!("{}: the value can't stand in a header", header.path);
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| unfit())?;
        headers.insert(name, HeaderValue::from_str(&value).map_err(|_| unfit())?);
    }
    Ok(headers)
}

/// A response to a preflight request.
struct Seen {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    json: Option<Value>,
    took: Duration,
}

impl Seen {
    fn satisfies(&self, check: &Check, plan: &Plan) -> bool {
        match check {
            Check::Status(patterns) => patterns.iter().any(|pattern| pattern.matches(self.status)),
            Check::BelowFourHundred => self.status < 400,
            Check::JsonPath(path, condition) => {
                let value = self.json.as_ref().and_then(|json| path.query(json).first());
                condition.holds(value, || expected(condition, plan))
            }
            Check::Header(name, condition) => {
                let value = self.header(name).map(Value::from);
                condition.holds(value.as_ref(), || expected(condition, plan))
            }
            Check::BodyContains(text) => {
                memchr::memmem::find(&self.body, constant(text, plan).as_bytes()).is_some()
            }
            Check::Latency(limit) => {
                limit.holds(&Figure::micros(u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX)))
            }
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What was wrong. Neither the body nor a header's value is told: what they hold is nobody's to read in a log.
    fn complaint(&self, check: &Check) -> String {
        let status = self.status;
        match check {
            Check::Status(_) | Check::BelowFourHundred => format!("the target answered with status {status}"),
            Check::JsonPath(path, _) => match self.json.as_ref().and_then(|json| path.query(json).first()) {
                Some(_) => format!("{path} isn't what the check wants (status {status})"),
                None => format!("{path} finds nothing in the answer (status {status})"),
            },
            Check::Header(name, _) => {
                format!("the header {name} isn't what the check wants (status {status})")
            }
            Check::BodyContains(_) => {
                format!("the answer doesn't contain the text that is looked for (status {status})")
            }
            Check::Latency(limit) => format!("the answer took {:?}, wanted {limit}", self.took),
        }
    }
}

fn expected(condition: &plan::Condition, plan: &Plan) -> Option<String> {
    match condition {
        plan::Condition::EqualsText(text) => Some(constant(text, plan)),
        plan::Condition::Exists(_)
        | plan::Condition::Equals(_)
        | plan::Condition::Matches(_)
        | plan::Condition::Is(_) => None,
    }
}
