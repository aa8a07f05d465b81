//! Stands between the workers and the operator's ingest, and brings what they say as the weather lets it.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use loadgate::ingest::{Registration, Report, wire};
use tokio::sync::watch;
use tokio::time::Instant;

use super::road::{Cut, Message, Road, carried};
use super::weather::Weather;

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
    /// The version of the messages that workers are made to speak; none: their own.
    protocol: Mutex<Option<u32>>,
    /// When messages were taken.
    taken: Mutex<Vec<Instant>>,
    /// The tokens that they came with.
    shown: watch::Sender<BTreeSet<String>>,
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
        let shared = Arc::new(Shared {
            client,
            ingest: Mutex::new(ingest),
            weather,
            protocol: Mutex::default(),
            taken: Mutex::default(),
            shown: watch::Sender::default(),
        });
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

    /// From now on what workers say is said in this version of the messages, as by those of another release.
    pub(crate) fn says_in(&self, protocol: u32) {
        *self.shared.protocol.lock().unwrap() = Some(protocol);
    }

    /// Waits until a message was taken with each of these tokens.
    pub(crate) async fn has_brought(&self, tokens: &[String]) {
        let mut shown = self.shared.shown.subscribe();
        shown.wait_for(|shown| tokens.iter().all(|token| shown.contains(token))).await.unwrap();
    }

    /// When messages were taken, in order.
    pub(crate) fn taken(&self) -> Vec<Instant> {
        self.shared.taken.lock().unwrap().clone()
    }
}

impl Shared {
    async fn carry(self: Arc<Self>, request: Request) -> Result<Response, Cut> {
        let mut message = Message::read(request).await?;
        if let Some(protocol) = *self.protocol.lock().unwrap() {
            message.body = said_in(protocol, &message).into();
        }
        let fate = self.weather.lock().unwrap().fate(message.path());
        let pass = |message| Arc::clone(&self).pass(message);
        carried(message, fate, pass, |status| StatusCode::from_u16(status).unwrap().into_response()).await
    }

    async fn pass(self: Arc<Self>, Message { parts, body }: Message) -> Result<Response, Cut> {
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
            let shown = parts.headers[header::AUTHORIZATION].to_str().unwrap().trim_start_matches("Bearer ");
            self.shown.send_modify(|all| all.extend([shown.to_owned()]));
        }
        let mut response = Response::new(Body::from(body));
        // Where another process leads is of no use to who comes by this way.
        *response.status_mut() =
            if status == StatusCode::MISDIRECTED_REQUEST { StatusCode::SERVICE_UNAVAILABLE } else { status };
        response.headers_mut().extend(kind.map(|kind| (header::CONTENT_TYPE, kind)));
        Ok(response)
    }
}

/// What a message says, in another version.
fn said_in(protocol: u32, message: &Message) -> Vec<u8> {
    if message.path().ends_with("/register") {
        wire::encode(&Registration { protocol, ..wire::decode(&message.body).unwrap() })
    } else {
        wire::encode(&Report { protocol, ..wire::decode(&message.body).unwrap() })
    }
}
