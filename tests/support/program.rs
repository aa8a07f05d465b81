//! The program itself, run on a test given as text: how it ended, what it said, and the report it left.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::quota::Quota;

/// No run of these tests takes longer; what does, hangs.
pub(crate) const LIMIT: Duration = Duration::from_mins(2);

/// `loadgate run`, before it is started.
pub(crate) struct Run {
    folder: TempDir,
    command: Command,
}

/// `loadgate run` while it goes. Dropped, it is killed.
pub(crate) struct Running {
    folder: TempDir,
    child: Child,
    said: Receiver<(Stream, String)>,
    /// Lines of its standard error, as they come.
    lines: Receiver<String>,
    begun: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stream {
    Out,
    Err,
}

/// `loadgate run` when it is over.
pub(crate) struct Ended {
    folder: TempDir,
    /// The exit code; none: a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Runs `test` to its end.
pub(crate) fn run(test: &str, arguments: &[&str]) -> Ended {
    Run::new(test, arguments).start().wait(LIMIT)
}

impl Run {
    /// A run of `test`, in a folder of its own, with a report.
    pub(crate) fn new(test: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("test.yaml"), test).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgate"));
        command
            .args(["run", "test.yaml", "--report", "report"])
            .args(arguments)
            .current_dir(folder.path())
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Run { folder, command }
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Writes a file beside the test.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        self
    }

    /// Lets it open no more files at once.
    pub(crate) fn open_files(self, most: u32) -> Self {
        self.after(&format!("ulimit -n {most}"))
    }

    /// Lets it have no more CPU than that.
    pub(crate) fn within(self, quota: &Quota) -> Self {
        self.after(&quota.enter())
    }

    /// Lets a shell do this before it becomes the program.
    fn after(mut self, script: &str) -> Self {
        let mut prepared = Command::new("sh");
        prepared.args(["-c", &format!("{script} && exec \"$0\" \"$@\"")]);
        prepared.arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => prepared.env(name, value),
                None => prepared.env_remove(name),
            };
        }
        prepared.current_dir(self.folder.path());
        prepared.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command = prepared;
        self
    }

    pub(crate) fn start(mut self) -> Running {
        let begun = Instant::now();
        let mut child = self.command.spawn().unwrap();
        let (say, said) = channel();
        let (hear, lines) = channel();
        let streams: [(Stream, Box<dyn Read + Send>); 2] = [
            (Stream::Out, Box::new(child.stdout.take().unwrap())),
            (Stream::Err, Box::new(child.stderr.take().unwrap())),
        ];
        for (stream, source) in streams {
            let (say, hear) = (say.clone(), hear.clone());
            std::thread::spawn(move || {
                let mut source = BufReader::new(source);
                let (mut text, mut line) = (String::new(), Vec::new());
                while source.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                    let said = String::from_utf8_lossy(&line).into_owned();
                    text.push_str(&said);
                    line.clear();
                    // Nobody listens any more where the test has failed already.
                    let _ = if stream == Stream::Err { hear.send(said) } else { Ok(()) };
                }
                let _ = say.send((stream, text));
            });
        }
        Running { folder: self.folder, child, said, lines, begun }
    }
}

impl Running {
    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until a line of its standard error has these words.
    pub(crate) fn until_it_says(&self, words: &str) {
        let is_meant = |line: String| line.contains(words);
        while !is_meant(self.lines.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("it doesn't say {words:?}")))
        {
        }
    }

    /// Waits for its end, which closes both of its streams.
    pub(crate) fn wait(mut self, limit: Duration) -> Ended {
        let deadline = Instant::now() + limit;
        let mut texts = BTreeMap::new();
        while texts.len() < 2 {
            let left = deadline.saturating_duration_since(Instant::now());
            let (stream, text) =
                self.said.recv_timeout(left).unwrap_or_else(|_| panic!("it hasn't ended after {limit:?}"));
            texts.insert(stream, text);
        }
        let status: ExitStatus = self.child.wait().unwrap();
        let mut text = |stream| texts.remove(&stream).unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Ended {
            folder,
            code: status.code(),
            out: text(Stream::Out),
            err: text(Stream::Err),
            took: self.begun.elapsed(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has usually ended, and then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The folder of the report.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("report")
    }

    /// Its `report.json`.
    pub(crate) fn report(&self) -> Report {
        let path = self.folder().join("report.json");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}; it said: {}", self.err));
        Report(serde_json::from_str(&text).unwrap())
    }

    /// The texts of all files of the report, and all it said.
    pub(crate) fn everything(&self) -> Vec<(String, String)> {
        let files = std::fs::read_dir(self.folder()).unwrap().map(|entry| {
            let path: PathBuf = entry.unwrap().path();
            (name(&path), std::fs::read_to_string(&path).unwrap())
        });
        let said = [("stdout".to_owned(), self.out.clone()), ("stderr".to_owned(), self.err.clone())];
        files.chain(said).collect()
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// A report as other programs read it.
#[derive(Debug)]
pub(crate) struct Report(pub(crate) Value);

/// How many requests ended with a status: `GET /ok 200` and its count.
pub(crate) type Statuses = BTreeMap<String, u64>;

impl Report {
    /// The value at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or_else(|| panic!("there is no {pointer} in {:#}", self.0))
    }

    /// The text at a JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap()
    }

    /// A count of the summary over all phases.
    pub(crate) fn total(&self, name: &str) -> u64 {
        self.at(&format!("/status/summary/{name}")).as_u64().unwrap()
    }

    /// Failed requests by class, over all phases.
    pub(crate) fn errors(&self) -> BTreeMap<String, u64> {
        let Some(errors) = self.0.pointer("/status/summary/errors") else { return BTreeMap::new() };
        let errors = errors.as_array().unwrap().iter();
        errors
            .map(|error| (error["class"].as_str().unwrap().to_owned(), error["count"].as_u64().unwrap()))
            .collect()
    }

    /// Responses by method, path and status, summed over phases.
    pub(crate) fn statuses(&self) -> Statuses {
        let mut counts = Statuses::new();
        for step in self.at("/steps").as_array().unwrap() {
            let request = format!("{} {}", step["method"].as_str().unwrap(), step["path"].as_str().unwrap());
            for (status, count) in step["statuses"].as_object().unwrap() {
                *counts.entry(format!("{request} {status}")).or_default() += count.as_u64().unwrap();
            }
        }
        counts
    }

    /// Responses by key of the first declared group, over all phases.
    pub(crate) fn keys(&self) -> BTreeMap<String, u64> {
        let keys = self.at("/status/summary/groups/0/keys").as_array().unwrap().iter();
        keys.map(|key| (key["key"].as_str().unwrap().to_owned(), key["count"].as_u64().unwrap())).collect()
    }
}
