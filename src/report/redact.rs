//! Leaves credentials out of the spec that a report carries.

use crate::api::{Header, LoadTestSpec};

/// What stands in place of a credential.
const LEFT_OUT: &str = "(left out)";
/// Headers whose values are credentials.
const CREDENTIALS: [&str; 6] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "api-key"];

/// `spec` without the values of credential headers. Secrets it only refers to: they are not in it.
pub(super) fn without_credentials(spec: &LoadTestSpec) -> LoadTestSpec {
    let mut spec = spec.clone();
    let of_steps = spec.scenarios.iter_mut().flat_map(|scenario| &mut scenario.steps);
    let of_actions = spec.target.preflight.iter_mut().map(|action| &mut action.request);
    let requests = of_steps.map(|step| &mut step.request).chain(of_actions);
    let headers = requests.flat_map(|request| &mut request.headers);
    headers.chain(&mut spec.target.headers).for_each(blank);
    spec
}

fn blank(header: &mut Header) {
    let is_credential = CREDENTIALS.iter().any(|name| header.name.eq_ignore_ascii_case(name));
    if let Some(value) = header.value.as_mut().filter(|_| is_credential) {
        LEFT_OUT.clone_into(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_written_into_the_spec_is_not_in_the_report() {
        let spec: LoadTestSpec = serde_json::from_value(serde_json::json!({
            "target": {"baseUrl": "http://shop", "headers": [
                {"name": "authorization", "value": "Bearer hunter2"}, {"name": "Accept", "value": "text/plain"}]},
            "scenarios": [{"name": "s", "steps": [{"name": "get", "request":
                {"path": "/", "headers": [{"name": "Cookie", "value": "session=hunter2"}]}}]}],
            "phases": [],
        }))
        .unwrap();
        let shown = serde_json::to_string(&without_credentials(&spec)).unwrap();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("text/plain"), "{shown}");
    }
}
