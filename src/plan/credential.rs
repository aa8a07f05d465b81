//! Which headers hold credentials, by their names.
//!
//! There are two questions. What surely is a credential may never become the key of a group, and asking for it is a
//! fault. What may be one is left out of reports, and one too many costs nothing there.

/// Where one of these stands in a name without its dashes, the header holds a credential.
const SURELY: [&str; 12] = [
    "authorization",
    "authenticate",
    "authkey",
    "apikey",
    "accesskey",
    "cookie",
    "credential",
    "passwd",
    "password",
    "secret",
    "session",
    "token",
];
/// Where one of these stands in a name, it may.
const MAYBE: [&str; 8] = ["auth", "bearer", "csrf", "jwt", "key", "pass", "signature", "xsrf"];

/// Whether a header of this name, in any case, holds a credential: `Authorization`, `Set-Cookie`, `X-Api-Key`,
/// `X-Session-Id`, `X-Auth-User`.
#[must_use]
pub fn holds_credential(name: &str) -> bool {
    let letters = letters(name);
    SURELY.iter().any(|word| letters.contains(word))
}

/// Whether one of this name may hold a credential: also `X-Signature`, and any key.
#[must_use]
pub fn may_hold_credential(name: &str) -> bool {
    let letters = letters(name);
    holds_credential(name) || MAYBE.iter().any(|word| letters.contains(word))
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, surely: bool, maybe: bool) {
        assert_eq!((holds_credential(name), may_hold_credential(name)), (surely, maybe), "{name}");
    }

    #[test]
    fn a_credential_is_known_by_the_name_of_its_header() {
        for name in [
            "Authorization",
            "proxy-authorization",
            "WWW-Authenticate",
            "Cookie",
            "Set-Cookie",
            "X-Api-Key",
            "x_api_key",
            "apikey",
            "X-Access-Token",
            "X-Client-Secret",
            "X-Session-Id",
            "X-Auth-User",
        ] {
            check(name, true, true);
        }
        for name in ["X-Signature", "X-Author", "Ocp-Apim-Subscription-Key", "X-CSRF", "Idempotency-Key"] {
            check(name, false, true);
        }
        for name in ["X-Account", "X-Cache", "X-Region", "Content-Type", "Server", "X-Served-By", "Via"] {
            check(name, false, false);
        }
    }
}
