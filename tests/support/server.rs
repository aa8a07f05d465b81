//! A target in the test itself: a thread for each connection, which does with it whatever the test wants.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A target; it accepts until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ending = Arc::new(AtomicBool::new(false));
        let (ended, serve) = (Arc::clone(&ending), Arc::new(serve));
        let acceptor = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                stream.set_nodelay(true).unwrap();
                let serve = Arc::clone(&serve);
                // It ends with its connection, at the latest when the program under test does.
                std::thread::spawn(move || serve(Connection { stream, pending: Vec::new() }));
            }
        });
        Server { address, ending, acceptor: Some(acceptor) }
    }

    /// A target that answers every request with what `answer` makes of it.
    pub(crate) fn answering(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Server::start(move |mut connection| {
            while let Some(request) = connection.request() {
                connection.send(&answer(&request));
            }
        })
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
    /// The next request, head and body; none: the other side has closed.
    pub(crate) fn request(&mut self) -> Option<Request> {
        let head = loop {
            if let Some(end) = self.pending.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.pending.split_off(end + 4);
                break String::from_utf8(std::mem::replace(&mut self.pending, rest)).unwrap();
            }
            self.read()?;
        };
        let request = Request { head, body: Vec::new() };
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

    /// Waits until the other side has closed, whatever it sends.
    pub(crate) fn wait_for_its_end(&mut self) {
        while self.read().is_some() {}
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
