//! What the operator calls things: names of children, labels, annotations, the run's UID.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::api::{LoadTest, Run};

/// Who manages the fields that the operator applies.
pub const MANAGER: &str = "loadgate";
/// Holds the object while a run of it is under way, and only then.
pub const FINALIZER: &str = "loadgate.dev/run";
/// Label: the run that a child belongs to.
pub const RUN_LABEL: &str = "loadgate.dev/run-uid";
/// Label: the `LoadTest` that a child belongs to.
pub const TEST_LABEL: &str = "loadgate.dev/loadtest";
/// Label: which child it is (`spec`, `record`, `result`, `workers`).
pub const ROLE_LABEL: &str = "loadgate.dev/role";
/// The label that Kubernetes gives to each pod of an Indexed Job, and the annotation of the same name.
pub const INDEX_LABEL: &str = "batch.kubernetes.io/job-completion-index";
/// Annotation of what there is of a run: its number.
pub const NUMBER: &str = "loadgate.dev/run-number";
/// Annotation of what there is of a run: the digest of its load.
pub const RUN_HASH: &str = "loadgate.dev/run-hash";
/// Annotation of what there is of a run: the name that the spec gave it, if it gave one.
pub const RUN_ID: &str = "loadgate.dev/run-id";
/// Annotation of a stored result: the run's verdict.
pub const VERDICT: &str = "loadgate.dev/verdict";
/// The container of a worker's pod that the worker is in.
pub const WORKER: &str = "worker";
/// The audience of workers' tokens.
pub const AUDIENCE: &str = "loadgate";

/// The longest that a `LoadTest`'s name may be within those of its children: pods add an index and a suffix.
const LONGEST_STEM: usize = 40;

/// So many hexadecimal digits tell a cut name apart.
const DIGITS: usize = 8;

/// `checkout-run-3`: the Job of a run, and the stem of its other children's names.
#[must_use]
pub fn job(test: &str, number: u64) -> String {
    format!("{}-run-{number}", stem(test))
}

/// `checkout-run-3-spec`: a ConfigMap of a run.
#[must_use]
pub fn config_map(test: &str, number: u64, role: &str) -> String {
    format!("{}-{role}", job(test, number))
}

/// `checkout-run-3-result-0b8f1d2e`: the stored result. It outlives the object, so that its name must differ from
/// that of another object's run with the same number.
#[must_use]
pub fn result(test: &str, number: u64, run_uid: &str) -> String {
    let part = run_uid.split('-').next().unwrap_or(run_uid);
    format!("{}-result-{part}", job(test, number))
}

/// A long name is cut and told apart from others by a digest of the whole. Dots would not do in a pod's host name.
fn stem(test: &str) -> String {
    let plain = test.replace('.', "-");
    if plain.len() <= LONGEST_STEM && plain == test {
        return plain;
    }
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, test.as_bytes()).simple().to_string();
    let digest = &digest[..DIGITS];
    let kept: String = plain.chars().take(LONGEST_STEM - digest.len() - 1).collect();
    format!("{}-{digest}", kept.trim_end_matches('-'))
}

/// The UID of run `number` of the object `object`: the same however often it is derived.
#[must_use]
pub fn run_uid(object: &str, number: u64) -> String {
    let namespace = Uuid::parse_str(object).unwrap_or(Uuid::NAMESPACE_OID);
    Uuid::new_v5(&namespace, format!("run-{number}").as_bytes()).to_string()
}

/// Whether the run has the UID that a run of this number of the object has.
#[must_use]
pub fn is_run_of(test: &LoadTest, run: &Run) -> bool {
    run.uid == run_uid(test.metadata.uid.as_deref().unwrap_or_default(), run.number)
}

/// The labels of a child.
#[must_use]
pub fn labels(test: &str, run_uid: &str, role: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("app.kubernetes.io/managed-by".to_owned(), MANAGER.to_owned()),
        (TEST_LABEL.to_owned(), label_value(test)),
        (RUN_LABEL.to_owned(), run_uid.to_owned()),
        (ROLE_LABEL.to_owned(), role.to_owned()),
    ])
}

/// Names may be longer than labels.
#[must_use]
pub fn label_value(test: &str) -> String {
    if test.len() <= 63 { test.to_owned() } else { stem(test) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_called_after_their_test() {
        let long = "a".repeat(60);
        for (test, job_name) in [
            ("checkout", "checkout-run-3".to_owned()),
            ("a.b", format!("a-b-{}-run-3", &stem("a.b")[4..])),
            (&long, format!("{}-run-3", stem(&long))),
        ] {
            assert_eq!(job(test, 3), job_name);
            assert!(job(test, u64::from(u32::MAX)).len() <= 57, "a pod's name has 63 characters");
            assert!(!job(test, 3).contains('.'));
        }
        assert_ne!(stem("a.b"), stem("a-b"), "names that look alike are kept apart");
    }

    #[test]
    fn a_run_has_one_uid() {
        let object = "0b8f1d2e-3c4d-4e5f-8a9b-0c1d2e3f4a5b";
        assert_eq!(run_uid(object, 1), run_uid(object, 1));
        assert_ne!(run_uid(object, 1), run_uid(object, 2));
    }
}
