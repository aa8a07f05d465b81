//! Stands between the workers and the operator's ingest, and brings what they say as the weather lets it.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep};

use super::road::{Cut, Road};
use super::weather::{Fate, Weather};

/// No message of a worker is larger.
const LARGEST: usize = 16 << 20;

/// A running post. Dropped, it ends.
pub(crate) struct Post {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _road: Road,
}

struct Shared {
    client: reqwest::Client,
    /// `https://127.0.0.1:8443`.
    ingest: Mutex<String>,
    weather: Mutex<Arc<Weather>>,
    /// When messages were taken.
    taken: Mutex<Vec<Instant>>,
}

impl Post {
    /// To the ingest at this address, whoever listens there.
    pub(crate) async fn start(ingest: String) -> Self {
        // Only the first one counts.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            // Whom workers trust is tested elsewhere.
            .tls_danger_accept_invalid_certs(true)
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .unwrap();
        let weather = Mutex::new(Arc::new(Weather::clear()));
        let shared =
            Arc::new(Shared { client, ingest: Mutex::new(ingest), weather, taken: Mutex::default() });
        let handler = Arc::clone(&shared);
        let road = Road::open(move |request| Arc::clone(&handler).carry(request)).await;
        Post { address: road.address, shared, _road: road }
    }

    pub(crate) fn weather(&self, weather: Weather) {
        *self.shared.weather.lock().unwrap() = Arc::new(weather);
    }

    /// Brings messages to another address from now on.
    pub(crate) fn goes_to(&self, ingest: String) {
        *self.shared.ingest.lock().unwrap() = ingest;
    }

    /// When messages were taken, in order.
    pub(crate) fn taken(&self) -> Vec<Instant> {
        self.shared.taken.lock().unwrap().clone()
    }
}

impl Shared {
    async fn carry(self: Arc<Self>, request: Request) -> Result<Response, Cut> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), LARGEST).await.map_err(|_| Cut)?;
        let fate = self.weather.lock().unwrap().fate(parts.uri.path());
        match fate {
            Fate::Passed(late) => {
                sleep(late).await;
                self.pass(&parts, body).await
            }
            Fate::Lost(late) => {
                sleep(late).await;
                Err(Cut)
            }
            Fate::Unanswered => self.pass(&parts, body).await.and(Err(Cut)),
            Fate::Refused(status) => Ok(StatusCode::from_u16(status).unwrap().into_response()),
            Fate::TimedOut => {
                self.pass(&parts, body).await?;
                Ok(StatusCode::GATEWAY_TIMEOUT.into_response())
            }
            Fate::Twice(late) => {
                let (again, copy) = (Arc::clone(&self), (parts.clone(), body.clone()));
                tokio::spawn(async move {
                    sleep(late).await;
                    // Nobody waits for its answer.
                    drop(again.pass(&copy.0, copy.1).await);
                });
                self.pass(&parts, body).await
            }
            Fate::Halved => {
                let half = body.slice(..body.len() / 2);
                self.pass(&parts, half).await
            }
        }
    }

    async fn pass(&self, parts: &Parts, body: Bytes) -> Result<Response, Cut> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let ingest = self.ingest.lock().unwrap().clone();
        let mut request = self.client.post(ingest + path).body(body);
        for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
            request = request.header(&name, &parts.headers[&name]);
        }
        let answer = request.send().await.map_err(|_| Cut)?;
        let (status, kind) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
        let body = answer.bytes().await.map_err(|_| Cut)?;
        if status.is_success() {
            self.taken.lock().unwrap().push(Instant::now());
        }
        let mut response = Response::new(Body::from(body));
        // Where another process leads is of no use to who comes by this way.
        *response.status_mut() =
            if status == StatusCode::MISDIRECTED_REQUEST { StatusCode::SERVICE_UNAVAILABLE } else { status };
        response.headers_mut().extend(kind.map(|kind| (header::CONTENT_TYPE, kind)));
        Ok(response)
    }
}
