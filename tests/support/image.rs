//! The image of the very program that cargo built for these tests, loaded into the cluster's node.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::{path, tools};

/// Its repository; the tag tells its content.
pub(crate) const REPOSITORY: &str = "loadgate.test/loadgate";

/// Loads it, if it isn't there yet; its tag.
pub(crate) fn load() -> String {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("loadgate");
    strip(Path::new(env!("CARGO_BIN_EXE_loadgate")), &program);
    let digest = Sha256::digest(std::fs::read(&program).unwrap());
    let tag = digest.iter().take(6).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
    let mut cluster = Command::new(path("tests/cluster/cluster"));
    cluster.args(["image", &format!("{REPOSITORY}:{tag}"), &format!("{}:/loadgate", program.display())]);
    tools::output(cluster.args(["--entrypoint", "/loadgate"])).unwrap();
    tag
}

/// Five sixths of an unoptimised program tell debuggers about it. Where they can't be left out, they come along.
fn strip(program: &Path, into: &Path) {
    let stripped = Command::new("strip").arg("-o").arg(into).arg(program).status();
    if !stripped.is_ok_and(|status| status.success()) {
        std::fs::copy(program, into).unwrap();
    }
}
