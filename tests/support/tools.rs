//! Programs and the cluster of `tests/cluster`, where this machine can have them.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::path;

/// How `tests/cluster/cluster` ends where the machine lacks something.
const UNABLE: i32 = 77;

/// The named program: helm, kubeconform or kubectl. The first time it is built, which takes a minute.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    cluster(&["path", name])
}

/// The configuration of a running cluster, which is started if need be.
pub(crate) fn kubeconfig() -> Option<PathBuf> {
    cluster(&["up"])
}

/// The path that a command of `tests/cluster/cluster` prints. In CI there must be one.
fn cluster(arguments: &[&str]) -> Option<PathBuf> {
    let output = Command::new(path("tests/cluster/cluster"))
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(UNABLE) {
        assert!(std::env::var_os("CI").is_none(), "{said}");
        // Past the capture of the test harness, which would hide it.
        let _ = writeln!(
            std::io::stderr(),
            "\n*** NOT TESTED, for want of {}: {said} ***\n",
            arguments.join(" ")
        );
        return None;
    }
    assert!(output.status.success(), "cluster {}: {said}", arguments.join(" "));
    Some(PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()))
}

/// What a program wrote, or, where it failed, what it had to say about that.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr) + &text(&output.stdout))
    }
}
