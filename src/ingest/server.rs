//! The coordinator's side of HTTP: who knocks is identified first, then read within limits, then led by the session.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http_body_util::LengthLimitError;
use serde::{Deserialize, Serialize};

use super::coordinator::{Coordinator, Directive, Refusal, Registration, Report, Stage, Unreachable};
use super::shared::SharedSession;
use super::wire;

/// The longest that the body of a message may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// Who may come in. It knows the runs and their workers.
#[async_trait]
pub trait Door: Send + Sync + 'static {
    /// Whose token this is, and the session of `run`, if that is where it belongs.
    async fn admit(&self, run: &str, token: &str) -> Result<(Visitor, SharedSession), Denial>;

    /// A message was taken or refused with a status; for the counters.
    fn note(&self, run: &str, status: u16);
}

/// A worker whose token was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Its share.
    pub worker: u32,
    /// Its process: the pod's UID.
    pub process: String,
}

/// Why somebody isn't let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// There is no token, or it isn't a valid one.
    #[error("no valid token")]
    NoIdentity,
    /// The token is valid, but not for this run.
    #[error("the token isn't that of a worker of this run")]
    NotOfThisRun,
    /// Another process leads; its address, where it is known.
    #[error("another process leads")]
    NotLeading(Option<String>),
    /// The run isn't open here yet, or the identity can't be checked now: come again.
    #[error("{0}; try again")]
    NotNow(&'static str),
    /// It comes too often.
    #[error("too many messages")]
    TooMany,
}

/// The routes of the ingest.
pub fn router(door: Arc<dyn Door>) -> Router {
    Router::new()
        .route("/v1/runs/{run}/register", post(register))
        .route("/v1/runs/{run}/report", post(report))
        .with_state(door)
}

#[derive(Debug, Deserialize)]
struct Patience {
    #[serde(default)]
    patience: u64,
}

async fn register(
    State(door): State<Arc<dyn Door>>,
    Path(run): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answer = registered(&*door, &run, &headers, body).await;
    told(&*door, &run, answer)
}

async fn registered(door: &dyn Door, run: &str, headers: &HeaderMap, body: Body) -> Result<Response, Error> {
    let (visitor, session) = door.admit(run, token(headers)?).await?;
    let registration: Registration = read(body, wire::LARGEST_REGISTRATION).await?;
    visitor.is(registration.worker, &registration.process)?;
    Ok(message(StatusCode::OK, &session.register(registration).await?))
}

async fn report(
    State(door): State<Arc<dyn Door>>,
    Path(run): Path<String>,
    Query(Patience { patience }): Query<Patience>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let patience = Duration::from_millis(patience).min(wire::LONGEST_PATIENCE);
    let answer = reported(&*door, &run, &headers, body, patience).await;
    told(&*door, &run, answer)
}

async fn reported(
    door: &dyn Door,
    run: &str,
    headers: &HeaderMap,
    body: Body,
    patience: Duration,
) -> Result<Response, Error> {
    let (visitor, session) = door.admit(run, token(headers)?).await?;
    let report: Report = read(body, wire::LARGEST_REPORT).await?;
    visitor.is(report.worker, &report.process)?;
    let is_final = report.stage == Stage::Finished;
    let answer = session.report(report, patience).await?;
    // What was sent last is taken, but not stored yet.
    let is_stored = !is_final || answer.directive == Directive::Leave;
    Ok(message(if is_stored { StatusCode::OK } else { StatusCode::ACCEPTED }, &answer))
}

/// What a message is answered with instead.
enum Error {
    Denied(Denial),
    Refused(Refusal),
    TooLarge(usize),
    /// The body didn't come, or not in time.
    Broken,
    /// The session is led here no longer.
    Closed(String),
    /// Another worker's name stands in the message.
    NotItself,
}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        Error::Denied(denial)
    }
}

impl From<Unreachable> for Error {
    fn from(error: Unreachable) -> Self {
        match error {
            Unreachable::Refused(refusal) => Error::Refused(refusal),
            Unreachable::TurnedAway(why) | Unreachable::Silent(why) => Error::Closed(why),
        }
    }
}

impl Visitor {
    fn is(&self, worker: u32, process: &str) -> Result<(), Error> {
        if self.worker == worker && self.process == process { Ok(()) } else { Err(Error::NotItself) }
    }
}

fn told(door: &dyn Door, run: &str, answer: Result<Response, Error>) -> Response {
    let response = answer.unwrap_or_else(refused);
    door.note(run, response.status().as_u16());
    response
}

fn refused(error: Error) -> Response {
    match error {
        Error::Denied(denial) => denied(&denial),
        Error::Refused(refusal) => {
            let status = StatusCode::from_u16(wire::status(&refusal)).unwrap_or(StatusCode::BAD_REQUEST);
            message(status, &refusal)
        }
        Error::TooLarge(most) => {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("more than {most} bytes")).into_response()
        }
        Error::Broken => (StatusCode::REQUEST_TIMEOUT, "the body didn't come in time").into_response(),
        Error::Closed(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
        Error::NotItself => {
            (StatusCode::FORBIDDEN, "the message names another worker than the token").into_response()
        }
    }
}

fn denied(denial: &Denial) -> Response {
    let status = match denial {
        Denial::NoIdentity => StatusCode::UNAUTHORIZED,
        Denial::NotOfThisRun => StatusCode::FORBIDDEN,
        Denial::NotLeading(_) => StatusCode::MISDIRECTED_REQUEST,
        Denial::NotNow(_) => StatusCode::SERVICE_UNAVAILABLE,
        Denial::TooMany => StatusCode::TOO_MANY_REQUESTS,
    };
    let mut response = (status, denial.to_string()).into_response();
    if let Denial::NotLeading(Some(leader)) = denial
        && let Ok(leader) = leader.parse()
    {
        response.headers_mut().insert(wire::LEADER_HEADER, leader);
    }
    response
}

fn token(headers: &HeaderMap) -> Result<&str, Denial> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Denial::NoIdentity)
}

/// Reads a body, as far as it isn't larger than anything that a worker sends.
async fn read<T: serde::de::DeserializeOwned>(body: Body, most: usize) -> Result<T, Error> {
    // What says at once that it is too large isn't read at all.
    if usize::try_from(body.size_hint().lower()).is_ok_and(|least| least > most) {
        return Err(Error::TooLarge(most));
    }
    let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, most)).await.map_err(|_| Error::Broken)?;
    let bytes = read.map_err(|error| match error.into_inner() {
        error if error.is::<LengthLimitError>() => Error::TooLarge(most),
        _ => Error::Broken,
    })?;
    wire::decode(&bytes).map_err(|error| Error::Refused(Refusal::Unreadable(error.to_string())))
}

fn message<T: Serialize>(status: StatusCode, message: &T) -> Response {
    (status, [(header::CONTENT_TYPE, wire::MEDIA_TYPE)], wire::encode(message)).into_response()
}
