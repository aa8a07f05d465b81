//! The node of the script's cluster from inside: what befalls the processes, the network and the memory of its pods.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::io::Write;
use std::process::Command;

use serde_json::Value;

use super::{path, tools};

/// The node. A cluster that was given has none that a test may reach into.
#[derive(Clone, Copy)]
pub(crate) struct Node(());

/// Takes the alarm back.
pub(crate) struct Full(Node);

impl Drop for Full {
    fn drop(&mut self) {
        self.0.alarm("DEACTIVATE");
    }
}

/// Prints the process of the container whose ID is the first argument, as the node counts them.
const PROCESS: &str = r#"process() { ctr -n k8s.io tasks ls | awk -v id="$1" '$1 == id { print $2 }'; }"#;

impl Node {
    /// None: the cluster is another's, which is said.
    pub(crate) fn of_the_script() -> Option<Self> {
        if !Self::is_of_the_script() {
            let told = "\nSKIPPED: what is done to a node: the cluster is another's\n";
            std::io::stderr().write_all(told.as_bytes()).unwrap();
            return None;
        }
        Some(Node(()))
    }

    pub(crate) fn is_of_the_script() -> bool {
        std::env::var_os("LOADGATE_TEST_KUBECONFIG").is_none()
    }

    /// Runs lines of bash in it, with arguments; what they said.
    #[track_caller]
    #[expect(clippy::unused_self, reason = "who has no node can't")]
    pub(crate) fn run(self, lines: &str, arguments: &[&str]) -> String {
        let mut script = Command::new(path("tests/cluster/cluster"));
        script.args(["inside", "bash", "-euo", "pipefail", "-c", lines, "--"]).args(arguments);
        tools::output(&mut script).unwrap_or_else(|said| panic!("{lines}\n{said}"))
    }

    /// Sends a signal to the process of a pod, behind the back of Kubernetes.
    #[track_caller]
    pub(crate) fn signal(self, pod: &Value, signal: &str) {
        let lines = format!("{PROCESS}\nkill -s \"$2\" \"$(process \"$1\")\"");
        self.run(&lines, &[container(pod), signal]);
    }

    /// A digest of a file in the container of a pod.
    #[track_caller]
    pub(crate) fn digest(self, pod: &Value, file: &str) -> String {
        let lines = format!("{PROCESS}\nsha256sum <\"/proc/$(process \"$1\")/root$2\"");
        self.run(&lines, &[container(pod), file])
    }

    /// etcd is out of space, as it tells itself, until what is given back is dropped: it is read and not written.
    #[track_caller]
    pub(crate) fn fills_etcd(self) -> Full {
        self.alarm("ACTIVATE");
        Full(self)
    }

    #[track_caller]
    fn alarm(self, action: &str) {
        let lines = r#"
            body="{\"action\": \"$1\", \"memberID\": \"0\", \"alarm\": \"NOSPACE\"}"
            exec 3<>/dev/tcp/127.0.0.1/2379
            printf 'POST /v3/maintenance/alarm HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "${#body}" "$body" >&3
            cat <&3"#;
        let said = self.run(lines, &[action]);
        assert!(said.contains(" 200 OK") && said.contains("NOSPACE"), "{said}");
    }

    /// Fills the memory that the container of a pod may have, until the kernel kills who asks for more. What fills it
    /// is a file in memory, which is charged to the container and is no process's own: so the container's is the largest.
    #[track_caller]
    pub(crate) fn exhausts_memory_of(self, pod: &Value) {
        let lines = format!(
            r#"{PROCESS}
            process="$(process "$1")"
            # Version 1 of cgroups has a tree for memory, version 2 has one for all.
            tree=/sys/fs/cgroup/memory line=memory
            [ -d "$tree" ] || tree=/sys/fs/cgroup line=
            group="$tree$(awk -F: -v line="$line" '$2 == line {{ print $3 }}' "/proc/$process/cgroup")"
            ballast="$(mktemp /run/ballast.XXXXXX)"
            trap 'rm "$ballast"' EXIT
            (echo "$BASHPID" >"$group/cgroup.procs"; exec dd if=/dev/zero of="$ballast" bs=1M count=1024 status=none) &
            while [ -d "/proc/$process" ] && kill -0 $! 2>/dev/null; do sleep 0.05; done
            kill -KILL $! 2>/dev/null || true
            wait $! || true"#
        );
        self.run(&lines, &[container(pod)]);
    }

    /// From now on nothing goes between the pod and these addresses.
    #[track_caller]
    pub(crate) fn cut_off(self, pod: &Value, addresses: &[String]) {
        let lines = format!(
            "{PROCESS}\nnsenter --net=/proc/$(process \"$1\")/ns/net nft \"\
             add table ip cut; \
             add chain ip cut out {{ type filter hook output priority 0; }}; \
             add rule ip cut out ip daddr {{ $2 }} drop; \
             add chain ip cut in {{ type filter hook input priority 0; }}; \
             add rule ip cut in ip saddr {{ $2 }} drop\""
        );
        self.run(&lines, &[container(pod), &addresses.join(", ")]);
    }

    /// It does again.
    #[track_caller]
    pub(crate) fn join(self, pod: &Value) {
        let lines =
            format!("{PROCESS}\nnsenter --net=/proc/$(process \"$1\")/ns/net nft delete table ip cut");
        self.run(&lines, &[container(pod)]);
    }
}

/// The ID of a pod's only container.
#[track_caller]
fn container(pod: &Value) -> &str {
    let id = pod["status"]["containerStatuses"][0]["containerID"].as_str();
    id.and_then(|id| id.strip_prefix("containerd://")).unwrap_or_else(|| panic!("no container: {pod:#}"))
}
