//! `spec.target.auth`: who the load says to be, as the header Authorization.

use crate::api;
use crate::plan::fault::At;
use crate::plan::model::{ClientSecret, Header, HeaderValue, OAuth2, Scheme};
use crate::plan::template::Template;

use super::header::{Given, given};
use super::target::address;

/// Who the load says to be.
#[derive(Default)]
pub(super) struct Auth {
    /// The header; none: the load doesn't say.
    pub(super) header: Option<Header>,
    /// Where the tokens in it come from.
    pub(super) oauth2: Option<OAuth2>,
}

/// Who the load says to be; none: that is faulty.
pub(super) fn auth(target: &api::Target, at: &At) -> Option<Auth> {
    let Some(auth) = &target.auth else { return Some(Auth::default()) };
    let has_own = target.headers.iter().any(|header| header.name.eq_ignore_ascii_case(AUTHORIZATION));
    at.require(!has_own, "is given beside an Authorization of the target's headers; keep one");
    let api::Auth { basic, bearer, oauth2 } = auth;
    let of = |header: Option<Header>| Some(Auth { header: Some(header?), oauth2: None });
    match (basic, bearer, oauth2) {
        (Some(basic), None, None) => of(self::basic(basic, &at.field("basic"))),
        (None, Some(bearer), None) => of(header(Scheme::Bearer, bearer, &at.field("bearer"))),
        (None, None, Some(oauth2)) => {
            let at = at.field("oauth2");
            let oauth2 = Some(self::oauth2(oauth2, &at)?);
            Some(Auth { header: Some(authorization(HeaderValue::Token, &at)), oauth2 })
        }
        (None, None, None) => {
            at.fault("needs basic, bearer or oauth2");
            None
        }
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
            at.fault("has more than one of basic, bearer and oauth2; keep one");
            None
        }
    }
}

const AUTHORIZATION: &str = "Authorization";

fn basic(basic: &api::BasicAuth, at: &At) -> Option<Header> {
    let name = at.field("username");
    name.require(!basic.username.contains(':'), "holds a colon, which ends a user's name; choose another");
    check_line(&basic.username, &name);
    header(Scheme::Basic { username: basic.username.clone() }, &basic.password, &at.field("password"))
}

fn header(scheme: Scheme, credential: &api::Credential, at: &At) -> Option<Header> {
    let value = match given(credential.value.as_deref(), credential.value_from.as_ref(), at)? {
        Given::Here(value) => {
            check_value(value, &at.field("value"));
            HeaderValue::Template(Template::of(scheme.written(value)))
        }
        Given::Secret(reference) => HeaderValue::Secret(reference.clone(), scheme),
    };
    Some(authorization(value, at))
}

fn authorization(value: HeaderValue, at: &At) -> Header {
    Header { name: AUTHORIZATION.to_owned(), value, path: at.path().to_owned() }
}

/// What the grant says itself.
const OURS: [&str; 4] = ["grant_type", "scope", "client_id", "client_secret"];

fn oauth2(oauth2: &api::OAuth2, at: &At) -> Option<OAuth2> {
    let api::OAuth2 { token_url, client_id, client_secret, client_auth, scopes, params } = oauth2.clone();
    let is_address = address(&token_url, NO_USER, &at.field("tokenUrl")).is_some();
    check_line(&client_id, &at.field("clientId"));
    at.field("params").require(!OURS.iter().any(|name| params.contains_key(*name)), NOT_AGAIN);
    let client_secret = self::client_secret(&client_secret, &at.field("clientSecret"))?;
    let (client_auth, path) = (client_auth.unwrap_or_default(), at.path().to_owned());
    is_address.then_some(OAuth2 { token_url, client_id, client_secret, client_auth, scopes, params, path })
}

const NO_USER: &str = "has a user name or password; give clientId and clientSecret instead";
const NOT_AGAIN: &str =
    "grant_type, scope, client_id and client_secret are sent as the other fields say; leave them out";

fn client_secret(credential: &api::Credential, at: &At) -> Option<ClientSecret> {
    Some(match given(credential.value.as_deref(), credential.value_from.as_ref(), at)? {
        Given::Here(value) => {
            check_value(value, &at.field("value"));
            ClientSecret::Given(value.to_owned())
        }
        Given::Secret(reference) => ClientSecret::Secret(reference.clone(), at.path().to_owned()),
    })
}

fn check_value(value: &str, at: &At) {
    at.require(!value.contains("${"), "`${…}` isn't filled in here; give the credential by valueFrom");
    check_line(value, at);
}

fn check_line(text: &str, at: &At) {
    at.require(
        !text.contains(char::is_control),
        "holds a line break or another control character; leave it out",
    );
}
