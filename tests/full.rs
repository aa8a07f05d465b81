//! The full client: HTTP/2, redirects and proxies, against targets that see what it sends.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

#[path = "full/ended.rs"]
mod ended;
#[path = "full/proxied.rs"]
mod proxied;
#[path = "full/redirected.rs"]
mod redirected;
#[path = "full/told.rs"]
mod told;
#[path = "full/two.rs"]
mod two;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::program::{Ended, LIMIT, Run};

/// Two users, three iterations each.
const SENT: u64 = 6;

/// A test of the target at `url` with this in `spec.target`, which takes these steps.
fn test(url: &str, target: &Value, steps: &Value) -> Value {
    let mut test = json!({
        "apiVersion": "loadgate.dev/v1alpha1",
        "kind": "LoadTest",
        "metadata": {"name": "full"},
        "spec": {
            "target": {"baseUrl": url, "connectTimeout": "5s", "timeout": "10s"},
            "scenarios": [{"name": "visit", "steps": steps}],
            "phases": [{"name": "steady", "load": {"iterations": {"users": 2, "perUser": 3}}}],
            "requirements": [{"id": "failed", "metric": "error_rate", "target": "< 100%", "minSamples": 1}],
        },
    });
    for (name, value) in target.as_object().unwrap() {
        test["spec"]["target"][name] = value.clone();
    }
    test
}

fn run(test: &Value) -> Ended {
    Run::new(&test.to_string(), &[]).start().wait(LIMIT)
}

/// All requests were counted; the one class of failed ones, or none.
#[track_caller]
fn counted(ended: &Ended, about: &str, requests: u64, failed: Option<(&str, u64)>) {
    let report = ended.report();
    let errors: BTreeMap<_, _> = failed.into_iter().map(|(class, count)| (class.to_owned(), count)).collect();
    assert_eq!(report.errors(), errors, "{about}: {}{}", ended.out, ended.err);
    assert_eq!(report.total("requests"), requests, "{about}");
    assert_eq!((report.total("cut"), report.total("dropped")), (0, 0), "{about}");
}
