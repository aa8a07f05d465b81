//! A worker's side of HTTP: the coordinator in another pod.

mod answer;
mod way;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::coordinator::{Admission, Answer, Coordinator, Registration, Report, Unreachable};
use super::wire;
use answer::{Missed, answer};
use way::Way;

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
    #[error("the coordinator's authority can't be used: {}", root(.0))]
    Setup(#[from] reqwest::Error),
    /// There is none in the file.
    #[error("the coordinator's authority can't be used: the file has no certificate in PEM")]
    NoAuthority,
}

/// The coordinator in another pod.
#[derive(Debug)]
pub struct RemoteCoordinator {
    address: Address,
    way: Mutex<Way>,
}

impl RemoteCoordinator {
    /// A client of the coordinator at `address`. Nothing is sent yet.
    ///
    /// # Errors
    /// When the authority can't be read.
    pub fn new(address: Address) -> Result<Self, ClientError> {
        let way = Way::to(&address, None)?;
        Ok(RemoteCoordinator { address, way: Mutex::new(way) })
    }

    async fn ask<M: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        message: &M,
        patience: Duration,
    ) -> Result<A, Unreachable> {
        let body = Bytes::from(wire::encode(message));
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
        body: Bytes,
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
