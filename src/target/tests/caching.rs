//! Which layer answers, what invalidation does, and how often a healthy cache hits.

use super::client::{Client, target};

/// One happening and, for a look-up, where its answer must come from.
fn check(story: &[(&str, &str)]) {
    let target = target(1);
    let mut client = Client::new(&target);
    for (at, (happening, source)) in story.iter().enumerate() {
        match happening.split_once(' ') {
            Some(("ill", change)) => client.ill(change),
            Some((method, path)) => {
                let reply = client.ask(method, path, "");
                assert_eq!(reply.status, 200, "{at}: {happening}");
                assert_eq!(reply.source(), *source, "{at}: {happening}");
            }
            None => client.heal(),
        }
    }
}

#[test]
fn an_entry_rises_through_the_layers_and_falls_with_them() {
    for path in ["/authz?user=7", "/generations?user=14999", "/models?page=2&key=0", "/media"] {
        let get = format!("GET {path}");
        check(&[
            (&get, "L3"),
            (&get, "L1"),
            ("DELETE /cache/L1", ""),
            (&get, "L2"),
            (&get, "L1"),
            ("DELETE /cache/L1", ""),
            ("DELETE /cache/L2", ""),
            (&get, "L3"),
            ("DELETE /cache/L3", ""),
            (&get, "L1"),
            ("DELETE /cache", ""),
            (&get, "MISS"),
            (&get, "L1"),
        ]);
    }
}

#[test]
fn every_user_and_path_has_an_entry_of_its_own() {
    check(&[
        ("GET /authz?user=ann", "MISS"),
        ("GET /authz?user=bob", "MISS"),
        ("GET /media?user=ann", "MISS"),
        ("GET /authz?user=ann", "L1"),
        ("GET /authz?key=ann", "L1"),
        ("GET /authz?other=ann", "L3"),
    ]);
}

#[test]
fn an_ill_cache_misses_until_it_is_healed() {
    check(&[
        ("GET /authz", "L3"),
        (r#"ill {"cacheOff":true}"#, ""),
        ("GET /authz", "MISS"),
        ("GET /authz", "MISS"),
        (r#"ill {"cacheOff":false}"#, ""),
        ("GET /authz", "L1"),
        (r#"ill {"cacheTtlMillis":0}"#, ""),
        ("GET /authz", "MISS"),
        ("GET /authz", "MISS"),
        ("heal", ""),
        ("GET /authz", "L1"),
    ]);
}

#[test]
fn all_threads_forget_their_first_layer() {
    let target = target(3);
    let mut clients: Vec<Client> = (0..12).map(|_| Client::new(&target)).collect();
    for client in &mut clients {
        client.get("/authz");
    }
    clients[0].ask("DELETE", "/cache", "");
    let missed =
        clients.iter_mut().filter_map(|client| (client.get("/authz").source() == "MISS").then_some(()));
    assert_eq!(missed.count(), 1);
}

#[test]
fn a_fresh_target_hits_more_than_97_of_100() {
    let target = target(2);
    let mut client = Client::new(&target);
    for user in 0..500 {
        for path in ["authz", "generations", "models", "media"] {
            client.get(&format!("/{path}?user={}", user * 30));
        }
    }
    let cache = target.stats().cache;
    let hits = cache.hits.l1 + cache.hits.l2 + cache.hits.l3;
    assert_eq!((hits, cache.misses.l3), (2_000, 0));
}
