//! What the clients of all users are made after.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Proxy, Url, redirect, retry};
use rustls::ClientConfig;
use rustls::client::{Resumption, Tls12Resumption};

use super::Client;
use super::line::{Line, Watched};
use crate::engine::alarm::Alarm;
use crate::engine::response::{LONGEST_HEAD, Reader};
use crate::engine::tls::Tls;
use crate::plan::secrets::Secrets;
use crate::plan::{self, HttpVersion, Tier};

/// What the clients of all users are made after.
#[derive(Debug)]
pub(in crate::engine) struct Pattern {
    /// What stands before each path: scheme, the name that the certificate must hold, port.
    origin: Url,
    /// Where the target is by the plan: redirects name it so.
    target: Url,
    /// The name whose address is known already: that of the target, or of the proxy.
    known: String,
    tls: Option<ClientConfig>,
    proxy: Option<Proxy>,
    version: HttpVersion,
    redirects: u32,
    connect_timeout: Duration,
}

/// What keeps clients from being made.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum NoClient {
    #[error("{0}: the value of the Secret isn't there, or can't stand in a header")]
    Authorization(String),
    #[error("the HTTP client can't be made: {0}")]
    Build(#[from] reqwest::Error),
    #[error("spec.target.baseUrl: {0}")]
    Url(#[from] url::ParseError),
}

impl Pattern {
    /// As the plan needs it; none: the fast client does.
    pub(in crate::engine) fn of(
        target: &plan::Target,
        tls: Option<&Tls>,
        secrets: &Secrets,
    ) -> Result<Option<Arc<Self>>, NoClient> {
        match target.http.tier {
            Tier::Fast => Ok(None),
            Tier::Full => Self::new(target, tls, secrets).map(Some),
        }
    }

    fn new(target: &plan::Target, tls: Option<&Tls>, secrets: &Secrets) -> Result<Arc<Self>, NoClient> {
        let plan::Target { authority, http, connect_timeout, .. } = target;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let pattern = Arc::new(Pattern {
            origin: Url::parse(&target.origin())?,
            target: Url::parse(&format!("{scheme}://{authority}"))?,
            known: http.proxy.as_ref().map_or(target.called(), |proxy| &proxy.host).to_owned(),
            tls: tls.map(Tls::config),
            proxy: http.proxy.as_ref().map(|proxy| self::proxy(proxy, secrets)).transpose()?,
            version: http.version,
            redirects: http.redirects,
            connect_timeout: *connect_timeout,
        });
        // One is made to see whether it can be.
        pattern.library(SocketAddr::from(([127, 0, 0, 1], 1)), &Arc::new(Line::new()))?;
        Ok(pattern)
    }

    /// A user's client, which connects to `address`.
    pub(in crate::engine) fn client(self: &Arc<Self>, address: SocketAddr) -> Client {
        let line = Arc::new(Line::new());
        let Ok(library) = self.library(address, &line) else {
            unreachable!("one like it was made when the engine started")
        };
        Client {
            library,
            pattern: Arc::clone(self),
            line,
            reader: Reader::default(),
            alarm: Alarm::default(),
            request: None,
            is_kept: false,
            is_answered: false,
            sent: None,
        }
    }

    fn library(&self, address: SocketAddr, line: &Arc<Line>) -> reqwest::Result<reqwest::Client> {
        let builder = reqwest::Client::builder()
            // With none allowed, it doesn't keep a copy of each request for one either.
            .retry(retry::never().max_retries_per_request(0))
            .redirect(redirect::Policy::none())
            .referer(false)
            .pool_idle_timeout(None)
            .pool_max_idle_per_host(1)
            .resolve_to_addrs(&self.known, &[address])
            .connector_layer(Watched { line: Arc::clone(line), limit: self.connect_timeout });
        let builder = match &self.tls {
            Some(config) => builder.tls_backend_preconfigured(told_to(config, line)),
            // Plain HTTP needs no authorities, and the machine's own may be missing, as in an image without any.
            None => builder.tls_certs_only([]),
        };
        let builder = match self.version {
            HttpVersion::One => builder.http1_only(),
            HttpVersion::Two => {
                let longest = u32::try_from(LONGEST_HEAD).unwrap_or(u32::MAX);
                builder.http2_prior_knowledge().http2_max_header_list_size(longest)
            }
        };
        match &self.proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            None => builder.no_proxy(),
        }
        .build()
    }

    /// The URL of a path of the target, with its query.
    pub(super) fn url(&self, path: &str) -> Url {
        // Only this much is read for each request: the host never changes.
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        let mut url = self.origin.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }

    pub(super) fn redirects(&self) -> u32 {
        self.redirects
    }

    pub(super) fn is_two(&self) -> bool {
        self.version == HttpVersion::Two
    }

    /// The URL of `path` where `url` lies in the target; none: it lies elsewhere.
    pub(super) fn within(&self, url: &Url, path: &str) -> Option<Url> {
        let is_own = url.origin() == self.target.origin() || url.as_str().starts_with(self.origin.as_str());
        is_own.then(|| self.url(path))
    }
}

/// The same, telling a user's line when TLS begins.
fn told_to(config: &ClientConfig, line: &Arc<Line>) -> ClientConfig {
    let mut config = config.clone();
    let line: Arc<Line> = Arc::clone(line);
    config.resumption = Resumption::store(line).tls12_resumption(Tls12Resumption::Disabled);
    config
}

fn proxy(proxy: &plan::Proxy, secrets: &Secrets) -> Result<Proxy, NoClient> {
    let built = Proxy::all(proxy.url())?;
    let Some(header) = &proxy.authorization else { return Ok(built) };
    let unfit = || NoClient::Authorization(header.path.clone());
    let value = header.secret().and_then(|reference| secrets.get(reference)).ok_or_else(unfit)?;
    let mut value = HeaderValue::from_str(value).map_err(|_| unfit())?;
    value.set_sensitive(true);
    Ok(built.custom_http_auth(value))
}
