//! Cookies: each user has its own, where the scenario says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::play::{Played, play};
use crate::support::server::{Request, response};

/// Each user is given a session of its own, and a path's cookie.
fn shop(request: &Request) -> Vec<u8> {
    let line = request.line().to_owned();
    if let Some(user) = line.strip_prefix("GET /login/") {
        let headers = format!(
            "Set-Cookie: session=s{user}; Path=/; HttpOnly\r\nset-cookie: theme=dark\r\nSet-Cookie: evil=1; Domain=other.test\r\n"
        );
        return response("200 OK", &headers, "{}");
    }
    if line.starts_with("GET /logout") {
        return response("200 OK", "Set-Cookie: session=; Path=/; Max-Age=0\r\n", "{}");
    }
    response("200 OK", "", "{}")
}

fn shopping(cookies: &str) -> Played {
    play(
        &format!(
            "scenarios:
- name: shop{cookies}
  steps:
  - {{name: login, request: {{path: \"/login/${{user}}\"}}}}
  - {{name: fixed, request: {{path: /work}}}}
  - {{name: filled, request: {{method: POST, path: \"/work/${{user}}\", json: {{user: \"${{user}}\"}}}}}}
  - {{name: theme, request: {{path: \"/login\"}}}}
  - {{name: own, request: {{path: /own, headers: [{{name: cookie, value: mine=1}}]}}}}
  - {{name: logout, request: {{path: /logout}}}}
  - {{name: after, request: {{path: /after}}}}
phases: [{{name: only, load: {{iterations: {{users: 3, perUser: 2}}}}}}]"
        ),
        shop,
    )
}

/// The cookies that each path was asked with.
fn asked(played: &Played) -> BTreeMap<String, BTreeSet<String>> {
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in &played.requests {
        let cookies = request.header("cookie").unwrap_or("none").to_owned();
        asked.entry(request.line().to_owned()).or_default().insert(cookies);
    }
    asked
}

#[test]
fn a_user_sends_its_own_cookies_where_they_belong_until_they_go() {
    let played = shopping("\n  cookies: true");
    let asked = asked(&played);
    let with = |path: &str| asked[path].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(with("GET /work"), ["session=s0", "session=s1", "session=s2"], "{}", played.ended.err);
    for user in 0..3 {
        assert_eq!(with(&format!("POST /work/{user}")), [format!("session=s{user}")]);
    }
    assert!(
        with("GET /login").iter().all(|cookies| cookies.starts_with("theme=dark; session=s")),
        "{asked:?}"
    );
    assert_eq!(with("GET /own"), ["mine=1"], "a header of its own goes before");
    assert_eq!(with("GET /after"), ["none"], "it is deleted");
    assert_eq!((played.ended.report().total("requests"), played.ended.report().total("failed")), (42, 0));
}

#[test]
fn nobody_keeps_cookies_unasked() {
    let played = shopping("");
    let asked = asked(&played);
    let all: BTreeSet<&str> = asked.values().flatten().map(String::as_str).collect();
    assert_eq!(all, ["mine=1", "none"].into(), "{asked:?}");
}
