//! Which headers hold credentials, by their names.
//!
//! There are two questions. What surely is a credential may never become the key of a group, and asking for it is a
//! fault. What may be one is left out of reports, and one too many costs nothing there.

/// What stands in place of a credential.
pub const LEFT_OUT: &str = "(left out)";

/// Where one of these stands in a name without its dashes, the header holds a credential.
const SURELY: [&str; 13] = [
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
    "xauth",
];
/// Where one of these stands in a name, it may.
const MAYBE: [&str; 9] = ["assertion", "auth", "bearer", "csrf", "jwt", "key", "pass", "signature", "xsrf"];

/// Whether a header of this name, in any case, holds a credential: `Authorization`, `Set-Cookie`, `X-Api-Key`,
/// `X-Session-Id`.
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

/// Path and query as they may be shown: without the values of parameters that may hold credentials.
#[must_use]
pub fn shown_path(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if may_hold_credential(name) => format!("{name}={LEFT_OUT}"),
        _ => pair.to_owned(),
    };
    format!("{path}?{}", query.split('&').map(shown).collect::<Vec<_>>().join("&"))
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
    fn a_path_is_shown_without_credentials() {
        for (path, want) in [
            ("/list", "/list"),
            ("/list?page=7&api_key=hunter2&dry", "/list?page=7&api_key=(left out)&dry"),
            ("/list?access_token=hunter2==&token", "/list?access_token=(left out)&token"),
        ] {
            assert_eq!(shown_path(path), want);
        }
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
            "X-Auth",
            "X-Auth-User",
        ] {
            check(name, true, true);
        }
        for name in
            ["X-Signature", "Ocp-Apim-Subscription-Key", "X-CSRF", "Idempotency-Key", "client_assertion"]
        {
            check(name, false, true);
        }
        for name in ["X-Account", "X-Cache", "X-Region", "Content-Type", "Server", "X-Served-By", "Via"] {
            check(name, false, false);
        }
    }
}
