//! What the headers of a response say of its length and of the connection behind it.

use super::NotHttp;

/// What the headers of a response say of its length and of the connection behind it.
#[derive(Debug, Default)]
pub(super) struct Framing {
    pub(super) length: Option<u64>,
    pub(super) chunked: bool,
    close: bool,
    keep_alive: bool,
}

impl Framing {
    /// Takes note of `header`. What can be read in two ways is refused: who reads it wrongly takes the rest of one
    /// response for the next.
    pub(super) fn note(&mut self, header: &httparse::Header<'_>) -> Result<(), NotHttp> {
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => self.length(header.value)?,
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                self.chunked = ends_with_chunked(header.value);
                if !self.chunked {
                    return Err(NotHttp);
                }
            }
            10 if header.name.eq_ignore_ascii_case("connection") => self.connection(header.value),
            _ => {}
        }
        Ok(())
    }

    /// Whether the connection can take another request. Not behind a response with chunks and a length: the chunks
    /// count (RFC 9112, 6.3), but somebody on the way may think otherwise.
    pub(super) fn keeps(&self, version: Option<u8>) -> bool {
        let contradicts_itself = self.chunked && self.length.is_some();
        !self.close && !contradicts_itself && (version == Some(1) || self.keep_alive)
    }

    fn length(&mut self, value: &[u8]) -> Result<(), NotHttp> {
        let length = number(value).ok_or(NotHttp)?;
        match self.length.replace(length) {
            Some(other) if other != length => Err(NotHttp),
            Some(_) | None => Ok(()),
        }
    }

    fn connection(&mut self, value: &[u8]) {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }
}

fn number(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all_digits.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

fn ends_with_chunked(value: &[u8]) -> bool {
    let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
    last.trim_ascii().eq_ignore_ascii_case(b"chunked")
}
