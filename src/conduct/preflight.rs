//! Sends the preflight requests: all must succeed before any load is sent.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::plan::condition::text_of;
use crate::plan::figure::Figure;
use crate::plan::secrets::Secrets;
use crate::plan::template::{Name, Part, Template};
use crate::plan::{self, Action, Check, Plan};

/// Between two tries of an action that is repeated `within` a time.
const PAUSE: Duration = Duration::from_millis(250);

/// Why the load isn't begun.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// The HTTP client can't be made.
    #[error("the client for preflight requests can't be made: {0}")]
    Client(#[source] reqwest::Error),
    /// A request failed, or a check didn't hold.
    #[error("{path}: {method} {target}: {cause}")]
    Failed {
        /// The action's field path.
        path: String,
        /// The method.
        method: String,
        /// The path requested, as written.
        target: String,
        /// What was wrong at the last try, without a word of what the target answered.
        cause: String,
        /// What the target answered instead: for the eyes of who runs the test, not for a status or a log.
        found: Option<String>,
    },
}

impl PreflightError {
    /// All of it, with what the target answered.
    #[must_use]
    pub fn in_full(&self) -> String {
        match self {
            PreflightError::Failed { found: Some(found), .. } => format!("{self}; it is {found}"),
            PreflightError::Failed { found: None, .. } | PreflightError::Client(_) => self.to_string(),
        }
    }
}

/// What is wrong with an answer.
struct Complaint {
    cause: String,
    found: Option<String>,
}

impl From<String> for Complaint {
    fn from(cause: String) -> Self {
        Complaint { cause, found: None }
    }
}

/// Sends every preflight request of `plan`, one after the other; each is repeated until its time is over.
///
/// # Errors
/// When one of them doesn't succeed in its time.
pub async fn preflight(
    plan: &Plan,
    addresses: &[SocketAddr],
    secrets: &Secrets,
) -> Result<(), PreflightError> {
    if plan.target.preflight.is_empty() {
        return Ok(());
    }
    let client = client(&plan.target, addresses)?;
    for action in &plan.target.preflight {
        attempt(&client, plan, action, secrets).await.map_err(|Complaint { cause, found }| {
            PreflightError::Failed {
                path: action.path.clone(),
                method: method(action).to_string(),
                target: action.request.path.clone(),
                cause,
                found,
            }
        })?;
    }
    Ok(())
}

fn client(target: &plan::Target, addresses: &[SocketAddr]) -> Result<reqwest::Client, PreflightError> {
    reqwest::Client::builder()
        .no_proxy()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(target.connect_timeout)
        .resolve_to_addrs(&target.host, addresses)
        .user_agent(concat!("loadgate/", env!("CARGO_PKG_VERSION"), " preflight"))
        .build()
        .map_err(PreflightError::Client)
}

/// Tries until the checks hold or the action's time is over.
async fn attempt(
    client: &reqwest::Client,
    plan: &Plan,
    action: &Action,
    secrets: &Secrets,
) -> Result<(), Complaint> {
    let began = Instant::now();
    let limit = action.within.unwrap_or_default();
    loop {
        let patience =
            plan.target.timeout.min(limit.saturating_sub(began.elapsed()).max(Duration::from_secs(1)));
        let patience = if action.within.is_some() { patience } else { plan.target.timeout };
        let Err(mut complaint) = once(client, plan, action, secrets, patience).await else { return Ok(()) };
        if began.elapsed() + PAUSE >= limit {
            if let Some(within) = action.within {
                complaint.cause = format!("{} (tried for {within:?})", complaint.cause);
            }
            return Err(complaint);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn once(
    client: &reqwest::Client,
    plan: &Plan,
    action: &Action,
    secrets: &Secrets,
    patience: Duration,
) -> Result<(), Complaint> {
    let target = &plan.target;
    let path = constant(&action.request.target, plan);
    let url = format!("http://{}{}{path}", target.authority, target.base_path);
    let mut request =
        client.request(method(action), url).timeout(patience).headers(headers(plan, action, secrets)?);
    if let Some(body) = &action.request.body {
        request = request.header("content-type", body.content_type).body(constant(&body.content, plan));
    }
    let began = Instant::now();
    let response = request.send().await.map_err(|error| told(&error, patience))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map_err(|error| told(&error, patience))?;
    let seen = Seen {
        status,
        headers,
        json: serde_json::from_slice(&body).ok(),
        body: body.to_vec(),
        took: began.elapsed(),
    };
    match action.checks.iter().find(|check| !seen.satisfies(check, plan)) {
        Some(check) => Err(seen.complaint(check)),
        None => Ok(()),
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

fn headers(plan: &Plan, action: &Action, secrets: &Secrets) -> Result<HeaderMap, String> {
    let own = &action.request.headers;
    let inherited = plan
        .target
        .headers
        .iter()
        .filter(|header| !own.iter().any(|own| own.name.eq_ignore_ascii_case(&header.name)));
    let mut headers = HeaderMap::new();
    for header in own.iter().chain(inherited) {
        let value = match &header.value {
            plan::HeaderValue::Template(template) => constant(template, plan),
            plan::HeaderValue::Secret(reference) => secrets.get(reference).unwrap_or_default().to_owned(),
        };
        // Never the value itself: it may be a Secret's.
        let unfit = || format!("{}: the value can't stand in a header", header.path);
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| unfit())?;
        headers.insert(name, HeaderValue::from_str(&value).map_err(|_| unfit())?);
    }
    Ok(headers)
}

/// The text of a template in which the plan allows variables of the test only.
fn constant(template: &Template, plan: &Plan) -> String {
    let parts = template.parts.iter().map(|part| match part {
        Part::Text(text) => Cow::Borrowed(text.as_str()),
        Part::Slot(Name::Variable(name), encoding) => match plan.variables.get(name) {
            Some(value) => encoding.written(value),
            None => unreachable!("the plan has checked that preflight names variables of the test"),
        },
        Part::Slot(..) => unreachable!("the plan refuses other names in preflight"),
    });
    parts.collect()
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

    /// What was wrong. Of the body, only what the check itself asks for is told, and that apart.
    fn complaint(&self, check: &Check) -> Complaint {
        let status = self.status;
        match check {
            Check::Status(_) | Check::BelowFourHundred => format!("the target answered with status {status}"),
            Check::JsonPath(path, _) => match self.json.as_ref().and_then(|json| path.query(json).first()) {
                Some(value) => {
                    return Complaint {
                        cause: format!("{path} isn't what the check wants (status {status})"),
                        found: Some(text_of(value).chars().take(64).collect()),
                    };
                }
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
        .into()
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
