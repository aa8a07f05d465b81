//! `spec.target.http`: what is spoken, and which client speaks it.

use crate::api::{self, HttpTier, HttpVersion};
use crate::plan::fault::{At, Faults};
use crate::plan::model::{Header, HeaderValue, Http, Plan, Proxy, Scheme, Tier};
use crate::plan::secrets;

/// The most redirects that may be followed.
const MOST_REDIRECTS: u32 = 20;

/// What is spoken, and by whom.
pub(super) fn http(given: Option<&api::TargetHttp>, at: &At) -> Option<Http> {
    let api::TargetHttp { version, redirects, proxy, tier } = given.cloned().unwrap_or_default();
    let (version, redirects) = (version.unwrap_or_default(), redirects.unwrap_or(0));
    at.field("redirects").require(redirects <= MOST_REDIRECTS, "must be at most 20");
    let needs = [
        (version == HttpVersion::Two).then_some(("version is \"2\"", NOT_TWO)),
        (redirects > 0).then_some(("redirects are followed", NO_REDIRECTS)),
        proxy.is_some().then_some(("there is a proxy", NO_PROXY)),
    ];
    let mut reasons = Vec::new();
    for (reason, refused) in needs.into_iter().flatten() {
        at.field("tier").require(tier != Some(HttpTier::Fast), refused);
        reasons.push(reason.to_owned());
    }
    if tier == Some(HttpTier::Full) {
        reasons.push("tier is full".to_owned());
    }
    let proxy = proxy.map(|proxy| self::proxy(&proxy, &at.field("proxy")));
    Some(Http {
        tier: if reasons.is_empty() { Tier::Fast } else { Tier::Full },
        reasons,
        version,
        redirects,
        proxy: proxy.map_or(Some(None), |proxy| proxy.map(Some))?,
    })
}

const NOT_TWO: &str = "the fast client speaks HTTP/1.1 only; leave version out, or say auto";
const NO_REDIRECTS: &str = "the fast client follows no redirects; leave redirects out, or say auto";
const NO_PROXY: &str = "the fast client knows no proxy; leave proxy out, or say auto";
const WRITE: &str = "write http://host:port";

fn proxy(proxy: &api::Proxy, at: &At) -> Option<Proxy> {
    let authorization = proxy.authorization.as_ref().map(|from| Header {
        name: "Proxy-Authorization".to_owned(),
        value: HeaderValue::Secret(from.secret_key_ref.clone(), Scheme::Whole),
        path: at.field("authorization").path().to_owned(),
    });
    let at = at.field("url");
    let url =
        at.take(url::Url::parse(&proxy.url).map_err(|error| format!("isn't a URL: {error}; {WRITE}")))?;
    let is_plain = url.scheme() == "http"
        && url.username().is_empty()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    at.require(is_plain, format!("isn't the address of an HTTP proxy; {WRITE}"));
    at.require(url.port() != Some(0), "port 0 can't be connected to");
    Some(Proxy { host: url.host_str()?.to_owned(), port: url.port_or_known_default()?, authorization })
}

/// What goes together with nothing but a target that is reached straight, or over HTTP/1.1.
pub(super) fn check_beside(http: &Http, target: &api::Target, host: &str, at: &At) {
    let server_name = target.tls.as_ref().and_then(|tls| tls.server_name.as_deref());
    at.field("tls").field("serverName").require(
        http.proxy.is_none() || server_name.is_none_or(|name| name == host),
        "a proxy is told the host of baseUrl, and no other name; write that name there, or leave the proxy out",
    );
}

/// HTTP/2 names the host beside the headers.
pub(super) fn check_hosts(plan: &Plan, faults: &Faults) {
    let is_host = |header: &&Header| header.name.eq_ignore_ascii_case("host");
    for header in secrets::headers(plan).filter(is_host) {
        let is_sent = plan.target.http.version != HttpVersion::Two;
        faults.at(&header.path).field("name").require(is_sent, NO_HOST);
    }
}

const NO_HOST: &str =
    "HTTP/2 takes the host from spec.target.baseUrl, or tls.serverName; leave Host out, or version";
