//! Leaves credentials out of the spec that a report carries.
//!
//! Left out are the values of headers, query parameters, variables and fields of rows whose names may be those of credentials (see
//! [`may_hold_credential`]), and of the variables that such a header or parameter is written with. Values of Secrets
//! aren't in a spec: it only refers to them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::{Auth, LoadTestSpec, Request};
use crate::plan::credential::{LEFT_OUT, may_hold_credential, shown_path};

/// `spec` without credentials.
pub(super) fn without_credentials(spec: &LoadTestSpec) -> LoadTestSpec {
    let mut spec = spec.clone();
    let mut blanks = Blanks::default();
    for header in &mut spec.target.headers {
        blanks.text(&header.name, header.value.as_mut());
    }
    if let Some(Auth { basic, bearer, oauth2 }) = &mut spec.target.auth {
        for oauth2 in oauth2.iter_mut() {
            blanks.parameters(&mut oauth2.token_url, &mut oauth2.params);
        }
        let passwords = basic.iter_mut().map(|basic| &mut basic.password);
        let credentials = passwords.chain(bearer).chain(oauth2.iter_mut().map(|one| &mut one.client_secret));
        credentials.filter_map(|one| one.value.as_mut()).for_each(|value| LEFT_OUT.clone_into(value));
    }
    let of_steps = spec.scenarios.iter_mut().flat_map(|scenario| {
        scenario.setup.iter_mut().chain(&mut scenario.steps).chain(&mut scenario.teardown)
    });
    let of_actions = spec.target.preflight.iter_mut().map(|action| &mut action.request);
    for request in of_steps.map(|step| &mut step.request).chain(of_actions) {
        blanks.request(request);
    }
    for data in &mut spec.data {
        for row in data.inline.iter_mut().flatten() {
            blanks.values(&format!("{}.", data.name), row);
        }
    }
    blanks.variables(&mut spec.variables);
    for phase in &mut spec.phases {
        blanks.variables(&mut phase.variables);
    }
    spec
}

/// Blanks values, and remembers the variables that they were written with.
#[derive(Default)]
struct Blanks {
    used: BTreeSet<String>,
}

impl Blanks {
    fn request(&mut self, request: &mut Request) {
        for header in &mut request.headers {
            self.text(&header.name, header.value.as_mut());
        }
        self.parameters(&mut request.path, &mut request.query);
    }

    /// Of what is asked for, and what is told beside it.
    fn parameters(&mut self, path: &mut String, parameters: &mut BTreeMap<String, String>) {
        *path = shown_path(path);
        for (name, value) in parameters {
            self.text(name, Some(value));
        }
    }

    fn text(&mut self, name: &str, value: Option<&mut String>) {
        if let Some(value) = value.filter(|_| may_hold_credential(name)) {
            self.used.extend(names(value).map(str::to_owned));
            LEFT_OUT.clone_into(value);
        }
    }

    fn variables(&self, variables: &mut BTreeMap<String, Value>) {
        self.values("", variables);
    }

    /// `prefix`: what stands before their names in templates.
    fn values(&self, prefix: &str, values: &mut BTreeMap<String, Value>) {
        for (name, value) in values {
            if self.used.contains(&format!("{prefix}{name}")) || may_hold_credential(name) {
                *value = Value::from(LEFT_OUT);
            }
        }
    }
}

/// The names in `a${name}b`.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_written_into_the_spec_is_not_in_the_report() {
        let spec: LoadTestSpec = serde_json::from_value(serde_json::json!({
            "target": {"baseUrl": "http://shop",
                "auth": {"basic": {"username": "loader", "password": {"value": "hunter2"}}, "bearer": {"value": "hunter2"},
                    "oauth2": {"tokenUrl": "http://idp/token?key=hunter2", "clientId": "shopper", "clientSecret": {"value": "hunter2"},
                        "params": {"audience": "everybody", "client_assertion": "hunter2"}}}, "headers": [
                {"name": "authorization", "value": "Bearer hunter2"},
                {"name": "X-Access-Token", "value": "hunter2"},
                {"name": "Accept", "value": "text/plain"}],
                "preflight": [{"request": {"path": "/", "headers": [{"name": "X-Signature", "value": "hunter2"}]}}]},
            "data": [{"name": "people", "inline": [{"pin": "hunter2", "password": "hunter2", "city": "Berlin"}]}],
            "variables": {"sid": "hunter2", "nested": {"deep": "hunter2"}, "password": "hunter2", "model": "small"},
            "scenarios": [{"name": "s", "steps": [{"name": "get", "request":
                {"path": "/?token=hunter2", "query": {"api_key": "hunter2-${nested}", "page": "seven"},
                 "headers": [{"name": "Cookie", "value": "lang=de; session=${sid}"}, {"name": "X-Token", "value": "${people.pin}"}]}}]}],
            "phases": [{"name": "p", "variables": {"sid": "hunter2", "model": "large"},
                        "load": {"idle": {"duration": "1s"}}}],
        }))
        .unwrap();
        let shown = serde_json::to_string(&without_credentials(&spec)).unwrap();
        assert!(!shown.contains("hunter2"), "{shown}");
        for kept in [
            "loader",
            "shopper",
            "everybody",
            "http://idp/token",
            "text/plain",
            "seven",
            "small",
            "large",
            "Berlin",
        ] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }
}
