//! Which changes the admin surface refuses, and that it then changes nothing.

use super::client::{Client, target};

#[test]
fn a_faulty_change_is_refused_whole_and_named() {
    let table = [
        ("", "not a change"),
        ("[]", "not a change"),
        (r#"{"errorEvery":1,"latency":5}"#, "unknown field `latency`"),
        (r#"{"errorEvery":1,"latencyMicros":-1}"#, "invalid value"),
        (r#"{"errorEvery":1,"circuit":"ajar"}"#, "unknown variant `ajar`"),
        (r#"{"errorEvery":1,"path":"/nowhere"}"#, r#"path: "/nowhere" is none of /health"#),
        (r#"{"errorEvery":1,"path":"/metrics"}"#, r#"path: "/metrics" is none of /health"#),
        (r#"{"errorEvery":1,"poolSize":100001}"#, "poolSize: 100001 is above 100000"),
        (r#"{"errorEvery":1,"stallMillis":3600001}"#, "stallMillis: 3600001 is above 3600000"),
        (r#"{"errorEvery":1,"leakBytes":1073741825}"#, "leakBytes: 1073741825 is above 1073741824"),
    ];
    let target = target(1);
    let mut client = Client::new(&target);
    let healthy = client.state();
    for (change, says) in table {
        let reply = client.ask("POST", "/admin/ill", change);
        assert_eq!(reply.status, 400, "{change}");
        assert!(reply.json()["error"].as_str().unwrap().contains(says), "{change}: {}", reply.body);
        assert_eq!(client.state(), healthy, "{change}");
    }
}

#[test]
fn a_body_too_large_to_be_a_change_is_refused() {
    let target = target(1);
    let mut client = Client::new(&target);
    let reply = client.ask("POST", "/admin/ill", &" ".repeat(64 * 1024 + 1));
    assert_eq!((reply.status, reply.body.contains("64 KiB")), (400, true));
}
