//! How access tokens are come by (RFC 6749, the client credentials grant), and for how long one is used.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Scheme;
use crate::api::{ClientAuth, SecretKeyRef};
use crate::plan::credential::shown_path;

/// A token is replaced so long before it expires, at most.
const MOST_MARGIN: Duration = Duration::from_secs(30);
/// The last part of its life in which it is replaced: a fifth.
const PART_OF_LIFE: u32 = 5;

/// How access tokens are come by.
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2 {
    /// The token endpoint.
    pub token_url: String,
    /// The client's name.
    pub client_id: String,
    /// Its secret.
    pub client_secret: ClientSecret,
    /// How the endpoint is told both.
    pub client_auth: ClientAuth,
    /// What the tokens are to be good for.
    pub scopes: Vec<String>,
    /// More that the endpoint is told.
    pub params: BTreeMap<String, String>,
    /// The field path.
    pub path: String,
}

/// The secret of a client.
#[derive(Clone, PartialEq)]
pub enum ClientSecret {
    /// In the spec.
    Given(String),
    /// In a Secret, at this field path.
    Secret(SecretKeyRef, String),
}

impl OAuth2 {
    /// Whether TLS is spoken to the token endpoint.
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        self.token_url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
    }

    /// The token endpoint as it may be shown.
    #[must_use]
    pub fn shown_url(&self) -> String {
        shown_path(&self.token_url)
    }

    /// The Secret that the client's own comes from, and the field that says so; none: it stands in the spec.
    pub(in crate::plan) fn secret(&self) -> Option<(&str, &SecretKeyRef)> {
        match &self.client_secret {
            ClientSecret::Secret(reference, path) => Some((path, reference)),
            ClientSecret::Given(_) => None,
        }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientSecret::Given(_) => f.write_str("Given"),
            ClientSecret::Secret(reference, _) => f.debug_tuple("Secret").field(reference).finish(),
        }
    }
}

/// How long before it expires a token is replaced.
#[must_use]
pub fn margin(life: Duration) -> Duration {
    (life / PART_OF_LIFE).min(MOST_MARGIN)
}

/// The current value of the header Authorization. It is shown nowhere.
#[derive(Clone)]
pub struct Authorization {
    value: String,
    /// Times in which there was no token that hadn't expired.
    pub lapses: Lapses,
}

/// Times in which there was no token that hadn't expired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lapses {
    /// How many of them have begun.
    pub count: u64,
    /// Whether the last of them goes on.
    pub is_on: bool,
    /// Why there was none.
    pub why: String,
}

impl Authorization {
    /// With the first token.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Authorization { value: written(token), lapses: Lapses::default() }
    }

    /// Another token takes the place of the one before.
    pub fn renew(&mut self, token: &str) {
        self.value = written(token);
        self.lapses.is_on = false;
    }

    /// The token has expired, and there is no other one; or why there still is none.
    pub fn lapse(&mut self, why: &str) {
        let Lapses { count, is_on, why: told } = &mut self.lapses;
        *count += u64::from(!*is_on);
        *is_on = true;
        why.clone_into(told);
    }

    /// The value of the header.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

fn written(token: &str) -> String {
    Scheme::Bearer.written(token)
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").field("lapses", &self.lapses).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(life: Duration, want: Duration) {
        assert_eq!(margin(life), want, "{life:?}");
    }

    #[test]
    fn a_token_is_replaced_half_a_minute_or_a_fifth_of_its_life_before_it_expires() {
        let seconds = Duration::from_secs;
        check(seconds(3600), seconds(30));
        check(seconds(150), seconds(30));
        check(seconds(100), seconds(20));
        check(seconds(5), seconds(1));
        check(seconds(1), Duration::from_millis(200));
    }

    #[test]
    fn neither_a_token_nor_a_secret_is_shown() {
        let mut authorization = Authorization::new("hunter2");
        authorization.lapse("status 503");
        let secret = ClientSecret::Given("hunter2".to_owned());
        let shown = format!("{authorization:?} {secret:?}");
        assert!(!shown.contains("hunter2") && shown.contains("status 503"), "{shown}");
    }

    #[test]
    fn a_lapse_goes_on_until_there_is_another_token() {
        let mut authorization = Authorization::new("one");
        let is = |authorization: &Authorization, value, count, is_on, why: &str| {
            let lapses = Lapses { count, is_on, why: why.to_owned() };
            assert_eq!((authorization.value(), &authorization.lapses), (value, &lapses));
        };
        authorization.renew("two");
        is(&authorization, "Bearer two", 0, false, "");
        authorization.lapse("no answer");
        authorization.lapse("status 503");
        is(&authorization, "Bearer two", 1, true, "status 503");
        authorization.renew("three");
        is(&authorization, "Bearer three", 1, false, "status 503");
        authorization.lapse("status 401");
        is(&authorization, "Bearer three", 2, true, "status 401");
    }
}
