//! What each endpoint answers, and how a target starts and stops.

use super::client::{Client, target};
use crate::target::{Options, Target, TargetError};

#[test]
fn every_endpoint_answers_its_status_and_a_json_body() {
    let table = [
        ("GET", "/health", "", 200, r#""status":"ok""#),
        ("GET", "/auth", "", 200, r#""token":"#),
        ("POST", "/auth", r#"{"user":"7"}"#, 200, r#""token":"#),
        ("GET", "/authz", "", 200, r#""allowed":true"#),
        ("GET", "/authz?user=7", "", 200, r#""allowed":true"#),
        ("GET", "/generations", "", 200, r#""generations":"#),
        ("POST", "/generations", r#"{"prompt":"a cat"}"#, 201, r#""id":"gen-1""#),
        ("POST", "/generations", "", 201, r#""id":"gen-2""#),
        ("GET", "/models", "", 200, r#""models":"#),
        ("GET", "/media?key=7", "", 200, r#""media":"#),
        ("GET", "/stats", "", 200, r#""served":"#),
        ("GET", "/admin/state", "", 200, r#""circuit":"closed""#),
        ("DELETE", "/cache", "", 200, r#"["L1","L2","L3"]"#),
        ("DELETE", "/cache/L2", "", 200, r#"["L2"]"#),
        ("GET", "/nowhere", "", 404, "not found"),
        ("GET", "/authz/7", "", 404, "not found"),
        ("DELETE", "/cache/L4", "", 404, "not found"),
        ("POST", "/admin/nowhere", "", 404, "not found"),
    ];
    let target = target(1);
    let mut client = Client::new(&target);
    for (method, path, body, status, says) in table {
        let reply = client.ask(method, path, body);
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{method} {path}");
        assert!(reply.json().is_object() && reply.body.contains(says), "{method} {path}: {}", reply.body);
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let table = [
        ("POST", "/health", "GET"),
        ("DELETE", "/auth", "GET, POST"),
        ("POST", "/authz", "GET"),
        ("PUT", "/generations", "GET, POST"),
        ("PATCH", "/models", "GET"),
        ("BREW", "/media", "GET"),
        ("GET", "/cache", "DELETE"),
        ("POST", "/cache/L1", "DELETE"),
        ("POST", "/metrics", "GET"),
        ("POST", "/stats", "GET"),
        ("GET", "/admin/ill", "POST"),
        ("GET", "/admin/reset", "POST"),
        ("POST", "/admin/state", "GET"),
    ];
    let target = target(1);
    let mut client = Client::new(&target);
    for (method, path, allowed) in table {
        let reply = client.ask(method, path, "");
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allowed)), "{method} {path}");
    }
}

#[test]
fn a_dropped_target_closes_its_connections_and_frees_its_port() {
    let target = target(2);
    let address = target.address();
    let mut clients = [Client::new(&target), Client::new(&target), Client::new(&target)];
    for client in &mut clients {
        client.get("/health");
    }
    drop(target);
    for client in &mut clients {
        assert!(client.reply().is_err());
    }
    Target::start(&Options { listen: address, threads: 1 }).unwrap();
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let first = target(1);
    let error = Target::start(&Options { listen: first.address(), threads: 1 }).unwrap_err();
    assert!(matches!(error, TargetError::Listen { address, .. } if address == first.address()));
    assert!(error.to_string().contains("choose a free port"), "{error}");
}
