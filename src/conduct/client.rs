//! The client that sends what isn't measured: it reaches the target as the load does.

use std::net::SocketAddr;

use reqwest::header::HeaderValue;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Proxy, Url};
use rustls::ClientConfig;

use crate::plan::secrets::Secrets;
use crate::plan::{self, HttpVersion};

/// What keeps a client from being made.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// What a proxy is to be told isn't known, or doesn't fit.
    #[error("{0}: the value of the Secret isn't there, or can't stand in a header")]
    Authorization(String),
    /// The library can't make it.
    #[error(transparent)]
    Build(#[from] reqwest::Error),
}

/// A client for `target`, which is reached at these addresses.
pub(super) fn client(
    target: &plan::Target,
    addresses: &[SocketAddr],
    secrets: &Secrets,
    tls: Option<ClientConfig>,
) -> Result<reqwest::Client, NoClient> {
    let plan::Http { version, redirects, proxy, tier: _, reasons: _ } = &target.http;
    let known = proxy.as_ref().map_or(target.called(), |proxy| &proxy.host);
    let builder = reqwest::Client::builder()
        .retry(reqwest::retry::never())
        .redirect(policy(*redirects))
        .referer(false)
        .connect_timeout(target.connect_timeout)
        .resolve_to_addrs(known, addresses)
        .user_agent(concat!("loadgate/", env!("CARGO_PKG_VERSION"), " preflight"));
    let builder = match tls {
        Some(tls) => builder.tls_backend_preconfigured(tls),
        // Plain HTTP needs no authorities, and the machine's own may be missing, as in an image without any.
        None => builder.tls_certs_only([]),
    };
    let builder = match version {
        HttpVersion::One => builder.http1_only(),
        HttpVersion::Two => builder.http2_prior_knowledge(),
    };
    let builder = match proxy {
        Some(proxy) => builder.proxy(self::proxy(proxy, secrets)?),
        None => builder.no_proxy(),
    };
    Ok(builder.build()?)
}

/// Within the target, so many times.
fn policy(redirects: u32) -> Policy {
    if redirects == 0 {
        return Policy::none();
    }
    let most = usize::try_from(redirects).unwrap_or(usize::MAX);
    Policy::custom(move |attempt: Attempt<'_>| {
        let is_within = attempt.previous().first().map(Url::origin) == Some(attempt.url().origin());
        match (is_within, attempt.previous().len() <= most) {
            (true, true) => attempt.follow(),
            (true, false) => attempt.error("there are more redirects than spec.target.http.redirects"),
            (false, _) => attempt.error("it is redirected out of the target"),
        }
    })
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

/// Where a request for `path` goes.
pub(super) fn url(target: &plan::Target, path: &str) -> String {
    format!("{}{}{path}", target.origin(), target.base_path)
}
