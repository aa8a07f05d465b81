//! `loadgate operator` as a process: it can be killed, and another one started in its place.

use std::fs::{File, OpenOptions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

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
    child: Mutex<Option<Child>>,
}

impl Operator {
    /// Not started yet; its API server is at `api`.
    pub(crate) fn new(namespace: &str, api: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "proxy",
            "clusters": [{"name": "proxy", "cluster": {"server": format!("http://{api}")}}],
            "users": [{"name": "proxy", "user": {}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
        });
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).unwrap();
        let [ingest, http] = addresses();
        Operator { folder, namespace: namespace.to_owned(), ingest, http, child: Mutex::default() }
    }

    pub(crate) async fn start(&self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgate"));
        command.args(["operator", "--worker-image", "loadgate:none"]);
        command.args(["--ingest-listen", &self.ingest.to_string()]);
        command.args(["--http-listen", &self.http.to_string()]);
        command.args(["--ingest-url", &format!("https://{}", self.ingest)]);
        command.args(["--tls-secret", SECRET, "--lease-name", LEASE]);
        command.args(["--namespace", &self.namespace, "--watch-namespace", &self.namespace]);
        command
            .env("KUBECONFIG", self.folder.path().join("kubeconfig"))
            .env("RUST_LOG", "info,loadgate=debug");
        command.stdin(Stdio::null()).stderr(self.log_file()).kill_on_drop(true);
        let before = self.child.lock().await.replace(command.spawn().unwrap());
        assert!(before.is_none(), "two operators at once");
    }

    /// Kills it, as with `kill -9`, and waits until it is dead.
    pub(crate) async fn kill(&self) {
        if let Some(mut child) = self.child.lock().await.take() {
            child.kill().await.unwrap();
        }
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ends(&self) {
        let mut child = self.child.lock().await.take().unwrap();
        child.wait().await.unwrap();
    }

    /// Its metrics, with the head of the answer.
    pub(crate) async fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.http).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut text = String::new();
        within(LIMIT, "its metrics", stream.read_to_string(&mut text)).await.unwrap();
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
