//! A response is read alike however it is split.

use super::super::compiled::{Cookies, Wants};
use super::super::response::{Progress, Reader};

/// More aren't read one by one.
const MOST_SINGLE_BYTES: usize = 4096;

/// What reading came to.
#[derive(Debug, PartialEq)]
enum Read {
    Refused,
    /// Whether the end of the connection makes it complete, and what was read.
    Open(bool, Told),
    /// So many bytes lie behind it.
    Done(usize, Told),
}

/// What a reader tells.
#[derive(Debug, Default, PartialEq)]
struct Told {
    status: u16,
    keeps: bool,
    header: Option<String>,
    cookies: Vec<String>,
    body: Vec<u8>,
    is_too_long: bool,
}

/// The first byte says what is wanted of the response, the next four how large the pieces are, and the rest is what came.
///
/// # Panics
/// When it is read in two ways.
pub fn response(input: &[u8]) {
    let [how, a, b, c, d, bytes @ ..] = input else { return };
    let wants = Wants {
        headers: vec!["x-cache".to_owned()],
        body: how & 1 == 0,
        json: false,
        head_only: how & 2 != 0,
        cookies: if how & 4 == 0 { Cookies::Sent } else { Cookies::Ignored },
    };
    let whole = read([bytes], &wants);
    let sizes = [a, b, c, d].map(|size| usize::from(*size).pow(2) + 1);
    assert_eq!(read(pieces(bytes, &sizes), &wants), whole, "in pieces of {sizes:?}");
    // A head is looked at again with each piece of it.
    if bytes.len() <= MOST_SINGLE_BYTES {
        assert_eq!(read(bytes.chunks(1), &wants), whole, "byte by byte");
    }
}

/// Pieces of these sizes, in turn.
fn pieces<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        let (piece, rest) = bytes.split_at((*size).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
        if bytes.is_empty() {
            break;
        }
    }
    pieces
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, wants: &Wants) -> Read {
    let mut reader = Reader::default();
    reader.begin();
    let mut pieces = pieces.into_iter();
    while let Some(piece) = pieces.next() {
        match reader.feed(piece, wants) {
            Err(_) => return Read::Refused,
            Ok(Progress::More) => {}
            Ok(Progress::Done { left_over }) => {
                assert!(left_over <= piece.len(), "more is left over than there was");
                let behind = left_over + pieces.map(<[u8]>::len).sum::<usize>();
                return Read::Done(behind, told(&reader));
            }
        }
    }
    let is_complete = reader.closed();
    Read::Open(is_complete, if is_complete { told(&reader) } else { Told::default() })
}

fn told(reader: &Reader) -> Told {
    assert!(reader.status() >= 200, "an interim response isn't one");
    Told {
        status: reader.status(),
        keeps: reader.keep_alive(),
        header: reader.header(0).map(str::to_owned),
        cookies: reader.cookies().to_vec(),
        body: reader.body().to_vec(),
        is_too_long: reader.body_too_long(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In pieces of one byte and of more, and of nine hundred: no line that is too long comes in one of them.
    fn holds(bytes: &[u8]) {
        response(&[&[0, 0, 3, 9, 120], bytes].concat());
        response(&[&[0, 30, 30, 30, 30], bytes].concat());
    }

    #[test]
    fn found() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let long = "x".repeat(9_000);
        holds(format!("{chunked}1;{long}\r\nz\r\n0\r\n\r\n").as_bytes());
        holds(format!("{chunked}0\r\nT: {long}\r\n\r\n").as_bytes());
        holds(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(70_000)).as_bytes());
        holds(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n");
        holds(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nuntil the end");
        holds(b"");
    }
}
