//! An answer before and after it becomes an HTTP response.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::StatusCode;

use super::cache::Layer;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const X_CACHE_LAYER: HeaderName = HeaderName::from_static("x-cache-layer");
const HIT: HeaderValue = HeaderValue::from_static("HIT");
const MISS: HeaderValue = HeaderValue::from_static("MISS");

/// What the service's futures give hyper: a handler never fails, it answers.
pub(super) type Answered = Result<Response<Content>, Infallible>;

/// Every status the target answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Created,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    InternalError,
    BadGateway,
    Unavailable,
}

impl Status {
    pub(super) const ALL: [Self; 8] = [
        Self::Ok,
        Self::Created,
        Self::BadRequest,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::InternalError,
        Self::BadGateway,
        Self::Unavailable,
    ];

    pub(super) const fn code(self) -> StatusCode {
        match self {
            Self::Ok => StatusCode::OK,
            Self::Created => StatusCode::CREATED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// What an answer's headers say beyond its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    None,
    Hit(Layer),
    Miss,
    Allow(&'static str),
    Text,
}

/// An answer: status, body and one note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: Status,
    body: Bytes,
    note: Note,
}

impl Answer {
    /// An answer with a body known beforehand.
    pub(super) const fn fixed(status: Status, body: &'static str) -> Self {
        Self { status, body: Bytes::from_static(body.as_bytes()), note: Note::None }
    }

    pub(super) fn made(status: Status, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), note: Note::None }
    }

    pub(super) fn json(status: Status, value: &impl serde::Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::made(status, body),
            Err(error) => Self::made(Status::InternalError, format!(r#"{{"error":"{error}"}}"#)),
        }
    }

    pub(super) fn noting(self, note: Note) -> Self {
        Self { note, ..self }
    }

    /// The response; a cut one breaks off in the middle of its body.
    pub(super) fn into_response(self, cut: bool) -> Response<Content> {
        let mut response =
            Response::new(Content { bytes: self.body, stage: if cut { Stage::Half } else { Stage::Whole } });
        *response.status_mut() = self.status.code();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, if self.note == Note::Text { TEXT } else { JSON });
        match self.note {
            Note::None | Note::Text => {}
            Note::Miss => drop(headers.insert(X_CACHE, MISS)),
            Note::Hit(layer) => {
                headers.insert(X_CACHE, HIT);
                headers.insert(X_CACHE_LAYER, HeaderValue::from_static(layer.name()));
            }
            Note::Allow(methods) => drop(headers.insert(ALLOW, HeaderValue::from_static(methods))),
        }
        response
    }
}

/// Where a body is in being sent.
///
/// ```text
/// Whole ──all bytes──► Done        Half ──half the bytes──► Flush ──one turn──► Break ──error──► (closed)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Whole,
    Done,
    Half,
    Flush,
    Break,
}

/// A response's body: sent whole, or broken off halfway so that the connection closes in mid-response.
#[derive(Debug)]
pub(super) struct Content {
    bytes: Bytes,
    stage: Stage,
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        match this.stage {
            Stage::Whole => {
                this.stage = Stage::Done;
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.bytes)))))
            }
            Stage::Done => Poll::Ready(None),
            Stage::Half => {
                this.stage = Stage::Flush;
                Poll::Ready(Some(Ok(Frame::data(this.bytes.split_to(this.bytes.len() / 2)))))
            }
            // One turn without a frame lets what was written reach the socket.
            Stage::Flush => {
                this.stage = Stage::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Stage::Break => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stage == Stage::Done
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
