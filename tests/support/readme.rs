//! The commands that README tells people to type, so that a test can type them.

/// The fenced `sh` blocks of the section with this heading, in order.
pub(crate) fn commands(heading: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(super::path("README.md")).unwrap();
    let after = readme.split_once(&format!("\n## {heading}\n")).expect("README has the section").1;
    let section = after.split("\n## ").next().unwrap_or(after);
    let blocks = section.split("\n```sh\n").skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap_or(rest).to_owned()).collect()
}
