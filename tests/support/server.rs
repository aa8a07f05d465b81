//! A target in the test itself: a thread for each connection, which does with it whatever the test wants.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use rustix::net::{SendFlags, send};

/// A target; it accepts until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
    accepted: Arc<AtomicU64>,
    acceptor: Option<JoinHandle<()>>,
}

/// A connection, as the target has it.
pub(crate) struct Connection {
    stream: TcpStream,
    pending: Vec<u8>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Server {
    /// A target that does `serve` with each connection, on a thread of its own.
    pub(crate) fn start(serve: impl Fn(Connection) + Send + Sync + 'static) -> Self {
        Server::on(TcpListener::bind("127.0.0.1:0").unwrap(), serve)
    }

    /// The same on a socket that the test has made.
    pub(crate) fn on(listener: TcpListener, serve: impl Fn(Connection) + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let (ending, accepted) = (Arc::new(AtomicBool::new(false)), Arc::<AtomicU64>::default());
        let (ended, counter, serve) = (Arc::clone(&ending), Arc::clone(&accepted), Arc::new(serve));
        let acceptor = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                counter.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                // It ends with its connection, at the latest when the program under test does.
                std::thread::spawn(move || serve(Connection::new(stream)));
            }
        });
        Server { address, ending, accepted, acceptor: Some(acceptor) }
    }

    /// A target that answers every request with what `answer` makes of it.
    pub(crate) fn answering(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Server::start(move |mut connection| {
            while let Some(request) = connection.request() {
                connection.send(&answer(&request));
            }
        })
    }

    /// How many connections it has accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        // Wakes the acceptor; where that fails, it has ended already.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Connection {
    /// A connection that was accepted.
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Connection { stream, pending: Vec::new() }
    }

    /// The head of the next request; none: the other side has closed.
    pub(crate) fn head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.pending.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.pending.split_off(end + 4);
                return Some(String::from_utf8(std::mem::replace(&mut self.pending, rest)).unwrap());
            }
            self.read()?;
        }
    }

    /// The next request, head and body; none: the other side has closed.
    pub(crate) fn request(&mut self) -> Option<Request> {
        let request = Request { head: self.head()?, body: Vec::new() };
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.pending.len() < length {
            self.read()?;
        }
        let rest = self.pending.split_off(length);
        Some(Request { body: std::mem::replace(&mut self.pending, rest), ..request })
    }

    fn read(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        self.pending.extend_from_slice(&buffer[..count]);
        Some(())
    }

    /// Sends `bytes` at once.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        // The other side may have gone; its report will tell.
        let _ = self.stream.write_all(bytes);
    }

    /// Sends `bytes` at once; `false`: the other side has gone.
    pub(crate) fn sends(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Sends `bytes`, and waits until the other side has read them: what is sent next comes in a read of its own.
    pub(crate) fn send_until_read(&mut self, bytes: &[u8]) {
        self.send(bytes);
        let port = |address: std::io::Result<SocketAddr>| format!(":{:04X}", address.unwrap().port());
        let (ours, theirs) = (port(self.stream.local_addr()), port(self.stream.peer_addr()));
        // Their end of the connection, and that something lies there unread; without a line, they have closed it.
        let is_unread = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().take(5).collect();
            let [_, from, to, _, queues] = fields[..] else { return false };
            from.ends_with(&theirs) && to.ends_with(&ours) && !queues.ends_with(":00000000")
        };
        while std::fs::read_to_string("/proc/net/tcp").unwrap().lines().any(is_unread) {
            std::thread::yield_now();
        }
    }

    /// Sends `bytes` and the end of the stream in one packet: whoever has read the one knows of the other.
    pub(crate) fn send_last(&mut self, bytes: &[u8]) {
        // The other side may have gone; its report will tell.
        let _ = send(&self.stream, bytes, SendFlags::MORE | SendFlags::NOSIGNAL);
        self.finish();
    }

    /// Sends `bytes` without an end, for as long as the other side takes them; `between` is called after each.
    pub(crate) fn send_endlessly(&mut self, bytes: &[u8], mut between: impl FnMut()) {
        while self.sends(bytes) {
            between();
        }
    }

    /// Waits until the other side has closed, whatever it sends.
    pub(crate) fn wait_for_its_end(&mut self) {
        while self.read().is_some() {}
    }

    /// The socket itself, of which nothing was read yet.
    pub(crate) fn into_stream(self) -> TcpStream {
        assert!(self.pending.is_empty(), "something was read from it");
        self.stream
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Resets it: whatever the other side does next, it fails.
    pub(crate) fn reset(self) {
        let socket = socket2::Socket::from(self.stream);
        socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }
}

impl Request {
    /// Method and path: `GET /ok`.
    pub(crate) fn line(&self) -> &str {
        self.head.split(" HTTP/1.1\r\n").next().unwrap()
    }

    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let mut headers = lines.filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A response with `body` and its length; `headers` are whole lines.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}
