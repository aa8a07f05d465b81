//! nginx with its access log on, as a second opinion on what was sent.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The longest that nginx may take to end once asked to.
const LIMIT: Duration = Duration::from_secs(10);

/// A running nginx. Dropped, it is ended.
pub(crate) struct Nginx {
    prefix: TempDir,
    address: SocketAddr,
    child: Child,
}

/// A line of the access log.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// When it was answered, in seconds since 1970.
    pub(crate) at: f64,
    /// Method, path and status: `GET /ok 200`.
    pub(crate) seen: String,
    pub(crate) cache: String,
    pub(crate) account: String,
    pub(crate) user_agent: String,
}

/// nginx, where it is installed. In CI it must be.
pub(crate) fn start() -> Option<Nginx> {
    let Some(program) = installed() else {
        let told = "nginx isn't installed: what is reported is NOT compared with its access log";
        assert!(std::env::var_os("CI").is_none(), "{told}");
        // Past the capture of the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "\n*** {told} ***\n");
        return None;
    };
    let prefix = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::fs::write(prefix.path().join("nginx.conf"), configuration(address)).unwrap();
    let child = Command::new(program)
        .arg("-p")
        .arg(prefix.path())
        .args(["-c", "nginx.conf", "-e", "error.log"])
        // It takes over the socket as from an nginx that it replaces: no port is free for a moment in between, and
        // connections are queued from now on, so that nobody needs to wait until it is up.
        .env("NGINX", "0;")
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Some(Nginx { prefix, address, child })
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join("nginx")).find(|program| program.is_file())
}

fn configuration(address: SocketAddr) -> String {
    // 80 bytes, as the answer of a small API.
    let body =
        format!(r#"{{"id":17,"name":"lighthouse","tags":["dusk","sea"],"note":"{}"}}"#, "x".repeat(19));
    assert_eq!(body.len(), 80);
    format!(
        r"
daemon off;
worker_processes 1;
pid nginx.pid;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    log_format seen '$msec $request_method $uri $status $sent_http_x_cache $sent_http_x_account $http_user_agent';
    access_log access.log seen;
    keepalive_requests 1000000000;
    keepalive_timeout 60s;
    default_type application/json;
    split_clients $request_id $cache {{ 80% HIT; * MISS; }}
    split_clients a$request_id $account {{ 50% acme; 30% globex; * initech; }}
    server {{
        listen {address};
        location = /ok {{
            add_header X-Cache $cache;
            add_header X-Account $account;
            return 200 '{body}';
        }}
        location = /created {{ return 201 '{{}}'; }}
        location = /missing {{ return 404 '{{}}'; }}
        location = /error {{ return 500 '{{}}'; }}
    }}
}}
"
    )
}

impl Nginx {
    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it gracefully: `GET /ok 200` for each request that it has served.
    pub(crate) fn seen(self) -> Vec<String> {
        self.log().into_iter().map(|line| line.seen).collect()
    }

    /// Ends it gracefully and reads its log.
    pub(crate) fn log(mut self) -> Vec<Line> {
        let status = self.end(Signal::QUIT);
        let read = |name: &str| std::fs::read_to_string(self.prefix.path().join(name)).unwrap_or_default();
        assert!(status.success(), "nginx ended with {status}: {}", read("error.log"));
        read("access.log").lines().map(line).collect()
    }

    /// Asks it to end by `signal`, and waits until it and its worker have.
    fn end(&mut self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_child(&self.child);
        // It fails where nginx has ended by itself, as the status will tell.
        let _ = kill_process(pid, signal);
        let (over, is_over) = channel::<()>();
        let guard = std::thread::spawn(move || {
            if is_over.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let status = self.child.wait().unwrap();
        drop(over);
        guard.join().unwrap();
        status
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Not killed: its worker would stay behind.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.end(Signal::TERM);
        }
    }
}

fn line(text: &str) -> Line {
    let mut words = text.splitn(7, ' ').map(str::to_owned);
    let mut word = || words.next().unwrap_or_else(|| panic!("a line of the log is short: {text:?}"));
    Line {
        at: word().parse().unwrap(),
        seen: format!("{} {} {}", word(), word(), word()),
        cache: word(),
        account: word(),
        user_agent: word(),
    }
}
