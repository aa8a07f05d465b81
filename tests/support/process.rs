//! `loadgate worker` as a process: how it is started, how it ended, what it said.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use super::house::{NAME, RUN};

/// A worker before it is started.
pub(crate) struct Post {
    folder: TempDir,
    command: Command,
    coordinator: String,
}

/// A worker while it goes. Dropped, it is killed.
pub(crate) struct Worker {
    folder: TempDir,
    child: Child,
    err: BufReader<ChildStderr>,
    said: String,
}

/// A worker when it is over.
pub(crate) struct Ended {
    /// The exit code; none: a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote to standard error.
    pub(crate) err: String,
    /// What it wrote into its termination log.
    pub(crate) reason: String,
}

impl Post {
    /// A worker that goes to the coordinator at `port`.
    pub(crate) fn new(port: u16, authority: Option<Vec<u8>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgate"));
        command.arg("worker").args(["--run", RUN, "--spec", "spec.yaml", "--token", "token"]);
        command.args(["--termination-log", "log"]).current_dir(folder.path()).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let scheme = if authority.is_some() { "https" } else { "http" };
        let start = Post { folder, command, coordinator: format!("{scheme}://{NAME}:{port}") };
        start.write("log", "");
        match authority {
            Some(pem) => start.authority(&pem),
            None => start,
        }
    }

    fn authority(mut self, pem: &[u8]) -> Self {
        std::fs::write(self.path("ca.pem"), pem).unwrap();
        self.command.args(["--ca", "ca.pem"]);
        self
    }

    /// Which worker it is, by the variables that a Job sets.
    pub(crate) fn worker(self, worker: u32, process: &str, token: &str) -> Self {
        self.env("JOB_COMPLETION_INDEX", &worker.to_string()).env("POD_UID", process).token(token)
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.write("token", token);
        self
    }

    pub(crate) fn spec(self, text: &str) -> Self {
        self.write("spec.yaml", text);
        self
    }

    /// What the kubelet has mounted for it: a file for each ConfigMap, by its place.
    pub(crate) fn data(mut self, contents: &[&str]) -> Self {
        std::fs::create_dir(self.path("data")).unwrap();
        for (place, content) in contents.iter().enumerate() {
            self.write(&format!("data/{place}"), content);
        }
        self.command.args(["--data", "data"]);
        self
    }

    pub(crate) fn coordinator(mut self, url: &str) -> Self {
        url.clone_into(&mut self.coordinator);
        self
    }

    pub(crate) fn start(mut self) -> Worker {
        let mut child = self.command.args(["--coordinator", &self.coordinator]).spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        Worker { folder: self.folder, child, err, said: String::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }
}

impl Worker {
    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.unwrap(), signal).unwrap();
    }

    /// Waits until it writes a line with `text`.
    pub(crate) async fn until_it_says(&mut self, text: &str) {
        let before = self.said.len();
        while !self.said[before..].contains(text) {
            let read = self.err.read_line(&mut self.said).await.unwrap();
            assert!(read > 0, "it ended without {text:?}: {}", self.said);
        }
    }

    /// Its exit code, once it has ended; none: a signal ended it.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        self.child.wait().await.unwrap().code()
    }

    /// Waits for its end.
    pub(crate) async fn wait(mut self, limit: Duration) -> Ended {
        let mut err = std::mem::take(&mut self.said);
        let code = async {
            self.err.read_to_string(&mut err).await.unwrap();
            self.child.wait().await.unwrap().code()
        };
        let code = tokio::time::timeout(limit, code).await;
        let code = code.unwrap_or_else(|_| panic!("it hasn't ended after {limit:?}; it said: {err}"));
        Ended { code, err, reason: std::fs::read_to_string(self.folder.path().join("log")).unwrap() }
    }
}
