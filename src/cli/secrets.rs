//! Values of Secrets for a run without a cluster. They are never shown, not even when they are wrong.

use std::path::PathBuf;

use super::exit::Refused;
use crate::api::SecretKeyRef;
use crate::plan::Plan;
use crate::plan::secrets::{self, Secrets};

/// Reads what `--secret` names, and tells which Secrets of the plan are missing.
pub fn read(plan: &Plan, arguments: &[String]) -> Result<Secrets, Refused> {
    let mut refused = Vec::new();
    let mut secrets = Secrets::default();
    for argument in arguments {
        let read = |(reference, source): (SecretKeyRef, Source)| {
            Ok((source.read(&reference, secrets::is_in_header(plan, &reference))?, reference))
        };
        match parse(argument).and_then(read) {
            Ok((value, reference)) => secrets.insert(reference, value),
            Err(line) => refused.push(line),
        }
    }
    if refused.is_empty() {
        refused = missing(plan, &secrets);
    }
    if refused.is_empty() { Ok(secrets) } else { Err(Refused(refused)) }
}

/// Where a value comes from.
#[derive(Debug, PartialEq)]
enum Source {
    Environment(String),
    File(PathBuf),
}

/// `name/key=env:VARIABLE` or `name/key=file:PATH`. What stands behind `=` could be a secret typed by mistake.
fn parse(argument: &str) -> Result<(SecretKeyRef, Source), String> {
    let form = "write name/key=env:VARIABLE or name/key=file:PATH";
    let (reference, source) =
        argument.split_once('=').ok_or_else(|| format!("--secret: there is no `=`; {form}"))?;
    let (name, key) = reference
        .split_once('/')
        .filter(|(name, key)| !name.is_empty() && !key.is_empty())
        .ok_or_else(|| format!("--secret: what stands before `=` isn't name/key; {form}"))?;
    let source = match source.split_once(':') {
        Some(("env", variable)) if !variable.is_empty() => Source::Environment(variable.to_owned()),
        Some(("file", path)) if !path.is_empty() => Source::File(PathBuf::from(path)),
        _ => return Err(format!("--secret {reference}: its source is neither env: nor file:; {form}")),
    };
    Ok((SecretKeyRef { name: name.to_owned(), key: key.to_owned() }, source))
}

impl Source {
    /// The value, without the line break that editors put at the end of files.
    fn read(&self, reference: &SecretKeyRef, is_in_header: bool) -> Result<String, String> {
        let called = format!("--secret {}/{}", reference.name, reference.key);
        let value = match self {
            Source::Environment(variable) => std::env::var(variable)
                .map_err(|_| format!("{called}: the environment variable {variable} isn't set to a text"))?,
            Source::File(path) => std::fs::read_to_string(path)
                .map_err(|error| format!("{called}: the file {} can't be read: {error}", path.display()))?,
        };
        fit(&value, is_in_header).map_err(|fault| format!("{called}: {fault}"))
    }
}

/// A value that its place can hold, without the line break that editors put at the end of files.
fn fit(value: &str, is_in_header: bool) -> Result<String, &'static str> {
    let value = value.strip_suffix('\n').unwrap_or(value);
    let value = value.strip_suffix('\r').unwrap_or(value);
    match value {
        "" => Err("its value is empty"),
        value if is_in_header && value.chars().any(|c| c.is_control() && c != '\t') => {
            Err("its value has a line break or control character in it, which no header can hold")
        }
        value => Ok(value.to_owned()),
    }
}

/// Reads all Secrets of the plan from the variables that the operator sets for a worker.
pub fn from_environment(plan: &Plan, variable: impl Fn(&str) -> Option<String>) -> Result<Secrets, Refused> {
    let mut refused = Vec::new();
    let mut secrets = Secrets::default();
    for (place, reference) in secrets::references(plan).into_iter().enumerate() {
        let name = secrets::environment_name(place);
        let value = variable(&name).ok_or("it isn't set to a text");
        let is_in_header = secrets::is_in_header(plan, &reference);
        match value.and_then(|value| fit(&value, is_in_header)) {
            Ok(value) => secrets.insert(reference, value),
            Err(fault) => {
                refused
                    .push(format!("{name}, for key {} of Secret {}: {fault}", reference.key, reference.name));
            }
        }
    }
    if refused.is_empty() { Ok(secrets) } else { Err(Refused(refused)) }
}

/// A line for each field whose Secret isn't given.
fn missing(plan: &Plan, secrets: &Secrets) -> Vec<String> {
    let missing = secrets::uses(plan).filter(|(_, reference)| secrets.get(reference).is_none());
    let line = |(path, SecretKeyRef { name, key }): (&str, &SecretKeyRef)| {
        format!("{path}: needs a value: --secret {name}/{key}=env:VARIABLE or =file:PATH")
    };
    missing.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> SecretKeyRef {
        SecretKeyRef { name: "token".to_owned(), key: "header".to_owned() }
    }

    /// A plan that refers to two Secrets, to one of them twice.
    fn plan() -> Plan {
        let text = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: tiny}
spec:
  target:
    baseUrl: "http://127.0.0.1:8080"
    headers: [{name: Authorization, valueFrom: {secretKeyRef: {name: token, key: header}}}]
  scenarios:
    - name: visit
      steps:
        - {name: get, request: {path: /, headers: [{name: X-Key, valueFrom: {secretKeyRef: {name: api, key: key}}}]}}
  phases: [{name: steady, load: {burst: {iterations: 5}}}]
"#;
        crate::cli::load::check(text, &crate::cli::options::Changes::default()).unwrap().plan
    }

    #[test]
    fn a_secret_says_where_it_comes_from() {
        for (argument, want) in [
            ("token/header=env:TOKEN", Source::Environment("TOKEN".to_owned())),
            ("token/header=file:/run/a=b:c", Source::File(PathBuf::from("/run/a=b:c"))),
        ] {
            assert_eq!(parse(argument), Ok((reference(), want)));
        }
    }

    #[test]
    fn a_wrong_argument_is_told_without_the_value_in_it() {
        for argument in ["hunter2", "token/header=hunter2", "hunter2=env:X", "token/header=env:", "/=hunter2"]
        {
            let message = parse(argument).unwrap_err();
            assert!(message.starts_with("--secret") && !message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_file_is_read_without_its_last_line_break_and_must_fit_into_a_header() {
        let folder = tempfile::tempdir().unwrap();
        let read = |content: &str| {
            let path = folder.path().join("secret");
            std::fs::write(&path, content).unwrap();
            Source::File(path).read(&SecretKeyRef { name: "n".to_owned(), key: "k".to_owned() }, true)
        };
        assert_eq!(read("hunter2\r\n").as_deref(), Ok("hunter2"));
        for (content, want) in [("", "empty"), ("\n", "empty"), ("hunter2\r\nX-Evil: 1", "line break")] {
            let message = read(content).unwrap_err();
            assert!(message.contains(want) && !message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_secret_that_is_not_given_is_told_with_its_field_and_the_option() {
        let plan = plan();
        let Refused(lines) = read(&plan, &[]).unwrap_err();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("spec.target.headers[0]"), "{lines:?}");
        assert!(lines[0].contains("--secret token/header=env:"), "{lines:?}");
        let given = ["token/header=env:PATH".to_owned(), "api/key=env:PATH".to_owned()];
        assert!(read(&plan, &given).unwrap().get(&reference()).is_some());
    }

    #[test]
    fn a_worker_finds_secrets_in_the_order_of_their_names() {
        let read = |value: Option<&str>| {
            let header = value.map(str::to_owned);
            from_environment(&plan(), |name| match name {
                "LOADGATE_SECRET_0" => Some("the key\n".to_owned()),
                "LOADGATE_SECRET_1" => header.clone(),
                _ => None,
            })
        };
        let secrets = read(Some("the header")).unwrap();
        assert_eq!(secrets.get(&reference()), Some("the header"));
        let key = SecretKeyRef { name: "api".to_owned(), key: "key".to_owned() };
        assert_eq!(secrets.get(&key), Some("the key"));
        for (value, want) in [(None, "isn't set"), (Some(""), "empty"), (Some("hunter2\u{7}"), "control")] {
            let Refused(lines) = read(value).unwrap_err();
            assert_eq!(lines.len(), 1, "{lines:?}");
            let named = "LOADGATE_SECRET_1, for key header of Secret token: ";
            assert!(lines[0].starts_with(named) && lines[0].contains(want), "{lines:?}");
            assert!(!lines[0].contains("hunter2"), "{lines:?}");
        }
    }
}
