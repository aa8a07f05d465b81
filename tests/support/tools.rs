//! Programs that `tests/cluster/cluster` builds, and what they say.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::path;

/// With this exit code the script says that this machine lacks something.
const CANNOT: i32 = 77;

/// The named program: helm, kubeconform or kubectl. The first time it is built, which takes a minute. None: this machine
/// can't; in CI it must.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let mut script = Command::new(path("tests/cluster/cluster"));
    let output = script.args(["path", name]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(CANNOT) {
        assert!(std::env::var_os("CI").is_none(), "{said}");
        // Past the capture of the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "\nSKIPPED: there is no {name}: {said}");
        return None;
    }
    assert!(output.status.success(), "cluster path {name}: {said}");
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
