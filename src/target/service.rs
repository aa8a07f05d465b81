//! Answers requests: at once where nothing has to be waited for, else in a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::service::Service;
use hyper::{Request, Response};

use super::answer::{Answer, Answered, Content, Note, Status};
use super::cache::Key;
use super::counts::Counts;
use super::route::{Path, Route, Verb, cache_key};
use super::velro::{Open, Velro, content};
use super::{backend, control};

const HEALTHY: Answer = Answer::fixed(Status::Ok, r#"{"status":"ok"}"#);
const TOKEN: Answer = Answer::fixed(Status::Ok, r#"{"token":"velro-demonstration","expiresIn":3600}"#);
const NOT_FOUND: Answer = Answer::fixed(Status::NotFound, r#"{"error":"not found"}"#);
const ILL: Answer = Answer::fixed(Status::InternalError, r#"{"error":"internal error"}"#);

/// One listener thread's view of the service.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub(super) velro: Arc<Velro>,
    pub(super) thread: usize,
}

/// What it takes to answer.
enum Step {
    Done(Answer),
    /// Not in the cache: fetch and keep it.
    Refill(Key),
    /// A generation to be accepted.
    Create,
}

/// A response under way.
pub(super) enum Answering {
    Ready(Option<Response<Content>>),
    Later(Pin<Box<dyn Future<Output = Answered> + Send>>),
}

impl Future for Answering {
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answered> {
        match self.get_mut() {
            Self::Ready(response) => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            Self::Later(future) => future.as_mut().poll(context),
        }
    }
}

impl Service<Request<Incoming>> for Worker {
    type Response = Response<Content>;
    type Error = std::convert::Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let route = Route { verb: Verb::of(request.method()), path: Path::of(request.uri().path()) };
        let worker = self.clone();
        if route.path.is_control() {
            return Answering::Later(Box::pin(async move { worker.steer(route, request).await }));
        }
        if !self.velro.illness.is_healthy() || !request.body().is_end_stream() {
            return Answering::Later(Box::pin(async move { worker.suffer(route, request).await }));
        }
        match self.step(route, request.uri().query()) {
            Step::Done(answer) => Answering::Ready(Some(self.send(route, answer, false))),
            step => Answering::Later(Box::pin(async move {
                let answer = worker.take(route, step).await;
                Ok(worker.send(route, answer, false))
            })),
        }
    }
}

impl Worker {
    pub(super) fn new(velro: Arc<Velro>, thread: usize) -> Self {
        Self { velro, thread }
    }

    pub(super) fn name(&self) -> String {
        format!("velro-{}", self.thread)
    }

    /// Counts a client's connection until the guard is dropped.
    pub(super) fn enter(&self) -> Open<'_> {
        self.velro.doors.enter()
    }

    fn counts(&self) -> &Counts {
        &self.velro.counts[self.thread]
    }

    /// The first step of a request that suffers nothing.
    fn step(&self, route: Route, query: Option<&str>) -> Step {
        match (route.path, route.verb) {
            (Path::Health, Verb::Get) => Step::Done(HEALTHY),
            (Path::Auth, Verb::Get | Verb::Post) => Step::Done(TOKEN),
            (Path::Authz | Path::Generations | Path::Models | Path::Media, Verb::Get) => {
                self.look_up(self.velro.cache.key(route.path, cache_key(query)))
            }
            (Path::Generations, Verb::Post) => Step::Create,
            (Path::Auth | Path::Generations, _) => Step::Done(not_allowed("GET, POST")),
            (Path::Health | Path::Authz | Path::Models | Path::Media, _) => Step::Done(not_allowed("GET")),
            (Path::Unknown | Path::Cache | Path::Metrics | Path::Stats | Path::Admin, _) => {
                Step::Done(NOT_FOUND)
            }
        }
    }

    fn look_up(&self, key: Key) -> Step {
        let found = self.velro.cache.get(self.thread, key);
        self.counts().look_up(found.map(|(layer, _)| layer));
        found.map_or(Step::Refill(key), |(layer, body)| {
            Step::Done(Answer::fixed(Status::Ok, body).noting(Note::Hit(layer)))
        })
    }

    /// Takes a step to its answer.
    async fn take(&self, route: Route, step: Step) -> Answer {
        match step {
            Step::Done(answer) => answer,
            Step::Refill(key) => self.refill(route.path, key).await,
            Step::Create => self.create().await,
        }
    }

    async fn refill(&self, path: Path, key: Key) -> Answer {
        if let Err(refusal) = backend::visit(&self.velro).await {
            return refusal.noting(Note::Miss);
        }
        self.velro.cache.put(self.thread, key, content(path));
        Answer::fixed(Status::Ok, content(path)).noting(Note::Miss)
    }

    async fn create(&self) -> Answer {
        if let Err(refusal) = backend::visit(&self.velro).await {
            return refusal;
        }
        let number = self.velro.next_generation();
        Answer::made(Status::Created, format!(r#"{{"id":"gen-{number}","status":"queued"}}"#))
    }

    /// Answers a request that has a body or meets an ill service.
    async fn suffer(self, route: Route, request: Request<Incoming>) -> Answered {
        let (head, body) = request.into_parts();
        drain(body).await;
        self.velro.illness.outlast_stall().await;
        let symptoms = self.velro.illness.strike(route.path);
        if symptoms.hang {
            self.counts().hang();
            return std::future::pending().await;
        }
        if !symptoms.wait.is_zero() {
            tokio::time::sleep(symptoms.wait).await;
        }
        let step = if symptoms.error { Step::Done(ILL) } else { self.step(route, head.uri.query()) };
        let answer = self.take(route, step).await;
        Ok(self.send(route, answer, symptoms.reset))
    }

    /// Answers a request that steers or watches.
    async fn steer(self, route: Route, request: Request<Incoming>) -> Answered {
        let answer = control::answer(&self.velro, route, request).await;
        Ok(self.send(route, answer, false))
    }

    /// Counts the answer and makes it a response.
    fn send(&self, route: Route, answer: Answer, cut: bool) -> Response<Content> {
        if cut {
            self.counts().cut();
        } else {
            self.counts().serve(route, answer.status);
        }
        answer.into_response(cut)
    }
}

/// The answer to a known path's wrong method.
pub(super) fn not_allowed(methods: &'static str) -> Answer {
    Answer::fixed(Status::MethodNotAllowed, r#"{"error":"method not allowed"}"#).noting(Note::Allow(methods))
}

/// Reads a body to its end, so that the connection can be used again.
async fn drain(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}
