//! A group of processes (cgroup) with a quota of CPU, made for one test and removed with it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// `$0`: its name, `$1`: microseconds of CPU in each tenth of a second. Tells its folders, one a line.
const MAKE: &str = r#"
set -e
tree() { awk -v kind="$1" -v name="$2" '$3 == kind && (name == "" || $4 ~ "(^|,)" name "(,|$)") { print $2; exit }' /proc/mounts; }
cpu=$(tree cgroup cpu)
if [ -n "$cpu" ]; then
    account=$(tree cgroup cpuacct)
    for folder in "$cpu" "$account"; do
        mkdir -p "$folder/$0"
        echo "$folder/$0"
    done | sort -u
    echo 100000 >"$cpu/$0/cpu.cfs_period_us"
    echo "$1" >"$cpu/$0/cpu.cfs_quota_us"
else
    all=$(tree cgroup2 "")
    grep -qw cpu "$all/cgroup.subtree_control" || echo +cpu >"$all/cgroup.subtree_control"
    mkdir "$all/$0"
    echo "$1 100000" >"$all/$0/cpu.max"
    echo "$all/$0"
fi
"#;

/// How long the kernel may take to see that nobody is in a group any more.
const LIMIT: Duration = Duration::from_secs(10);

/// A group of processes with a quota. Dropped, it is removed; nobody may be in it by then.
pub(crate) struct Quota {
    folders: Vec<String>,
}

impl Quota {
    /// One that may use so many hundredths of a CPU. None: this machine lets nobody make one; in CI it must.
    pub(crate) fn of_percent(percent: u32) -> Option<Self> {
        let name = format!("loadgate-test-{}-{percent}", std::process::id());
        let made =
            as_root().args(["sh", "-c", MAKE, &name, &(percent * 1_000).to_string()]).output().unwrap();
        let said = String::from_utf8_lossy(&made.stdout);
        let quota = Quota { folders: said.lines().map(str::to_owned).collect() };
        if made.status.success() {
            return Some(quota);
        }
        let why = String::from_utf8_lossy(&made.stderr);
        let told = format!("no group of processes can be made here, nothing lacks CPU in these tests: {why}");
        assert!(std::env::var_os("CI").is_none(), "{told}");
        // Past the capture of the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "\n*** {told} ***\n");
        None
    }

    /// What a shell does to go into it.
    pub(crate) fn enter(&self) -> String {
        let root: Vec<_> = as_root_words().map(str::to_owned).collect();
        let folders = self.folders.join(" ");
        format!(
            "{} sh -c 'for folder; do echo \"$0\" >\"$folder/cgroup.procs\"; done' $$ {folders}",
            root.join(" ")
        )
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let began = Instant::now();
        // Who has ended is still in it for a moment, and nobody tells when that is over.
        while self.folders.iter().any(|folder| Path::new(folder).exists()) && began.elapsed() < LIMIT {
            let _ = as_root().arg("rmdir").args(&self.folders).stderr(Stdio::null()).status();
        }
    }
}

/// What comes before a command that only root may do.
fn as_root_words() -> impl Iterator<Item = &'static str> {
    let words: &[&str] =
        if rustix::process::geteuid().is_root() { &["env"] } else { &["sudo", "--non-interactive"] };
    words.iter().copied()
}

fn as_root() -> Command {
    let mut words = as_root_words();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).stdin(Stdio::null());
    command
}
