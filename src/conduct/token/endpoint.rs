//! Asks a token endpoint for a token.

use std::error::Error;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::answer::{Fault, Token, read};
use super::hidden::{Hidden, confidential};
use crate::plan::secrets::Secrets;
use crate::plan::{ClientAuth, ClientSecret, OAuth2};

/// The longest that an answer may take, from the first byte sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest that opening a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const LONGEST: usize = 64 * 1024;

/// Why there is no token to begin with.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The HTTP client can't be made.
    #[error("the client for access tokens can't be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The secret isn't known.
    #[error("{0}: the value of the Secret isn't there")]
    Secret(String),
    /// The endpoint gave none.
    #[error("{path}: the token endpoint {url} gave no token: {cause}")]
    Refused {
        /// The field path.
        path: String,
        /// The endpoint, but for credentials.
        url: String,
        /// What was wrong at the last try.
        cause: String,
    },
}

/// A token endpoint, and what it is asked.
pub(super) struct Endpoint {
    client: reqwest::Client,
    url: String,
    authorization: Option<HeaderValue>,
    body: String,
    hidden: Hidden,
}

impl Endpoint {
    /// `tls`: whose certificates are trusted; none: it speaks no TLS.
    pub(super) fn new(
        oauth2: &OAuth2,
        secrets: &Secrets,
        tls: Option<ClientConfig>,
    ) -> Result<Self, TokenError> {
        let secret = match &oauth2.client_secret {
            ClientSecret::Given(value) => value.as_str(),
            ClientSecret::Secret(reference, path) => {
                secrets.get(reference).ok_or_else(|| TokenError::Secret(path.clone()))?
            }
        };
        Ok(Endpoint {
            client: client(tls)?,
            url: oauth2.token_url.clone(),
            authorization: authorization(oauth2, secret),
            body: body(oauth2, secret),
            hidden: hidden(oauth2, secret),
        })
    }

    /// Asks once.
    pub(super) async fn ask(&self) -> Result<Token, Fault> {
        let request = self.client.post(&self.url).timeout(PATIENCE).body(self.body.clone());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(ACCEPT, "application/json");
        let request = match &self.authorization {
            Some(value) => request.header(AUTHORIZATION, value.clone()),
            None => request,
        };
        let response = request.send().await.map_err(|error| unanswered(&error))?;
        let status = response.status();
        let after = after(status, response.headers());
        let body = content(response).await?;
        if body.len() > LONGEST && status.is_success() {
            return Err(Fault::lasting(format!("its answer is longer than {} KiB", LONGEST / 1024)));
        }
        read(status.as_u16(), &body, &self.hidden).map_err(|fault| Fault { after, ..fault })
    }
}

fn client(tls: Option<ClientConfig>) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .retry(reqwest::retry::never())
        // A secret is shown to nobody else.
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .http1_only()
        // Tokens are seldom asked for.
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .user_agent(concat!("loadgate/", env!("CARGO_PKG_VERSION"), " token"));
    match tls {
        Some(tls) => builder.tls_backend_preconfigured(tls),
        // Plain HTTP needs no authorities, and the machine's own may be missing, as in an image without any.
        None => builder.tls_certs_only([]),
    }
    .build()
}

/// Both are encoded as in a form, so that a colon or anything beyond ASCII can stand in them (RFC 6749, 2.3.1).
fn authorization(oauth2: &OAuth2, secret: &str) -> Option<HeaderValue> {
    match oauth2.client_auth {
        ClientAuth::Body => None,
        ClientAuth::Basic => {
            let value = format!("Basic {}", basic(&oauth2.client_id, secret));
            let Ok(mut value) = HeaderValue::from_str(&value) else {
                unreachable!("Base64 can stand in a header")
            };
            value.set_sensitive(true);
            Some(value)
        }
    }
}

fn basic(id: &str, secret: &str) -> String {
    BASE64_STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)))
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn body(oauth2: &OAuth2, secret: &str) -> String {
    let mut body = Serializer::new(String::new());
    body.append_pair("grant_type", "client_credentials");
    if !oauth2.scopes.is_empty() {
        body.append_pair("scope", &oauth2.scopes.join(" "));
    }
    if oauth2.client_auth == ClientAuth::Body {
        body.append_pair("client_id", &oauth2.client_id).append_pair("client_secret", secret);
    }
    body.extend_pairs(&oauth2.params);
    body.finish()
}

/// The secret, also as a header holds it, whether encoded as in a form or not.
fn hidden(oauth2: &OAuth2, secret: &str) -> Hidden {
    let id = &oauth2.client_id;
    let plain = BASE64_STANDARD.encode(format!("{id}:{secret}"));
    Hidden::new([secret.to_owned(), basic(id, secret), plain].into_iter().chain(confidential(oauth2)))
}

/// When an endpoint that is too busy wants to be asked again, where it says so in seconds.
fn after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
        }
        _ => None,
    }
}

/// What it says, or a little more than the most that is read of it.
async fn content(mut response: reqwest::Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while body.len() <= LONGEST
        && let Some(piece) = response.chunk().await.map_err(|error| unanswered(&error))?
    {
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// What is wrong with an exchange, down to its root.
fn unanswered(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        let limit = if error.is_connect() { CONNECT } else { PATIENCE };
        return Fault::passing(format!("no answer within {limit:?}"));
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Fault::passing(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter 2&ä";

    fn oauth2(client_auth: ClientAuth, scopes: &[&str], params: &[(&str, &str)]) -> OAuth2 {
        OAuth2 {
            token_url: "http://idp/token".to_owned(),
            client_id: "load:er".to_owned(),
            client_secret: ClientSecret::Given(SECRET.to_owned()),
            client_auth,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            params: params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            path: "spec.target.auth.oauth2".to_owned(),
        }
    }

    /// What is sent: the header, decoded, and the body.
    #[track_caller]
    fn check(oauth2: &OAuth2, header: Option<&str>, want: &str) {
        let decoded = authorization(oauth2, SECRET).map(|value| {
            let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
            String::from_utf8(BASE64_STANDARD.decode(encoded).unwrap()).unwrap()
        });
        assert_eq!((decoded.as_deref(), body(oauth2, SECRET).as_str()), (header, want));
    }

    #[test]
    fn the_client_says_who_it_is_in_the_header_or_in_the_body() {
        let basic = Some("load%3Aer:hunter+2%26%C3%A4");
        let grant = "grant_type=client_credentials";
        check(&oauth2(ClientAuth::Basic, &[], &[]), basic, grant);
        check(
            &oauth2(ClientAuth::Basic, &["read", "a:write"], &[("audience", "https://shop")]),
            basic,
            &format!("{grant}&scope=read+a%3Awrite&audience=https%3A%2F%2Fshop"),
        );
        check(
            &oauth2(ClientAuth::Body, &[], &[]),
            None,
            &format!("{grant}&client_id=load%3Aer&client_secret=hunter+2%26%C3%A4"),
        );
    }

    #[test]
    fn nothing_of_what_the_endpoint_is_told_in_confidence_is_told() {
        let mut oauth2 =
            oauth2(ClientAuth::Basic, &[], &[("client_assertion", "hunter3"), ("audience", "all")]);
        oauth2.token_url.push_str("?key=hunter4");
        let header = basic("load:er", SECRET);
        let plain = BASE64_STANDARD.encode(format!("load:er:{SECRET}"));
        let said = format!("{SECRET}, {header}, {plain}, hunter3, hunter4, all");
        let want = "(left out), (left out), (left out), (left out), (left out), all";
        assert_eq!(hidden(&oauth2, SECRET).shown(&said), want);
    }

    #[test]
    fn an_endpoint_that_is_too_busy_says_when_to_ask_again() {
        for (status, told, want) in [
            (429, "7", Some(7)),
            (503, " 0 ", Some(0)),
            (503, "Fri, 31 Dec 1999 23:59:59 GMT", None),
            (503, "-1", None),
            (500, "7", None),
            (200, "7", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(told))]);
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(after(status, &headers), want.map(Duration::from_secs), "{status} {told}");
        }
        assert_eq!(after(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new()), None);
    }
}
