//! Reads HTTP/1.1 responses from chunks of any size: what must be kept is kept, the rest is counted.

mod framing;

use std::mem::MaybeUninit;

use super::compiled::{Cookies, Wants};
use crate::plan::coding::{Coding, Inflated};
use framing::Framing;

/// The most bytes of a response's head.
pub(super) const LONGEST_HEAD: usize = 64 * 1024;
/// The most headers of a response.
const MOST_HEADERS: usize = 100;
/// The most bytes of a body that are kept for checks and extracts.
const LONGEST_KEPT_BODY: usize = 1024 * 1024;
/// The most bytes of a chunk's size line or of a trailer.
const LONGEST_LINE: usize = 8 * 1024;

/// Reads one response at a time; its buffers serve for all of a connection.
#[derive(Debug, Default)]
pub(super) struct Reader {
    state: State,
    status: u16,
    keep_alive: bool,
    /// Bytes of a head or of a line that came in pieces.
    carry: Vec<u8>,
    /// Values of wanted headers, one after the other, and where each stands.
    kept: Vec<u8>,
    places: Vec<Option<(u32, u32)>>,
    body: Vec<u8>,
    body_too_long: bool,
    /// The values of all Set-Cookie headers, where cookies are kept.
    cookies: Vec<String>,
    /// How the body is compressed, where it was wanted.
    coding: Option<Coding>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    Sized(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
    Done,
}

/// What a chunk of bytes led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The response isn't complete.
    More,
    /// It is; these many bytes of the chunk lie behind it.
    Done { left_over: usize },
}

/// Bytes that aren't HTTP/1.1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotHttp;

impl Reader {
    /// Makes ready for the next response.
    pub(super) fn begin(&mut self) {
        self.state = State::Head;
        self.carry.clear();
        self.body.clear();
        self.body_too_long = false;
    }

    /// Whether bytes of a response's head or more have come.
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// Whether the connection can take another request.
    pub(super) fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// The value of the wanted header at `place`.
    pub(super) fn header(&self, place: usize) -> Option<&str> {
        let (from, to) = (*self.places.get(place)?)?;
        std::str::from_utf8(&self.kept[from as usize..to as usize]).ok()
    }

    /// The values of all Set-Cookie headers, where cookies are kept.
    pub(super) fn cookies(&self) -> &[String] {
        &self.cookies
    }

    /// The body, where it was wanted.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the body was wanted but is larger than what is kept.
    pub(super) fn body_too_long(&self) -> bool {
        self.body_too_long
    }

    /// Makes a body readable that came compressed.
    pub(super) fn inflate(&mut self) -> Result<(), NotHttp> {
        let Some(coding) = self.coding.filter(|_| !self.body.is_empty() && !self.body_too_long) else {
            return Ok(());
        };
        match coding.inflate(&self.body, LONGEST_KEPT_BODY).map_err(|_| NotHttp)? {
            Inflated::Whole(body) => self.body = body,
            Inflated::TooLong => self.body_too_long = true,
        }
        Ok(())
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8], wants: &Wants) -> Result<Progress, NotHttp> {
        let mut rest = bytes;
        loop {
            rest = match self.state {
                State::Done => return Ok(Progress::Done { left_over: rest.len() }),
                State::Head => match self.head(rest, wants)? {
                    Some(rest) => rest,
                    None => return Ok(Progress::More),
                },
                _ if rest.is_empty() => return Ok(Progress::More),
                State::Sized(left) => self.sized(rest, left, wants),
                State::UntilClose => self.keep(rest, wants),
                State::ChunkSize | State::ChunkEnd | State::Trailers => match self.line(rest)? {
                    Some(rest) => rest,
                    None => return Ok(Progress::More),
                },
                State::Chunk(left) => self.chunk(rest, left, wants),
            };
        }
    }

    /// Begins with a head that was read elsewhere.
    pub(super) fn begin_with<'h>(
        &mut self,
        status: u16,
        headers: impl Iterator<Item = (&'h str, &'h [u8])>,
        wants: &Wants,
    ) {
        self.begin();
        self.status = status;
        self.forget_headers(wants);
        for (name, value) in headers {
            self.keep_header(&httparse::Header { name, value }, wants);
        }
    }

    /// Takes a piece of its body.
    pub(super) fn keep_piece(&mut self, bytes: &[u8], wants: &Wants) {
        self.keep(bytes, wants);
    }

    /// The connection takes no further request.
    pub(super) fn close(&mut self) {
        self.keep_alive = false;
    }

    /// The connection was closed: is the response complete by that?
    pub(super) fn closed(&mut self) -> bool {
        let complete = self.state == State::UntilClose;
        if complete {
            self.state = State::Done;
        }
        complete
    }

    fn head<'b>(&mut self, bytes: &'b [u8], wants: &Wants) -> Result<Option<&'b [u8]>, NotHttp> {
        if self.carry.is_empty() {
            // Most heads come in one piece and are parsed where they are.
            if let Some(length) = self.parse_head(bytes, wants)? {
                return Ok(Some(&bytes[length..]));
            }
            self.carry.extend_from_slice(bytes);
        } else {
            let before = self.carry.len();
            self.carry.extend_from_slice(bytes);
            let carried = std::mem::take(&mut self.carry);
            let parsed = self.parse_head(&carried, wants);
            self.carry = carried;
            if let Some(length) = parsed? {
                self.carry.clear();
                return Ok(Some(&bytes[length - before..]));
            }
        }
        if self.carry.len() > LONGEST_HEAD { Err(NotHttp) } else { Ok(None) }
    }

    /// Reads a head and sets what follows it. Interim responses (1xx) are passed over.
    fn parse_head(&mut self, bytes: &[u8], wants: &Wants) -> Result<Option<usize>, NotHttp> {
        let mut passed = 0;
        loop {
            let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
            let mut response = httparse::Response::new(&mut []);
            let outcome = httparse::ParserConfig::default()
                .parse_response_with_uninit_headers(&mut response, &bytes[passed..], &mut headers)
                .map_err(|_| NotHttp)?;
            let httparse::Status::Complete(length) = outcome else { return Ok(None) };
            passed += length;
            let status = response.code.ok_or(NotHttp)?;
            if passed > LONGEST_HEAD || status < 100 || status == 101 {
                return Err(NotHttp);
            }
            if status >= 200 {
                self.status = status;
                self.accept(&response, wants)?;
                return Ok(Some(passed));
            }
        }
    }

    fn accept(&mut self, response: &httparse::Response<'_, '_>, wants: &Wants) -> Result<(), NotHttp> {
        self.forget_headers(wants);
        let mut framing = Framing::default();
        for header in response.headers.iter() {
            framing.note(header)?;
            self.keep_header(header, wants);
        }
        self.state = match (self.has_no_body(wants), framing.chunked, framing.length) {
            (true, ..) | (false, false, Some(0)) => State::Done,
            (false, true, _) => State::ChunkSize,
            (false, false, Some(length)) => State::Sized(length),
            (false, false, None) => State::UntilClose,
        };
        self.keep_alive = self.state != State::UntilClose && framing.keeps(response.version);
        Ok(())
    }

    fn forget_headers(&mut self, wants: &Wants) {
        self.kept.clear();
        self.places.clear();
        self.places.resize(wants.headers.len(), None);
        self.cookies.clear();
        self.coding = None;
    }

    fn has_no_body(&self, wants: &Wants) -> bool {
        wants.head_only || matches!(self.status, 204 | 304)
    }

    fn keep_header(&mut self, header: &httparse::Header<'_>, wants: &Wants) {
        if wants.cookies != Cookies::Ignored && header.name.eq_ignore_ascii_case("set-cookie") {
            self.cookies.extend(std::str::from_utf8(header.value).map(str::to_owned));
        }
        if wants.body && header.name.eq_ignore_ascii_case("content-encoding") {
            self.coding = Coding::named(header.value);
        }
        let Some(place) = wants.headers.iter().position(|name| header.name.eq_ignore_ascii_case(name)) else {
            return;
        };
        // The first of several counts. A head is far smaller than 4 GiB.
        if self.places[place].is_none() {
            let from = u32::try_from(self.kept.len()).unwrap_or(u32::MAX);
            self.kept.extend_from_slice(header.value);
            let to = u32::try_from(self.kept.len()).unwrap_or(u32::MAX);
            self.places[place] = Some((from, to));
        }
    }

    fn sized<'b>(&mut self, bytes: &'b [u8], left: u64, wants: &Wants) -> &'b [u8] {
        let taken = take(bytes, left);
        self.keep(taken, wants);
        let left = left - taken.len() as u64;
        self.state = if left == 0 { State::Done } else { State::Sized(left) };
        &bytes[taken.len()..]
    }

    fn chunk<'b>(&mut self, bytes: &'b [u8], left: u64, wants: &Wants) -> &'b [u8] {
        let taken = take(bytes, left);
        self.keep(taken, wants);
        let left = left - taken.len() as u64;
        self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
        &bytes[taken.len()..]
    }

    /// Takes a line of the chunked coding, once it is complete.
    fn line<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<&'b [u8]>, NotHttp> {
        let end = memchr::memchr(b'\n', bytes);
        self.carry.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
        // However it comes: what is refused in pieces is refused as a whole.
        if self.carry.len() > LONGEST_LINE {
            return Err(NotHttp);
        }
        let Some(end) = end else { return Ok(None) };
        let carried = std::mem::take(&mut self.carry);
        self.state = self.after_line(carried.strip_suffix(b"\r").ok_or(NotHttp)?)?;
        self.carry = carried;
        self.carry.clear();
        Ok(Some(&bytes[end + 1..]))
    }

    fn after_line(&self, line: &[u8]) -> Result<State, NotHttp> {
        match (self.state, line) {
            (State::ChunkEnd, []) => Ok(State::ChunkSize),
            (State::ChunkEnd, _) => Err(NotHttp),
            (State::Trailers, []) => Ok(State::Done),
            (State::Trailers, _) => Ok(State::Trailers),
            (_, line) => match chunk_size(line).ok_or(NotHttp)? {
                0 => Ok(State::Trailers),
                size => Ok(State::Chunk(size)),
            },
        }
    }

    fn keep<'b>(&mut self, bytes: &'b [u8], wants: &Wants) -> &'b [u8] {
        if wants.body {
            let room = LONGEST_KEPT_BODY - self.body.len();
            self.body_too_long |= bytes.len() > room;
            self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        &bytes[bytes.len()..]
    }
}

fn take(bytes: &[u8], most: u64) -> &[u8] {
    &bytes[..usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()))]
}

/// The size before any chunk extension.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let valid = !digits.is_empty() && digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit);
    valid.then(|| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten()
}

#[cfg(test)]
mod tests;
