//! That every request is counted once, where it belongs.

use std::thread;

use super::client::{Client, target, until};
use crate::target::{Served, Target};

const ROUND: [(&str, &str, u16); 7] = [
    ("GET", "/health", 200),
    ("GET", "/auth", 200),
    ("POST", "/auth", 200),
    ("GET", "/authz", 200),
    ("POST", "/generations", 201),
    ("GET", "other", 404),
    ("DELETE", "/models", 405),
];

fn rounds(target: &Target, rounds: usize) {
    let mut client = Client::new(target);
    for (method, path, status) in (0..rounds).flat_map(|_| ROUND) {
        let path = if path == "other" { "/nowhere" } else { path };
        assert_eq!(client.ask(method, path, "").status, status, "{method} {path}");
    }
}

#[test]
fn counts_are_exact_over_threads_and_connections() {
    let target = target(3);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| rounds(&target, 50));
        }
    });
    let stats = target.stats();
    for (method, path, status) in ROUND {
        assert_eq!(stats.count(method, path, status), 300, "{method} {path}");
    }
    assert_eq!((stats.total(), stats.control.len()), (2_100, 0));
    let (hits, misses) = (stats.cache.hits, stats.cache.misses);
    assert_eq!((hits.l1 + misses.l1, hits.l2 + misses.l2, hits.l3 + misses.l3), (300, misses.l1, misses.l2));
}

#[test]
fn control_is_counted_apart_from_load() {
    let target = target(1);
    let mut client = Client::new(&target);
    for (method, path) in
        [("GET", "/stats"), ("GET", "/metrics"), ("DELETE", "/cache/L1"), ("GET", "/admin/x")]
    {
        client.ask(method, path, "");
    }
    let control = |method, path, status| Served { method, path, status, count: 1 };
    let stats = target.stats();
    assert_eq!(stats.total(), 0);
    let expected = [
        control("DELETE", "/cache", 200),
        control("GET", "/metrics", 200),
        control("GET", "/stats", 200),
        control("GET", "/admin", 404),
    ];
    assert_eq!(stats.control, expected);
}

#[test]
fn connections_are_counted_while_they_are_open() {
    let target = target(2);
    let mut clients: Vec<Client> = (0..5).map(|_| Client::new(&target)).collect();
    for client in &mut clients {
        client.get("/health");
    }
    assert_eq!(target.stats().connections.open, 5);
    clients.truncate(2);
    until("three connections closed", || target.stats().connections.open == 2);
    assert_eq!(target.stats().connections.max, 5);
}

#[test]
fn metrics_and_stats_show_the_same_counts() {
    let target = target(2);
    rounds(&target, 2);
    let mut client = Client::new(&target);
    let shown = client.get("/stats").json();
    let metrics = client.get("/metrics");
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain"));
    let lines = [
        r#"http_requests_total{path="/auth",status="200"} 4"#,
        r#"http_requests_total{path="other",status="404"} 2"#,
        r#"control_requests_total{path="/stats",status="200"} 1"#,
        r#"cache_hits_total{layer="L1"} 1"#,
        r#"cache_hits_total{layer="L3"} 1"#,
        r#"cache_misses_total{layer="L3"} 0"#,
        "db_pool_in_use 0",
        "db_pool_size 200",
        "circuit_state 0",
    ];
    for line in lines {
        assert!(metrics.body.lines().any(|shown| shown == line), "{line} is not in\n{}", metrics.body);
    }
    for figure in ["open_connections ", "process_cpu_seconds_total ", "process_resident_memory_bytes "] {
        let value = metrics.body.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
        assert!(value.parse::<f64>().unwrap() > 0.0, "{figure}{value}");
    }
    let stats = serde_json::to_value(target.stats()).unwrap();
    assert_eq!((&stats["served"], &stats["cache"]), (&shown["served"], &shown["cache"]));
}
