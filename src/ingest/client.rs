//! A worker's side of HTTP: the coordinator in another pod.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::coordinator::{Admission, Answer, Coordinator, Refusal, Registration, Report, Unreachable};
use super::wire;

/// The longest that opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that an answer which isn't held back may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the coordinator is and how a worker shows who it is.
#[derive(Clone, Debug)]
pub struct Address {
    /// `https://…:8443`, without a path.
    pub url: Url,
    /// The run's UID.
    pub run: String,
    /// A file that holds the worker's token; it is read anew each time, because the token is renewed.
    pub token: PathBuf,
    /// The authority, in PEM, that alone is trusted to vouch for the coordinator; none: plain HTTP.
    pub authority: Option<Vec<u8>>,
}

/// Why there is no client at all.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The authority isn't PEM, or there is no TLS.
    #[error("--ca can't be used: {}", root(.0))]
    Setup(#[source] reqwest::Error),
}

/// The coordinator in another pod.
#[derive(Debug)]
pub struct RemoteCoordinator {
    address: Address,
    client: Mutex<Client>,
}

impl RemoteCoordinator {
    /// A client of the coordinator at `address`. Nothing is sent yet.
    ///
    /// # Errors
    /// When the authority can't be read.
    pub fn new(address: Address) -> Result<Self, ClientError> {
        let client = client(&address, None).map_err(ClientError::Setup)?;
        Ok(RemoteCoordinator { address, client: Mutex::new(client) })
    }

    async fn ask<M: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        message: &M,
        patience: Duration,
    ) -> Result<A, Unreachable> {
        let url = self.address.url.join(path).map_err(silent)?;
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let request = client
            .post(url)
            .timeout(patience + ANSWER_TIMEOUT)
            .header(AUTHORIZATION, self.token()?)
            .header(CONTENT_TYPE, wire::MEDIA_TYPE)
            .body(wire::encode(message));
        self.answer(request.send().await.map_err(|error| silent(root(&error)))?).await
    }

    async fn answer<A: DeserializeOwned>(&self, response: Response) -> Result<A, Unreachable> {
        let status = response.status();
        self.follow(&response);
        let is_message = response.headers().get(CONTENT_TYPE).is_some_and(|is| is == wire::MEDIA_TYPE);
        let body = response.bytes().await.map_err(|error| silent(root(&error)))?;
        if status.is_success() {
            return wire::decode(&body).map_err(silent);
        }
        if is_message && let Ok(refusal) = wire::decode::<Refusal>(&body) {
            return Err(refusal.into());
        }
        let said = format!("{status}: {}", String::from_utf8_lossy(&body));
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYLOAD_TOO_LARGE => {
                Unreachable::TurnedAway(said)
            }
            _ => Unreachable::Silent(said),
        })
    }

    /// Goes to the one that leads from now on, by the same name.
    fn follow(&self, response: &Response) {
        let leader = response.headers().get(wire::LEADER_HEADER).and_then(|value| value.to_str().ok());
        let leader = leader.and_then(|text| text.parse::<SocketAddr>().ok());
        if response.status() == StatusCode::MISDIRECTED_REQUEST
            && let Ok(client) = client(&self.address, leader)
        {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
        }
    }

    fn token(&self) -> Result<HeaderValue, Unreachable> {
        // It lies in memory: reading it holds up nothing.
        let token = std::fs::read_to_string(&self.address.token).map_err(silent)?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.trim())).map_err(silent)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[async_trait]
impl Coordinator for RemoteCoordinator {
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable> {
        self.ask(&wire::register_path(&self.address.run), &registration, Duration::ZERO).await
    }

    async fn report(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        let patience = patience.min(wire::LONGEST_PATIENCE);
        self.ask(&wire::report_path(&self.address.run, patience), &report, patience).await
    }
}

fn client(address: &Address, leader: Option<SocketAddr>) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    let builder = match &address.authority {
        Some(pem) => {
            let authorities = reqwest::Certificate::from_pem_bundle(pem)?;
            builder.tls_certs_only(authorities).https_only(true)
        }
        None => builder,
    };
    match (address.url.host_str(), leader) {
        (Some(host), Some(leader)) => builder.resolve(host, leader),
        _ => builder,
    }
    .build()
}

/// What lies at the bottom of an error: the rest only says that there is one.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives the error away")]
fn silent(error: impl ToString) -> Unreachable {
    Unreachable::Silent(error.to_string())
}
