//! TLS to the target with both clients, against a server that speaks it: whose certificate is taken, what the server is shown, what is counted.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

#[path = "tls/shop.rs"]
mod shop;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shop::{Asks, Authority, Shop, Visit};
use support::program::{Ended, Run};
use support::server::Server;

/// Two users, three requests each.
const SENT: u64 = 6;
/// More than a record of TLS or the buffers of a socket hold.
const LARGE: usize = 1_000_000;

const TIERS: [&str; 2] = ["fast", "full"];

fn test(url: &str, tls: &Value, tier: &str) -> String {
    let body = "x".repeat(60_000);
    let mut test = json!({
        "apiVersion": "loadgate.dev/v1alpha1",
        "kind": "LoadTest",
        "metadata": {"name": "secret"},
        "spec": {
            "target": {"baseUrl": url, "connectTimeout": "2s", "timeout": "10s", "http": {"tier": tier}},
            "scenarios": [{"name": "visit", "steps": [
                {"name": "post", "request": {"method": "POST", "path": "/", "text": body},
                 "checks": [{"status": [200]}, {"bodyContains": "the end"}]},
            ]}],
            "phases": [{"name": "steady", "load": {"iterations": {"users": 2, "perUser": 3}}}],
            "requirements": [
                {"id": "tls", "metric": "tls.max", "target": "< 10s"},
                {"id": "failed", "metric": "errors(tls)", "target": "== 0"},
            ],
        },
    });
    if !tls.is_null() {
        test["spec"]["target"]["tls"] = tls.clone();
    }
    test.to_string()
}

/// Counts are exact; the one class of failed requests, or none.
#[track_caller]
fn counted(ended: &Ended, about: &str, failed: Option<&str>) {
    let report = ended.report();
    let errors: BTreeMap<_, _> = failed.into_iter().map(|class| (class.to_owned(), SENT)).collect();
    assert_eq!(report.errors(), errors, "{about}: {}{}", ended.out, ended.err);
    assert_eq!(report.total("requests"), SENT, "{about}");
    assert_eq!((report.total("cut"), report.total("dropped")), (0, 0), "{about}");
    // Its rows ask for how long it took, which is known where it came about.
    assert_eq!(ended.code == Some(0), failed.is_none(), "{about}: {}", ended.out);
}

fn run(url: &str, tls: &Value, tier: &str) -> Ended {
    Run::new(&test(url, tls, tier), &[]).start().wait(support::program::LIMIT)
}

#[test]
fn a_token_endpoint_is_trusted_by_the_authorities_of_the_target_and_whatever_else_is_said_of_that_is_not_for_it()
 {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let shop = Shop::open(&ours, "shop.test", Asks::Nobody, 0);
    let token = json!({"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600}).to_string();
    let ca = json!({"ca": {"value": ours.certificate()}, "serverName": "shop.test"});
    for (about, authority, tls, is_trusted) in [
        ("the target's authority", &ours, ca.clone(), true),
        ("another authority", &theirs, ca, false),
        ("a target that may be anybody", &ours, json!({"insecureSkipVerify": true}), false),
    ] {
        let endpoint = Shop::saying(authority, "127.0.0.1", Asks::Nobody, token.clone());
        let mut test: Value = serde_json::from_str(&test(&shop.url(), &tls, "fast")).unwrap();
        test["spec"]["target"]["auth"] =
            json!({"oauth2": {"tokenUrl": endpoint.url(), "clientId": "a", "clientSecret": {"value": "b"}}});
        let ended = Run::new(&test.to_string(), &[]).start().wait(support::program::LIMIT);
        if is_trusted {
            counted(&ended, about, None);
        } else {
            assert_eq!(ended.code, Some(4), "{about}: {}", ended.err);
            let words = ["spec.target.auth.oauth2", "invalid peer certificate"];
            assert!(words.iter().all(|word| ended.err.contains(word)), "{about}: {}", ended.err);
        }
    }
}

#[test]
fn a_target_is_trusted_by_its_authority_and_its_name() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let shop = Shop::open(&ours, "shop.test", Asks::Nobody, LARGE);
    let ca = |authority: &Authority| json!({"value": authority.certificate()});
    let cases = [
        ("its authority and name", json!({"ca": ca(&ours), "serverName": "shop.test"}), None),
        ("another authority", json!({"ca": ca(&theirs), "serverName": "shop.test"}), Some("tls")),
        ("the public authorities", json!({"serverName": "shop.test"}), Some("tls")),
        ("another name", json!({"ca": ca(&ours)}), Some("tls")),
        ("whoever it is", json!({"insecureSkipVerify": true}), None),
        (
            "whoever it is by another name",
            json!({"insecureSkipVerify": true, "serverName": "other.test"}),
            None,
        ),
    ];
    let mut wanted = Vec::new();
    for ((about, tls, failed), tier) in cases.iter().flat_map(|case| TIERS.map(|tier| (case, tier))) {
        let ended = run(&shop.url(), tls, tier);
        counted(&ended, &format!("{about}, {tier}"), *failed);
        let name = tls["serverName"].as_str().map(str::to_owned);
        if failed.is_none() {
            wanted.extend(vec![Visit { name, client: None, requests: 3 }; 2]);
        } else {
            assert!(ended.err.contains("invalid peer certificate"), "{about}, {tier}: {}", ended.err);
        }
        // Who isn't trusted is sent nothing.
        assert_eq!(shop.visits(wanted.len()), wanted, "{about}, {tier}");
    }
}

#[test]
fn a_target_that_asks_who_comes_is_shown_a_certificate() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let shop = Shop::open(&ours, "shop.test", Asks::ClientsOf(&theirs), 10);
    let (certificate, key) = theirs.client("load");
    let pem = |name: &str| json!({"secretKeyRef": {"name": "load", "key": name}});
    let client = json!({"certificate": {"valueFrom": pem("tls.crt")}, "key": pem("tls.key")});
    let with = |client: Option<Value>, tier: &str| {
        let mut tls = json!({"ca": {"value": ours.certificate()}, "serverName": "shop.test"});
        if let Some(client) = client {
            tls["clientCertificate"] = client;
        }
        test(&shop.url(), &tls, tier)
    };
    let secrets = ["--secret", "load/tls.crt=file:tls.crt", "--secret", "load/tls.key=env:TLS_KEY"];
    for (tier, visits) in [("fast", 2), ("full", 4)] {
        let shown = Run::new(&with(Some(client.clone()), tier), &secrets);
        let shown = shown.file("tls.crt", &certificate).env("TLS_KEY", &key);
        counted(&shown.start().wait(support::program::LIMIT), tier, None);
        let visit =
            Visit { name: Some("shop.test".to_owned()), client: Some("load".to_owned()), requests: 3 };
        assert_eq!(shop.visits(visits), vec![visit; visits], "{tier}");
        let ended = Run::new(&with(None, tier), &[]).start().wait(support::program::LIMIT);
        let classes: Vec<String> = ended.report().errors().into_keys().collect();
        // With TLS 1.3 a server refuses a client behind the handshake.
        assert!(["tls", "reset"].contains(&classes.join(" ").as_str()), "{tier}: {classes:?}");
        assert_eq!(ended.report().total("requests"), SENT);
    }
}

#[test]
fn the_preflight_speaks_the_same_tls() {
    let ours = Authority::new();
    let shop = Shop::open(&ours, "shop.test", Asks::Nobody, 10);
    let with = |tls: Value| {
        let mut test: Value = serde_json::from_str(&test(&shop.url(), &tls, "fast")).unwrap();
        test["spec"]["target"]["preflight"] = json!([{"request": {"path": "/health"}}]);
        Run::new(&test.to_string(), &[]).start().wait(support::program::LIMIT)
    };
    let ca = json!({"value": ours.certificate()});
    let ended = with(json!({"ca": ca, "serverName": "shop.test"}));
    counted(&ended, "trusted", None);
    assert_eq!(shop.visits(3).iter().map(|visit| visit.requests).sum::<u64>(), SENT + 1);
    let ended = with(json!({"ca": ca}));
    assert_eq!(ended.code, Some(4), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("certificate not valid for name"), "{}", ended.err);
}

#[test]
fn a_target_that_says_nothing_or_something_else_is_told_apart() {
    let silent = Server::start(|mut connection| connection.wait_for_its_end());
    let other = Server::start(|mut connection| {
        connection.send(b"SSH-2.0-shop\r\n");
        connection.wait_for_its_end();
    });
    for (server, class, tier) in
        TIERS.into_iter().flat_map(|tier| [(&silent, "timeout", tier), (&other, "tls", tier)])
    {
        let url = server.url().replace("http://", "https://");
        counted_only(&run(&url, &Value::Null, tier), class);
    }
}

#[track_caller]
fn counted_only(ended: &Ended, class: &str) {
    let errors: BTreeMap<_, _> = [(class.to_owned(), SENT)].into();
    assert_eq!(ended.report().errors(), errors, "{}", ended.err);
}

#[test]
fn what_is_no_certificate_is_told_with_its_field() {
    let shop = Shop::open(&Authority::new(), "shop.test", Asks::Nobody, 10);
    let secret = json!({"valueFrom": {"secretKeyRef": {"name": "ca", "key": "ca.crt"}}});
    let key = json!({"secretKeyRef": {"name": "ca", "key": "ca.crt"}});
    let certificate = json!({"value": Authority::new().certificate()});
    for (url, tls, code, told) in [
        (shop.url(), json!({"ca": {"value": "MIIB"}}), 3, "spec.target.tls.ca.value: holds no certificate"),
        (shop.url(), json!({"ca": {}}), 3, "spec.target.tls.ca: needs a value or a valueFrom"),
        (shop.url(), json!({"serverName": "a b"}), 3, "spec.target.tls.serverName: expected a name"),
        (
            shop.url(),
            json!({"ca": certificate, "insecureSkipVerify": true}),
            3,
            "spec.target.tls.ca: isn't asked where insecureSkipVerify takes any certificate",
        ),
        (shop.url().replace("https", "http"), json!({}), 3, "spec.target.tls: is for https"),
        (shop.url(), json!({"ca": secret}), 4, "spec.target.tls.ca: holds no certificate"),
        (
            shop.url(),
            json!({"clientCertificate": {"certificate": certificate, "key": key}}),
            4,
            "spec.target.tls.clientCertificate.key: holds no private key",
        ),
    ] {
        let arguments: &[&str] = if code == 4 { &["--secret", "ca/ca.crt=env:CA"] } else { &[] };
        let run = Run::new(&test(&url, &tls, "fast"), arguments).env("CA", "not a\ncertificate");
        let ended = run.start().wait(support::program::LIMIT);
        assert_eq!(ended.code, Some(code), "{tls}: {}{}", ended.out, ended.err);
        let all = format!("{}{}", ended.out, ended.err);
        assert!(all.contains(told), "{tls}: {all}");
    }
    assert_eq!(shop.visits(0), vec![]);
}
