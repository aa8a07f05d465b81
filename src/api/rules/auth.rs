//! Rules of what the load says to be: one way, and credentials that fit where they are written.

use serde_json::{Value, json};

use super::{at_most_one_of, rule, some_of};

pub(in crate::api) fn auth() -> Value {
    let kinds = ["basic", "bearer", "oauth2"];
    json!([
        some_of(&kinds, "needs basic, bearer or oauth2"),
        at_most_one_of(&kinds, "has more than one of basic, bearer and oauth2; keep one")
    ])
}

pub(in crate::api) fn username() -> Value {
    json!([
        rule("!self.contains(':')", "holds a colon, which ends a user's name; choose another"),
        rule(r"!self.matches('[\\p{Cc}]')", CONTROL),
    ])
}

pub(in crate::api) fn credential() -> Value {
    json!([
        rule("!self.contains('${')", "`${…}` isn't filled in here; give the credential by valueFrom"),
        rule(r"!self.matches('[\\p{Cc}]')", CONTROL),
    ])
}

const CONTROL: &str = "holds a line break or another control character; leave it out";

pub(in crate::api) fn client_id() -> Value {
    json!([rule(r"!self.matches('[\\p{Cc}]')", CONTROL)])
}

/// What the grant says itself isn't said again.
pub(in crate::api) fn token_params() -> Value {
    json!([rule(
        "!('grant_type' in self || 'scope' in self || 'client_id' in self || 'client_secret' in self)",
        "grant_type, scope, client_id and client_secret are sent as the other fields say; leave them out"
    )])
}
