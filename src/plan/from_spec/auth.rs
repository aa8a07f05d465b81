//! `spec.target.auth`: who the load says to be, as the header Authorization.

use crate::api;
use crate::plan::fault::At;
use crate::plan::model::{Header, HeaderValue, Scheme};
use crate::plan::template::Template;

use super::header::{Given, given};

/// The header, where the spec says whom. The outer none: it is faulty.
#[allow(clippy::option_option, reason = "faulty, not given and given are three things")]
pub(super) fn authorization(target: &api::Target, at: &At) -> Option<Option<Header>> {
    let Some(auth) = &target.auth else { return Some(None) };
    let has_own = target.headers.iter().any(|header| header.name.eq_ignore_ascii_case(AUTHORIZATION));
    at.require(!has_own, "is given beside an Authorization of the target's headers; keep one");
    match (&auth.basic, &auth.bearer) {
        (Some(basic), None) => self::basic(basic, &at.field("basic")),
        (None, Some(bearer)) => header(Scheme::Bearer, bearer, &at.field("bearer")),
        (None, None) => {
            at.fault("needs basic or bearer");
            None
        }
        (Some(_), Some(_)) => {
            at.fault("has both basic and bearer; keep one");
            None
        }
    }
    .map(Some)
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
            let at = at.field("value");
            at.require(
                !value.contains("${"),
                "`${…}` isn't filled in here; send an Authorization header with a value of your own instead",
            );
            check_line(value, &at);
            HeaderValue::Template(Template::of(scheme.written(value)))
        }
        Given::Secret(reference) => HeaderValue::Secret(reference.clone(), scheme),
    };
    Some(Header { name: AUTHORIZATION.to_owned(), value, path: at.path().to_owned() })
}

fn check_line(text: &str, at: &At) {
    at.require(
        !text.contains(char::is_control),
        "holds a line break or another control character; leave it out",
    );
}
