//! What a token endpoint answers: a token, or why there is none.

use std::time::Duration;

use serde_json::Value;

use super::hidden::Hidden;

/// A token that is good for less can't be used. An endpoint may give the same one until it expires, and another one then.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);

/// One that is good for longer is replaced all the same: clocks don't reach as far as numbers.
const LONGEST_LIFE: Duration = Duration::from_hours(365 * 24);

/// A token and how long it is good.
#[derive(Clone, PartialEq)]
pub(super) struct Token {
    pub(super) value: String,
    /// None: it never expires, as far as is known.
    pub(super) life: Option<Duration>,
}

/// Why an endpoint gave no token.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) what: String,
    /// Whether it may be over when it is asked again.
    pub(super) may_pass: bool,
    /// When the endpoint wants to be asked again; none: it doesn't say.
    pub(super) after: Option<Duration>,
}

impl Fault {
    pub(super) fn passing(what: impl Into<String>) -> Self {
        Fault { what: what.into(), may_pass: true, after: None }
    }

    pub(super) fn lasting(what: impl Into<String>) -> Self {
        Fault { what: what.into(), may_pass: false, after: None }
    }
}

/// Reads an answer. Nothing of what is hidden is told, though the endpoint may repeat it.
pub(super) fn read(status: u16, body: &[u8], hidden: &Hidden) -> Result<Token, Fault> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let field = |name: &str| json.as_ref().and_then(|json| json.get(name));
    let text = |name: &str| field(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if !(200..300).contains(&status) {
        let told = |name: &str| text(name).map(|text| hidden.shown(text));
        let what = match (told("error"), told("error_description")) {
            (Some(error), Some(description)) => format!("status {status}, {error} ({description})"),
            (Some(error), None) => format!("status {status}, {error}"),
            (None, _) => format!("status {status}"),
        };
        let what = format!("it answered with {what}");
        let may_pass = status >= 500 || status == 429;
        return Err(if may_pass { Fault::passing(what) } else { Fault::lasting(what) });
    }
    if !json.as_ref().is_some_and(Value::is_object) {
        return Err(Fault::lasting("its answer is no JSON object"));
    }
    let value = text("access_token").ok_or_else(|| Fault::lasting("its answer has no access_token"))?;
    let kind = text("token_type").ok_or_else(|| Fault::lasting("its answer has no token_type"))?;
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(Fault::lasting("its token_type isn't Bearer, and no other one is understood"));
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::lasting("its access_token holds what can't stand in a header"));
    }
    Ok(Token {
        value: value.to_owned(),
        life: field("expires_in").filter(|told| !told.is_null()).map(life).transpose()?,
    })
}

/// Some endpoints write it as a text.
fn life(told: &Value) -> Result<Duration, Fault> {
    let seconds = told.as_f64().or_else(|| told.as_str()?.parse().ok());
    let life = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let life = life.ok_or_else(|| Fault::lasting("its expires_in is no number of seconds"))?;
    if life >= SHORTEST_LIFE {
        return Ok(life.min(LONGEST_LIFE));
    }
    Err(Fault::passing(format!("its token expires within a second (expires_in {})", life.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn gives(body: &str, value: &str, life: Option<u64>) {
        let token = read(200, body.as_bytes(), &Hidden::new([])).map_err(|fault| fault.what);
        let want = (value.to_owned(), life.map(Duration::from_secs));
        assert_eq!(token.map(|token| (token.value, token.life)), Ok(want), "{body}");
    }

    #[track_caller]
    fn refuses(status: u16, body: &str, what: &str, may_pass: bool) {
        let told = read(status, body.as_bytes(), &Hidden::new(["hunter2".to_owned()])).err();
        assert_eq!(told, Some(Fault { what: what.to_owned(), may_pass, after: None }), "{body}");
    }

    #[test]
    fn a_bearer_token_is_good_for_as_long_as_is_said() {
        gives(
            r#"{"access_token": "a.b-c", "token_type": "Bearer", "expires_in": 3600, "scope": "read"}"#,
            "a.b-c",
            Some(3600),
        );
        gives(r#"{"access_token": "a", "token_type": "bearer", "expires_in": "3599"}"#, "a", Some(3599));
        gives(r#"{"access_token": "a", "token_type": "BEARER"}"#, "a", None);
        gives(r#"{"access_token": "a", "token_type": "Bearer", "expires_in": 1e18}"#, "a", Some(31_536_000));
        gives(r#"{"access_token": "a", "token_type": "Bearer", "expires_in": null}"#, "a", None);
    }

    #[test]
    fn what_is_no_bearer_token_is_not_sent() {
        for (body, what) in [
            ("", "its answer is no JSON object"),
            ("<html>", "its answer is no JSON object"),
            ("[1]", "its answer is no JSON object"),
            (r#"{"token_type": "Bearer"}"#, "its answer has no access_token"),
            (r#"{"access_token": 7, "token_type": "Bearer"}"#, "its answer has no access_token"),
            (r#"{"access_token": "", "token_type": "Bearer"}"#, "its answer has no access_token"),
            (r#"{"access_token": "a"}"#, "its answer has no token_type"),
            (
                r#"{"access_token": "a", "token_type": "mac"}"#,
                "its token_type isn't Bearer, and no other one is understood",
            ),
            (
                r#"{"access_token": "a b", "token_type": "Bearer"}"#,
                "its access_token holds what can't stand in a header",
            ),
            (
                "{\"access_token\": \"a\\r\\nX: b\", \"token_type\": \"Bearer\"}",
                "its access_token holds what can't stand in a header",
            ),
            (
                r#"{"access_token": "a", "token_type": "Bearer", "expires_in": -1}"#,
                "its expires_in is no number of seconds",
            ),
            (
                r#"{"access_token": "a", "token_type": "Bearer", "expires_in": "soon"}"#,
                "its expires_in is no number of seconds",
            ),
        ] {
            refuses(200, body, what, false);
        }
        for (life, shown) in [("0", "0"), ("0.9", "0.9"), ("\"0\"", "0")] {
            let body = format!(r#"{{"access_token": "a", "token_type": "Bearer", "expires_in": {life}}}"#);
            refuses(200, &body, &format!("its token expires within a second (expires_in {shown})"), true);
        }
    }

    #[test]
    fn an_error_is_told_as_the_endpoint_tells_it_and_never_the_secret() {
        let described = r#"{"error": "invalid_client", "error_description": "hunter2 is\u001b[31m wrong"}"#;
        refuses(
            401,
            described,
            "it answered with status 401, invalid_client ((left out) is[31m wrong)",
            false,
        );
        refuses(400, r#"{"error": "invalid_scope"}"#, "it answered with status 400, invalid_scope", false);
        refuses(302, "", "it answered with status 302", false);
        for status in [429, 500, 503] {
            refuses(status, "busy", &format!("it answered with status {status}"), true);
        }
    }
}
