//! Files as people write them, and every line that is told about them.

mod forms;
mod sets;

use super::{Checked, Document};
use crate::plan::Options;

/// A file in which nothing is wrong.
const RIGHT: &str = "\
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: shop}
spec:
  target: {baseUrl: http://shop:8080}
  scenarios:
  - name: browse
    steps:
    - {name: home, request: {path: /}}
  phases:
  - {name: main, load: {burst: {iterations: 10}}}
";

/// `RIGHT` with `old` written as `new`.
fn with(old: &str, new: &str) -> String {
    assert!(RIGHT.contains(old), "{old}");
    RIGHT.replace(old, new)
}

fn checked(text: &str) -> Result<Checked, Vec<String>> {
    let lines = |faults: Vec<crate::plan::Fault>| faults.iter().map(ToString::to_string).collect();
    let document = Document::parse(text).map_err(lines)?;
    document.check(&Options::default()).map_err(lines)
}

/// All that is wrong with the file.
#[track_caller]
fn check(text: &str, want: &[&str]) {
    let lines = checked(text).err().unwrap_or_default();
    similar_asserts::assert_eq!(lines, want, "{text}");
}
