//! A worker's side of HTTP: the coordinator in another pod.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Host;

use super::coordinator::{Admission, Answer, Coordinator, Refusal, Registration, Report, Unreachable};
use super::wire;

/// The longest that opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that an answer which isn't held back may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const LONGEST_ANSWER: usize = 64 * 1024;
/// The most characters of an answer that isn't understood which are told.
const LONGEST_LINE: usize = 200;

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
    way: Mutex<Way>,
}

/// How the coordinator is reached now.
#[derive(Clone, Debug)]
struct Way {
    client: Client,
    url: Url,
    /// The one that leads, as another one has said; none: whoever answers by the name.
    leader: Option<SocketAddr>,
}

/// An answer other than a message.
enum Missed {
    /// Another process leads. Nothing was taken.
    Elsewhere(SocketAddr),
    /// What the worker is told.
    Told(Unreachable),
}

impl RemoteCoordinator {
    /// A client of the coordinator at `address`. Nothing is sent yet.
    ///
    /// # Errors
    /// When the authority can't be read.
    pub fn new(address: Address) -> Result<Self, ClientError> {
        let way = Way::to(&address, None).map_err(ClientError::Setup)?;
        Ok(RemoteCoordinator { address, way: Mutex::new(way) })
    }

    async fn ask<M: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        message: &M,
        patience: Duration,
    ) -> Result<A, Unreachable> {
        let body = wire::encode(message);
        match self.send(path, body.clone(), patience).await {
            Err(Missed::Elsewhere(leader)) => {
                self.go_to(Some(leader));
                self.send(path, body, patience).await
            }
            answer => answer,
        }
        .map_err(|missed| match missed {
            Missed::Told(error) => error,
            Missed::Elsewhere(leader) => Unreachable::Silent(format!("it is said that {leader} leads")),
        })
    }

    async fn send<A: DeserializeOwned>(
        &self,
        path: &str,
        body: Vec<u8>,
        patience: Duration,
    ) -> Result<A, Missed> {
        let way = self.way.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let request = way
            .client
            .post(way.url.join(path).map_err(silent)?)
            .timeout(patience + ANSWER_TIMEOUT)
            .header(AUTHORIZATION, self.token()?)
            .header(CONTENT_TYPE, wire::MEDIA_TYPE)
            .body(body);
        let answer = match request.send().await {
            Ok(response) => answer(response).await,
            Err(error) => Err(silent(root(&error)).into()),
        };
        // The one that led may be gone for good; who leads now is found by the name.
        if way.leader.is_some() && matches!(answer, Err(Missed::Told(Unreachable::Silent(_)))) {
            self.go_to(None);
        }
        answer
    }

    /// Takes another way from now on; where there is none, the one it has.
    fn go_to(&self, leader: Option<SocketAddr>) {
        if let Ok(way) = Way::to(&self.address, leader) {
            *self.way.lock().unwrap_or_else(PoisonError::into_inner) = way;
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

impl Way {
    /// The way to `leader`, or to whoever answers by the name. By that name it shows who it is in either case.
    fn to(address: &Address, leader: Option<SocketAddr>) -> Result<Self, reqwest::Error> {
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
        let mut url = address.url.clone();
        let builder = match (address.url.host(), leader) {
            (Some(Host::Domain(name)), Some(leader)) => {
                // The port is taken from the URL alone. Setting it fails only where there is no host.
                let _ = url.set_port(Some(leader.port()));
                builder.resolve(name, leader)
            }
            (_, Some(leader)) => {
                // There is no name to keep.
                let _ = url.set_ip_host(leader.ip());
                let _ = url.set_port(Some(leader.port()));
                builder
            }
            (_, None) => builder,
        };
        Ok(Way { client: builder.build()?, url, leader })
    }
}

/// What a response says.
async fn answer<A: DeserializeOwned>(response: Response) -> Result<A, Missed> {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if status == StatusCode::MISDIRECTED_REQUEST
        && let Some(leader) = text(HeaderName::from_static(wire::LEADER_HEADER))
        && let Ok(leader) = leader.parse()
    {
        return Err(Missed::Elsewhere(leader));
    }
    let is_message = text(CONTENT_TYPE) == Some(wire::MEDIA_TYPE);
    let body = body(response).await?;
    if status.is_success() {
        return Ok(wire::decode(&body).map_err(silent)?);
    }
    if is_message && let Ok(refusal) = wire::decode::<Refusal>(&body) {
        return Err(Unreachable::from(refusal).into());
    }
    let said = format!("{status}: {}", first_line(&body));
    Err(Missed::Told(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYLOAD_TOO_LARGE => {
            Unreachable::TurnedAway(said)
        }
        _ => Unreachable::Silent(said),
    }))
}

/// The body, unless it is longer than any answer.
async fn body(mut response: Response) -> Result<Vec<u8>, Unreachable> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| silent(root(&error)))? {
        if body.len() + piece.len() > LONGEST_ANSWER {
            return Err(silent("the answer is too long"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// As much of a text as belongs into a log.
fn first_line(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take_while(|c| !c.is_control()).take(LONGEST_LINE).collect()
}

impl From<Unreachable> for Missed {
    fn from(error: Unreachable) -> Self {
        Missed::Told(error)
    }
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
