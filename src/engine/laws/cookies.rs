//! Cookies that a target sets never change more of a request than its one header.

use std::time::{Duration, Instant, SystemTime};

use super::super::jar::{Jar, Now};

/// The first line is the path that was asked for, each other one a Set-Cookie header of the response.
///
/// # Panics
/// When what is sent back isn't one header made of what was set, or a cookie of another host is kept.
pub fn cookies(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split(['\r', '\n']);
    let path = format!("/{}", lines.next().unwrap_or_default());
    let headers: Vec<&str> = lines.collect();
    let now = Now { even: Instant::now(), of_day: SystemTime::UNIX_EPOCH + Duration::from_hours(500_000) };
    let (mut jar, mut strange) = (Jar::default(), Jar::default());
    for header in &headers {
        jar.take(header, "shop.test", &path, now);
        strange.take(&format!("{header}; Domain=other.test"), "shop.test", &path, now);
    }
    assert!(strange.is_empty(), "the last Domain counts, and it is another's: {headers:?}");
    for asked in [path.as_str(), "/", "/shop/work?x=/y"] {
        let mut sent = Vec::new();
        jar.write(asked, now.even, &mut sent);
        if !sent.is_empty() {
            is_one_header(&String::from_utf8_lossy(&sent), &headers);
        }
    }
}

fn is_one_header(sent: &str, headers: &[&str]) {
    let Some(cookies) = sent.strip_prefix("Cookie: ").and_then(|sent| sent.strip_suffix("\r\n")) else {
        panic!("isn't a header: {sent:?}")
    };
    let breaks_out = |c: char| c.is_ascii_control() && c != '\t';
    assert!(!cookies.contains(breaks_out), "breaks out of its header: {sent:?}");
    for cookie in cookies.split("; ") {
        let (name, value) = cookie.split_once('=').unwrap_or_else(|| panic!("isn't a cookie: {cookie:?}"));
        let is_set = headers.iter().any(|header| header.contains(name) && header.contains(value));
        assert!(!name.is_empty() && is_set, "nobody set {cookie:?}: {headers:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found() {
        for input in [
            "shop/login\na=1\nb=2; Path=/; Max-Age=99999999999999999999",
            "\nexpired=1; Expires=Sun, 09 Sep 99999 01:46:44 GMT\n=\n;\nx",
            "\na=1; Max-Age=-99999999999999999999\nb=\"q; r\"",
        ] {
            cookies(input.as_bytes());
        }
    }
}
