//! The coordinator's side of HTTP: who knocks is identified first, then read within limits, then led by the session.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::coordinator::{Coordinator, Directive, Refusal, Registration, Report, Stage, Unreachable};
use super::reading::{Reader, Unread};
use super::room::Room;
use super::shared::{self, SharedSession};
use super::wire;
use crate::metrics::Snapshot;

/// Who may come in. It knows the runs and their workers.
#[async_trait]
pub trait Door: Send + Sync + 'static {
    /// Whose token this is, and the session of `run`, if that is where it belongs.
    async fn admit(&self, run: &str, token: &str) -> Result<(Visitor, SharedSession), Denial>;

    /// A message was taken or refused with a status; for the counters.
    fn note(&self, run: &str, status: u16);

    /// A report counts, so long after its head was there; for the counters. The answer may be held back from then on.
    fn taken(&self, run: &str, after: Duration);
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
    router_within(door, Room::of_all())
}

/// The same, with so much room for what is being read.
pub fn router_within(door: Arc<dyn Door>, room: Room) -> Router {
    Router::new()
        .route("/v1/runs/{run}/register", post(register))
        .route("/v1/runs/{run}/report", post(report))
        .with_state(Ingest { door, reader: Reader::new(room) })
}

/// Who lets workers in, and how what they say is read.
#[derive(Clone)]
struct Ingest {
    door: Arc<dyn Door>,
    reader: Reader,
}

#[derive(Debug, Deserialize)]
struct Patience {
    #[serde(default)]
    patience: u64,
}

async fn register(
    State(ingest): State<Ingest>,
    Path(run): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answer = ingest.registered(&run, &headers, body).await;
    told(&*ingest.door, &run, answer)
}

async fn report(
    State(ingest): State<Ingest>,
    Path(run): Path<String>,
    Query(Patience { patience }): Query<Patience>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let patience = Duration::from_millis(patience).min(wire::LONGEST_PATIENCE);
    let answer = ingest.reported(&run, &headers, body, patience).await;
    told(&*ingest.door, &run, answer)
}

impl Ingest {
    async fn registered(&self, run: &str, headers: &HeaderMap, body: Body) -> Result<Response, Error> {
        let (visitor, session) = self.door.admit(run, token(headers)?).await?;
        let registration: Registration =
            self.reader.read(body, wire::LARGEST_REGISTRATION, session.room(), decoded).await?;
        visitor.is(registration.worker, &registration.process)?;
        Ok(message(StatusCode::OK, &session.register(registration).await?))
    }

    async fn reported(
        &self,
        run: &str,
        headers: &HeaderMap,
        body: Body,
        patience: Duration,
    ) -> Result<Response, Error> {
        let began = Instant::now();
        let (visitor, session) = self.door.admit(run, token(headers)?).await?;
        let (report, snapshot) =
            self.reader.read(body, wire::LARGEST_REPORT, session.room(), made_out).await?;
        visitor.is(report.worker, &report.process)?;
        let answer = session.take(&report, snapshot)?;
        self.door.taken(run, began.elapsed());
        let answer = session.hold(answer, &report, patience).await?;
        // What was sent last is taken, but not stored yet.
        let is_stored = report.stage != Stage::Finished || answer.directive == Directive::Leave;
        Ok(message(if is_stored { StatusCode::OK } else { StatusCode::ACCEPTED }, &answer))
    }
}

/// What a message is answered with instead.
enum Error {
    Denied(Denial),
    Refused(Refusal),
    Unread(Unread),
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
            Unreachable::Busy(_) => Error::Unread(Unread::NoRoom),
        }
    }
}

impl From<Unread> for Error {
    fn from(unread: Unread) -> Self {
        Error::Unread(unread)
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
        Error::Refused(refusal) => unsound(&refusal),
        Error::Unread(unread) => left_unread(unread),
        Error::Closed(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
        Error::NotItself => {
            (StatusCode::FORBIDDEN, "the message names another worker than the token").into_response()
        }
    }
}

fn unsound(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(wire::status(refusal)).unwrap_or(StatusCode::BAD_REQUEST);
    message(status, refusal)
}

fn left_unread(unread: Unread) -> Response {
    match unread {
        Unread::Refused(refusal) => unsound(&refusal),
        Unread::TooLarge(most) => {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("more than {most} bytes")).into_response()
        }
        Unread::NoRoom => come_again("too many messages at once".to_owned()),
        Unread::Broken => (StatusCode::REQUEST_TIMEOUT, "the body didn't come in time").into_response(),
    }
}

/// 429, and when to come again.
fn come_again(why: String) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, why).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wire::COME_AGAIN.as_secs()));
    response
}

fn denied(denial: &Denial) -> Response {
    let status = match denial {
        Denial::NoIdentity => StatusCode::UNAUTHORIZED,
        Denial::NotOfThisRun => StatusCode::FORBIDDEN,
        Denial::NotLeading(_) => StatusCode::MISDIRECTED_REQUEST,
        Denial::NotNow(_) => StatusCode::SERVICE_UNAVAILABLE,
        Denial::TooMany => return come_again(denial.to_string()),
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

fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    wire::decode(bytes).map_err(|error| Refusal::Unreadable(error.to_string()))
}

/// A report, and what was measured.
fn made_out(bytes: &[u8]) -> Result<(Report, Option<Snapshot>), Refusal> {
    let mut report: Report = decoded(bytes)?;
    let snapshot = shared::read(&mut report)?;
    Ok((report, snapshot))
}

fn message<T: Serialize>(status: StatusCode, message: &T) -> Response {
    (status, [(header::CONTENT_TYPE, wire::MEDIA_TYPE)], wire::encode(message)).into_response()
}
