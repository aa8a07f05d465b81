//! Which client it is, and why, is told before a run; what doesn't go together is a fault of its field.

use std::process::Command;

use serde_json::{Value, json};

use crate::test;

/// What `loadgate` says of a test with this in `spec.target.http`.
fn says(command: &str, url: &str, http: &Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    let steps = json!([{"name": "get", "request": {"path": "/"}}]);
    std::fs::write(folder.path().join("test.yaml"), test(url, &json!({"http": http}), &steps).to_string())
        .unwrap();
    let mut command_line = Command::new(env!("CARGO_BIN_EXE_loadgate"));
    let said = command_line.args([command, "test.yaml"]).current_dir(folder.path()).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr))
}

#[test]
fn the_plan_says_which_client_sends_and_why() {
    let proxy = json!({"url": "http://proxy:3128"});
    for (http, told) in [
        (json!({}), "fast (HTTP/1.1)"),
        (json!({"version": "1.1", "redirects": 0, "tier": "fast"}), "fast (HTTP/1.1)"),
        (json!({"tier": "full"}), "full (HTTP/1.1): tier is full"),
        (json!({"version": "2"}), "full (HTTP/2): version is \"2\""),
        (json!({"redirects": 3}), "full (HTTP/1.1): redirects are followed"),
        (
            json!({"proxy": proxy, "redirects": 1}),
            "full (HTTP/1.1): redirects are followed, there is a proxy",
        ),
    ] {
        let said = says("plan", "http://shop", &http);
        let line = said.lines().find_map(|line| line.trim().strip_prefix("Client"));
        assert_eq!(line.map(str::trim), Some(told), "{http}: {said}");
    }
}
