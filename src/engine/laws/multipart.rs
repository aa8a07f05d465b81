//! What a reader of a form of several parts finds in it: what was written.

use serde_json::{Value, json};

/// A part as it is read: its name, that of its file, its media type, its bytes.
#[derive(Debug, PartialEq)]
struct Read<'b> {
    name: &'b str,
    file_name: Option<&'b str>,
    media_type: Option<&'b str>,
    content: &'b [u8],
}

/// A form with these texts in it, see [`request`](super::request).
pub(super) fn form<'t>(given: &impl Fn(usize) -> &'t str) -> Value {
    json!([
        {"name": given(1), "text": given(3), "fileName": given(0)},
        {"name": given(2), "file": {"file": "folder/a\"b.PNG"}},
        {"name": "plain", "text": "", "contentType": "text/x-own; charset=utf-8"},
    ])
}

/// What its Content-Type says to be the boundary.
pub(super) fn boundary(head: &str) -> Option<&str> {
    head.split_once("multipart/form-data; boundary=")?.1.split("\r\n").next()
}

/// What was sent is that form and no other one.
pub(super) fn is_the_form<'t>(sent: &[u8], content_type: &[u8], given: &impl Fn(usize) -> &'t str) {
    let shown = String::from_utf8_lossy(sent);
    let content_type = String::from_utf8_lossy(content_type);
    let Some(boundary) = boundary(&content_type) else { panic!("no boundary: {content_type}") };
    let Some(read) = read(sent, boundary) else { panic!("no form: {shown:?}") };
    let [text, file, plain] = &read[..] else { panic!("not three parts: {shown:?}") };
    for (read, written) in
        [(text.name, given(1)), (text.file_name.unwrap_or_default(), given(0)), (file.name, given(2))]
    {
        let is_filled_in = written.contains("${");
        assert!(is_filled_in || read == as_browsers_write(written), "{read:?} of {written:?}");
    }
    // A text in which nothing is named is sent as it was written; in a file, nothing is ever named.
    assert!(given(3).contains("${") || text.content == given(3).as_bytes(), "{shown:?}");
    assert_eq!((text.media_type, text.file_name.is_some()), (None, true), "{shown:?}");
    assert_eq!((file.file_name, file.media_type), (Some("a%22b.PNG"), Some("image/png")), "{shown:?}");
    assert_eq!(file.content, given(3).as_bytes(), "{shown:?}");
    let media_type = Some("text/x-own; charset=utf-8");
    assert_eq!(*plain, Read { name: "plain", file_name: None, media_type, content: b"" }, "{shown:?}");
}

fn as_browsers_write(text: &str) -> String {
    let code = |c: char| match c {
        '"' => "%22".to_owned(),
        '\r' => "%0D".to_owned(),
        '\n' => "%0A".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(code).collect()
}

/// The parts, by RFC 7578 and as strictly as any reader; none: it is no form of parts.
fn read<'b>(mut bytes: &'b [u8], boundary: &str) -> Option<Vec<Read<'b>>> {
    let line = format!("--{boundary}");
    let mut parts = Vec::new();
    bytes = bytes.strip_prefix(line.as_bytes())?;
    while let Some(rest) = bytes.strip_prefix(b"\r\n") {
        // Also where no line begins: there are readers that look no closer.
        let (part, behind) = cut(rest, line.as_bytes())?;
        parts.push(one(part.strip_suffix(b"\r\n")?)?);
        bytes = behind;
    }
    (bytes == b"--\r\n").then_some(parts)
}

fn one(part: &[u8]) -> Option<Read<'_>> {
    let (head, content) = cut(part, b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let disposition =
        lines.next()?.strip_prefix("Content-Disposition: form-data; name=\"")?.strip_suffix('"')?;
    let media_type = lines.next().map(|line| line.strip_prefix("Content-Type: ").unwrap_or("another header"));
    let (name, file_name) = match disposition.split_once("\"; filename=\"") {
        Some((name, file_name)) => (name, Some(file_name)),
        None => (disposition, None),
    };
    let holds_no_end = |text: &str| !text.contains(['"', '\r', '\n']);
    let is_sound = holds_no_end(name) && file_name.is_none_or(holds_no_end) && lines.next().is_none();
    is_sound.then_some(Read { name, file_name, media_type, content })
}

fn cut<'b>(bytes: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let place = bytes.windows(at.len()).position(|window| window == at)?;
    Some((&bytes[..place], &bytes[place + at.len()..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// Of what forms, names and delimiters are made.
    fn text() -> impl Strategy<Value = String> {
        let pieces = [
            "a",
            "\"",
            "\r",
            "\n",
            "\r\n",
            "--",
            "loadgate-",
            "; filename=",
            "${taken}",
            "${row.field}",
            "%22",
            "\\",
            "é",
            "/",
        ];
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_read_of_a_form_is_what_was_written(texts in prop::array::uniform7(text())) {
            // The first is a path too, which has an alphabet of its own, as has the header.
            let [mut path, name, mut header, body, variable, field, taken] = texts;
            path.retain(|c| c.is_ascii_graphic());
            header.retain(|c| !c.is_control());
            super::super::request([path, name, header, body, variable, field, taken].join("\0").as_bytes());
        }
    }
}
