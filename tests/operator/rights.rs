//! Takes a right away from the installed operator, and gives it back.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::installation::{Installation, NAMESPACE};
use crate::support::loadtests::LIMIT;

/// The operator's account, and its role in the whole cluster.
const NAME: &str = "loadgate";
const ROLE: &str = "loadgate.loadgate-system";

/// A verb of the operator's `ClusterRole` is missing until this is dropped.
pub(crate) struct Without<'a> {
    installation: &'a Installation,
    rules: Value,
}

impl<'a> Without<'a> {
    pub(crate) fn right(installation: &'a Installation, verb: &str, resource: &str) -> Self {
        let role = installation.kubectl.get(&["clusterrole", ROLE]);
        let rules = role["rules"].clone();
        let mut left = rules.clone();
        for rule in left.as_array_mut().unwrap() {
            if rule["resources"] == json!([resource]) {
                rule["verbs"].as_array_mut().unwrap().retain(|given| given != verb);
            }
        }
        assert_ne!(left, rules, "the chart doesn't give {verb} {resource}");
        let without = Without { installation, rules };
        without.allow(&left);
        without.until_in_effect(verb, resource);
        without
    }

    fn allow(&self, rules: &Value) {
        let patch = json!({"rules": rules}).to_string();
        self.installation.kubectl.run(&["patch", "clusterrole", ROLE, "--type=merge", "--patch", &patch]);
    }

    /// The API server reads roles from a watch of its own, and tells nobody when it knows: it is asked until it does.
    fn until_in_effect(&self, verb: &str, resource: &str) {
        let began = Instant::now();
        let operator = format!("--as=system:serviceaccount:{NAMESPACE}:{NAME}");
        // It says no by its exit code.
        while self.installation.kubectl.tries(&["auth", "can-i", verb, resource, &operator]).is_ok() {
            assert!(began.elapsed() < LIMIT, "{verb} {resource} stays allowed");
        }
    }
}

impl Drop for Without<'_> {
    fn drop(&mut self) {
        self.allow(&self.rules);
    }
}
