//! `loadgate operator` as a process: it can be killed, and another one started in its place.

use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::rights::{LEASE, SECRET};
use crate::{LIMIT, within};

/// The operator of one namespace, while it lives and after.
pub(crate) struct Operator {
    folder: TempDir,
    namespace: String,
    /// Where workers report: the same for each that takes the place of another.
    ingest: SocketAddr,
    /// Where its metrics are.
    http: SocketAddr,
    living: Mutex<Option<Living>>,
    /// How many have ended that nobody had asked to.
    given_up: watch::Sender<usize>,
    /// What the next ones are told of the time of day: variables of their environment.
    clock: Mutex<Vec<(String, String)>>,
    /// The most memory that one of them had, in KiB.
    peak: AtomicU64,
}

/// One that lives. Dropped, it is killed.
struct Living {
    process: Pid,
    ended: watch::Receiver<Option<ExitStatus>>,
    waiting: AbortHandle,
}

impl Drop for Living {
    fn drop(&mut self) {
        self.waiting.abort();
    }
}

impl Operator {
    /// Not started yet; its API server is at `api`.
    pub(crate) fn new(namespace: &str, api: SocketAddr) -> Self {
        Operator::of(namespace, &json!({"server": format!("http://{api}")}), &json!({}))
    }

    /// The same of this cluster, as this user, in the words of a kubeconfig.
    pub(crate) fn of(namespace: &str, cluster: &Value, user: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        });
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).unwrap();
        let [ingest, http] = addresses();
        Operator {
            folder,
            namespace: namespace.to_owned(),
            ingest,
            http,
            living: Mutex::default(),
            clock: Mutex::default(),
            given_up: watch::Sender::new(0),
            peak: AtomicU64::new(0),
        }
    }

    pub(crate) fn start(self: &Arc<Self>) {
        let mut child = self.command().spawn().unwrap();
        let process = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        let (told, ended) = watch::channel(None);
        let operator = Arc::downgrade(self);
        let waiting = tokio::spawn(async move {
            told.send_replace(Some(child.wait().await.unwrap()));
            if let Some(operator) = operator.upgrade() {
                operator.has_ended(process);
            }
        });
        let living = Living { process, ended, waiting: waiting.abort_handle() };
        let before = self.living.lock().unwrap().replace(living);
        assert!(before.is_none(), "two operators at once");
    }

    /// Where workers reach it.
    pub(crate) fn ingest(&self) -> String {
        format!("https://{}", self.ingest)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgate"));
        command.args(["operator", "--worker-image", "loadgate:none"]);
        command.args(["--ingest-listen", &self.ingest.to_string()]);
        command.args(["--http-listen", &self.http.to_string()]);
        command.args(["--ingest-url", &self.ingest()]);
        command.args(["--tls-secret", SECRET, "--lease-name", LEASE]);
        command.args(["--namespace", &self.namespace, "--watch-namespace", &self.namespace]);
        command
            .env("KUBECONFIG", self.folder.path().join("kubeconfig"))
            .env("RUST_LOG", "info,loadgate=debug");
        command.envs(self.clock.lock().unwrap().clone());
        command.stdin(Stdio::null()).stderr(self.log_file()).kill_on_drop(true);
        command
    }

    /// From now on, those that are started have such a clock.
    pub(crate) fn has_clock(&self, clock: Vec<(String, String)>) {
        *self.clock.lock().unwrap() = clock;
    }

    /// One has ended: if nobody has asked it to, that is told.
    fn has_ended(&self, process: Pid) {
        if self.living.lock().unwrap().take_if(|living| living.process == process).is_some() {
            self.given_up.send_modify(|count| *count += 1);
        }
    }

    /// How many have ended so far that nobody had asked to.
    pub(crate) fn has_given_up(&self) -> usize {
        *self.given_up.borrow()
    }

    /// Waits until so many have ended that nobody had asked to.
    pub(crate) async fn gives_up(&self, count: usize) {
        let mut given_up = self.given_up.subscribe();
        within(LIMIT, "an operator gives up", given_up.wait_for(|so_far| *so_far >= count)).await.unwrap();
    }

    /// Starts another one whenever one has ended by itself, as a kubelet does.
    pub(crate) async fn attend(self: &Arc<Self>) -> Infallible {
        let mut given_up = self.given_up.subscribe();
        loop {
            given_up.changed().await.unwrap();
            self.start();
        }
    }

    /// Kills it, as with `kill -9`, and waits until it is dead.
    pub(crate) async fn kill(&self) {
        self.ends_by(Signal::KILL).await;
    }

    /// Asks it to end, and waits until it has; none: it has ended before.
    pub(crate) async fn end(&self) -> Option<ExitStatus> {
        self.ends_by(Signal::TERM).await
    }

    async fn ends_by(&self, signal: Signal) -> Option<ExitStatus> {
        self.note_memory();
        let mut living = self.living.lock().unwrap().take()?;
        // It may have ended a moment ago.
        let _ = kill_process(living.process, signal);
        let what = format!("an operator ends by {signal:?}");
        *within(LIMIT, &what, living.ended.wait_for(Option::is_some)).await.unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(living) = &*self.living.lock().unwrap() {
            // As above.
            let _ = kill_process(living.process, signal);
        }
    }

    /// The most memory that it has had, in KiB, and those before it.
    pub(crate) fn peak(&self) -> u64 {
        self.note_memory();
        self.peak.load(Ordering::Relaxed)
    }

    fn note_memory(&self) {
        let living = self.living.lock().unwrap();
        let Some(process) = living.as_ref().map(|living| living.process.as_raw_nonzero()) else { return };
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
        self.peak.fetch_max(peak.unwrap_or_default(), Ordering::Relaxed);
    }

    /// Its metrics, with the head of the answer.
    pub(crate) async fn metrics(&self) -> String {
        self.answer("/metrics").await
    }

    /// Asks it again and again for so long whether it is alive, as a kubelet does.
    pub(crate) async fn is_alive_for(&self, lasts: Duration) {
        let ends = Instant::now() + lasts;
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        while Instant::now() < ends {
            ticks.tick().await;
            let answer = self.answer("/healthz").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }

    async fn answer(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.http).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        within(LIMIT, path, stream.read_to_string(&mut text)).await.unwrap();
        text
    }

    /// What it and those before it have said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_file(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.log_path()).unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

/// Two free ports of a loopback address of its own: no connection that goes out takes one of them while no operator
/// listens.
fn addresses() -> [SocketAddr; 2] {
    let [a, b, c, ..] = *uuid::Uuid::new_v4().as_bytes();
    let address = IpAddr::V4(Ipv4Addr::new(127, a | 1, b, c | 1));
    let listeners = [0; 2].map(|port| TcpListener::bind((address, port)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}
