//! What each illness does to the load, and that healing ends it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Client, target, until};

#[test]
fn latency_and_jitter_delay_the_load_alone() {
    let target = target(1);
    let mut client = Client::new(&target);
    let healthy = client.state();
    client.ill(r#"{"latencyMicros":20500,"jitterMicros":2000}"#);
    let start = Instant::now();
    client.get("/auth");
    assert!(start.elapsed() >= Duration::from_micros(20_500));
    client.ill(r#"{"latencyMicros":3600000000}"#);
    assert_eq!(client.get("/metrics").status, 200);
    client.heal();
    assert_eq!(client.get("/auth").status, 200);
    assert_eq!(client.state(), healthy);
}

#[test]
fn every_third_request_fails_however_they_are_spread() {
    let target = target(2);
    let mut clients: Vec<Client> = (0..5).map(|_| Client::new(&target)).collect();
    clients[0].ill(r#"{"errorEvery":3}"#);
    for _ in 0..6 {
        for client in &mut clients {
            client.send("GET", "/auth", "");
        }
        for client in &mut clients {
            client.reply().unwrap();
        }
    }
    let stats = target.stats();
    assert_eq!((stats.count("GET", "/auth", 500), stats.count("GET", "/auth", 200)), (10, 20));
}

#[test]
fn an_illness_of_one_path_spares_the_others() {
    let target = target(1);
    let mut client = Client::new(&target);
    client.ill(r#"{"errorEvery":1,"path":"/models"}"#);
    let mut statuses = |paths: [&str; 3]| paths.map(|path| client.get(path).status);
    assert_eq!(statuses(["/models", "/media", "/nowhere"]), [500, 200, 404]);
    client.ill(r#"{"path":"*"}"#);
    assert_eq!(["/models", "/media", "/nowhere"].map(|path| client.get(path).status), [500, 500, 500]);
}

#[test]
fn a_hanging_target_accepts_and_never_answers() {
    let target = target(1);
    let (mut admin, mut client) = (Client::new(&target), Client::new(&target));
    admin.ill(r#"{"hang":true}"#);
    client.send("GET", "/auth", "");
    until("the hanging request", || target.stats().hung == 1);
    admin.heal();
    assert_eq!(Client::new(&target).get("/auth").status, 200);
    assert!(client.hears_nothing());
    assert_eq!(target.stats().total(), 1);
}

#[test]
fn a_reset_breaks_off_in_the_middle_of_the_body() {
    let target = target(1);
    let (mut admin, mut client) = (Client::new(&target), Client::new(&target));
    admin.ill(r#"{"reset":true}"#);
    client.send("GET", "/authz", "");
    until("a part of the response", || target.stats().cut == 1);
    assert_eq!(client.reply().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(target.stats().total(), 0);
}

#[test]
fn a_stall_holds_all_requests_until_it_is_over() {
    let target = target(1);
    let mut client = Client::new(&target);
    let start = Instant::now();
    client.ill(r#"{"stallMillis":40,"path":"/media"}"#);
    assert_eq!(client.get("/auth").status, 200);
    assert!(start.elapsed() >= Duration::from_millis(40));
    assert_eq!(client.state()["stallMillis"], 0);
}

#[test]
fn a_stall_ends_at_once_when_healed() {
    let target = target(2);
    let (mut admin, mut client) = (Client::new(&target), Client::new(&target));
    admin.ill(r#"{"stallMillis":3600000}"#);
    client.send("POST", "/auth", "{}");
    assert_eq!(admin.get("/stats").json()["served"], json!([]));
    admin.heal();
    assert_eq!(client.reply().unwrap().status, 200);
}

#[test]
fn a_leak_keeps_bytes_of_every_request_until_healed() {
    let target = target(1);
    let mut client = Client::new(&target);
    client.ill(r#"{"leakBytes":1048576}"#);
    for _ in 0..8 {
        client.get("/auth");
    }
    assert_eq!(client.state()["leakedBytes"], 8 << 20);
    client.heal();
    assert_eq!(client.state()["leakedBytes"], 0);
}

#[test]
fn an_exhausted_pool_refuses_until_it_grows() {
    let target = target(1);
    let (mut client, mut other) = (Client::new(&target), Client::new(&target));
    client.ill(r#"{"poolSize":1,"poolHoldMicros":3600000000,"poolWaitMillis":1}"#);
    other.send("GET", "/authz?user=new", "");
    until("the only connection in use", || target.stats().pool.in_use == 1);
    let refused = client.ask("POST", "/generations", "{}");
    assert_eq!((refused.status, refused.body.as_str()), (503, r#"{"error":"no connection free"}"#));
    client.ill(r#"{"poolSize":2,"poolHoldMicros":0}"#);
    assert_eq!(client.ask("POST", "/generations", "{}").status, 201);
    let pool = target.stats().pool;
    assert_eq!((pool.size, pool.in_use, pool.max_in_use), (2, 1, 2));
}

#[test]
fn failures_open_the_circuit_and_successes_close_it() {
    let target = target(1);
    let mut client = Client::new(&target);
    let mut after = |change: &str| {
        client.ill(change);
        let reply = client.get("/authz?user=new");
        (reply.status, client.state()["circuit"].as_str().unwrap().to_owned())
    };
    let down = r#"{"backendDown":true,"cacheOff":true}"#;
    for _ in 0..4 {
        assert_eq!(after(down), (502, "closed".to_owned()));
    }
    assert_eq!(after(down), (502, "open".to_owned()));
    assert_eq!(after(r#"{"backendDown":false}"#), (503, "open".to_owned()));
    let recovered = r#"{"circuitRecoveryMillis":0}"#;
    assert_eq!(after(recovered), (200, "halfOpen".to_owned()));
    assert_eq!(after(recovered), (200, "halfOpen".to_owned()));
    assert_eq!(after(recovered), (200, "closed".to_owned()));
}

#[test]
fn a_circuit_held_open_refuses_misses_and_serves_hits() {
    let target = target(1);
    let mut client = Client::new(&target);
    client.ill(r#"{"circuit":"open","circuitRecoveryMillis":0}"#);
    let refused = client.get("/authz?user=new");
    assert_eq!((refused.status, refused.body.as_str()), (503, r#"{"error":"circuit open"}"#));
    assert_eq!((client.get("/authz").status, client.get("/auth").status), (200, 200));
    client.ill(r#"{"circuit":"closed"}"#);
    assert_eq!(client.get("/authz?user=new").status, 200);
}

#[test]
fn a_reset_heals_every_illness() {
    let target = target(1);
    let mut client = Client::new(&target);
    let healthy = client.state();
    client.ill(
        r#"{"latencyMicros":1,"jitterMicros":2,"path":"/auth","errorEvery":3,"cacheOff":true,"cacheTtlMillis":4,
            "poolSize":5,"poolHoldMicros":6,"poolWaitMillis":7,"leakBytes":8,"stallMillis":3600000,"hang":true,
            "reset":true,"circuit":"open","circuitRecoveryMillis":9,"backendDown":true}"#,
    );
    let ill = client.state();
    for (field, value) in ill.as_object().unwrap() {
        assert!(field == "leakedBytes" || healthy[field] != *value, "{field} is still {value}");
    }
    client.heal();
    assert_eq!(client.state(), healthy);
}
