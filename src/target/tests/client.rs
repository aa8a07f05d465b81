//! A target to test and a raw client for it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::target::{Options, Target};

/// Nothing on loopback takes this long; a test that would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_secs(20);

/// A target of its own on a free port.
pub(super) fn target(threads: usize) -> Target {
    Target::start(&Options { listen: (Ipv4Addr::LOCALHOST, 0).into(), threads }).unwrap()
}

/// Waits until something is so.
pub(super) fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "never came: {what}");
        thread::yield_now();
    }
}

/// One connection to a target.
pub(super) struct Client(BufReader<TcpStream>);

/// A whole response.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Client {
    pub(super) fn new(target: &Target) -> Self {
        let stream = TcpStream::connect(target.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends a request and leaves its response unread.
    pub(super) fn send(&mut self, method: &str, path: &str, body: &str) {
        let length =
            if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let request = format!("{method} {path} HTTP/1.1\r\nhost: velro\r\n{length}\r\n{body}");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    /// Reads the next response; an error if the connection ends before it does.
    pub(super) fn reply(&mut self) -> io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut reply = Reply { status: head[9..12].parse().unwrap(), head, body: String::new() };
        let mut body = vec![0; reply.header("content-length").map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body)?;
        reply.body = String::from_utf8(body).unwrap();
        Ok(reply)
    }

    /// Sends a request and reads its response.
    pub(super) fn ask(&mut self, method: &str, path: &str, body: &str) -> Reply {
        self.send(method, path, body);
        self.reply().unwrap()
    }

    pub(super) fn get(&mut self, path: &str) -> Reply {
        self.ask("GET", path, "")
    }

    /// Makes the target ill.
    pub(super) fn ill(&mut self, change: &str) {
        let reply = self.ask("POST", "/admin/ill", change);
        assert_eq!(reply.status, 200, "{change}: {}", reply.body);
    }

    pub(super) fn heal(&mut self) {
        assert_eq!(self.ask("POST", "/admin/reset", "").status, 200);
    }

    /// The target's state of health.
    pub(super) fn state(&mut self) -> Value {
        self.get("/admin/state").json()
    }

    /// Whether no byte of a response is there.
    pub(super) fn hears_nothing(&mut self) -> bool {
        self.0.get_ref().set_nonblocking(true).unwrap();
        let read = self.0.fill_buf().map(<[u8]>::len);
        self.0.get_ref().set_nonblocking(false).unwrap();
        matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Where the answer came from: `L1`, `L2`, `L3` or `MISS`; nothing for an answer beside the cache.
    pub(super) fn source(&self) -> &str {
        match self.header("x-cache") {
            Some("HIT") => self.header("x-cache-layer").unwrap(),
            other => other.unwrap_or_default(),
        }
    }
}
