//! How a value is written where it stands: raw, percent-encoded, within JSON, within quotes.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use super::Encoding;

impl Encoding {
    /// `value` as it is written here. Outside JSON a text stands for itself, null for nothing, and everything else
    /// for its JSON form.
    #[must_use]
    pub fn written(self, value: &Value) -> Cow<'_, str> {
        match (self, value) {
            (Encoding::JsonValue, value) => Cow::Owned(value.to_string()),
            (_, Value::String(text)) => self.written_text(text),
            (_, Value::Null) => Cow::Borrowed(""),
            (_, value) => Cow::Owned(self.written_text(&value.to_string()).into_owned()),
        }
    }

    /// `text` as it is written here.
    #[must_use]
    pub fn written_text(self, text: &str) -> Cow<'_, str> {
        match self {
            Encoding::Raw => Cow::Borrowed(text),
            Encoding::Percent => percent_encoded(text),
            Encoding::JsonText => json_escaped(text),
            Encoding::JsonValue => Cow::Owned(quoted(text)),
            Encoding::Quoted => within_quotes(text),
        }
    }
}

/// All but unreserved characters (RFC 3986) as `%XX`: right in a query and in a form alike.
fn percent_encoded(text: &str) -> Cow<'_, str> {
    let is_unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if text.bytes().all(is_unreserved) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if is_unreserved(byte) {
            written.push(char::from(byte));
        } else {
            // Writing to a String never fails.
            _ = write!(written, "%{byte:02X}");
        }
    }
    Cow::Owned(written)
}

/// What would end the quotes or the line as `%XX`, and nothing else (the HTML standard, on multipart/form-data).
fn within_quotes(text: &str) -> Cow<'_, str> {
    if !text.contains(['"', '\r', '\n']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A"))
}

fn json_escaped(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        return Cow::Borrowed(text);
    }
    let quoted = quoted(text);
    Cow::Owned(quoted[1..quoted.len() - 1].to_owned())
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_written_as_its_place_asks() {
        let text = json!("a b&\"é\n");
        for (encoding, value, want) in [
            (Encoding::Raw, &text, "a b&\"é\n"),
            (Encoding::Percent, &text, "a%20b%26%22%C3%A9%0A"),
            (Encoding::JsonText, &text, "a b&\\\"é\\n"),
            (Encoding::JsonValue, &text, "\"a b&\\\"é\\n\""),
            (Encoding::Raw, &json!(3), "3"),
            (Encoding::Raw, &json!(null), ""),
            (Encoding::Raw, &json!({"a": [1, true]}), "{\"a\":[1,true]}"),
            (Encoding::Percent, &json!([1]), "%5B1%5D"),
            (Encoding::JsonText, &json!({"a": 1}), "{\\\"a\\\":1}"),
            (Encoding::Quoted, &text, "a b&%22é%0A"),
            (Encoding::Quoted, &json!("50%\r\n--x"), "50%%0D%0A--x"),
            (Encoding::Quoted, &json!(["a"]), "[%22a%22]"),
            (Encoding::Quoted, &json!(null), ""),
            (Encoding::JsonValue, &json!(null), "null"),
            (Encoding::JsonValue, &json!(1.5), "1.5"),
        ] {
            assert_eq!(encoding.written(value), want, "{encoding:?} {value}");
        }
    }
}
