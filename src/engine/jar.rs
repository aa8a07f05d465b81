//! The cookies of one user, of the one host that it asks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cookie::Cookie;

/// The most cookies of a user; of more the oldest go.
const MOST: usize = 64;
/// The most bytes of a cookie's name and value.
const LONGEST: usize = 4096;

/// The cookies of one user.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Kept>);

#[derive(Debug)]
struct Kept {
    name: String,
    value: String,
    path: String,
    /// None: as long as the user.
    until: Option<Instant>,
}

/// When something is looked at: by the clock that goes evenly, and by that of the day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) even: Instant,
    pub(super) of_day: SystemTime,
}

impl Now {
    pub(super) fn new() -> Self {
        Now { even: Instant::now(), of_day: SystemTime::now() }
    }
}

impl Jar {
    /// Takes what the header of a response to a request of `path` says, if it is about `host`.
    pub(super) fn take(&mut self, header: &str, host: &str, path: &str, now: Now) {
        let Ok(cookie) = Cookie::parse(header) else { return };
        let (name, value) = (cookie.name(), cookie.value());
        let is_fit = !name.is_empty()
            && name.len() + value.len() <= LONGEST
            && !header.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t');
        if !is_fit || !cookie.domain().is_none_or(|domain| covers(domain, host)) {
            return;
        }
        let path = match cookie.path() {
            Some(path) if path.starts_with('/') => path,
            _ => default_path(path),
        };
        self.0.retain(|kept| kept.name != name || kept.path != path);
        let until = match lifetime(&cookie, now.of_day) {
            Some(Duration::ZERO) => return,
            Some(length) => now.even.checked_add(length),
            None => None,
        };
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Kept { name: name.to_owned(), value: value.to_owned(), path: path.to_owned(), until });
    }

    /// Appends the header that a request of `path` has, where there is one: longer paths first.
    pub(super) fn write(&self, path: &str, now: Instant, out: &mut Vec<u8>) {
        let is_meant = |kept: &&Kept| lies_in(path, &kept.path) && kept.until.is_none_or(|until| now < until);
        let mut meant: Vec<&Kept> = self.0.iter().filter(is_meant).collect();
        meant.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        for (place, kept) in meant.into_iter().enumerate() {
            out.extend_from_slice(if place == 0 { b"Cookie: " } else { b"; " });
            out.extend_from_slice(kept.name.as_bytes());
            out.push(b'=');
            out.extend_from_slice(kept.value.as_bytes());
        }
        if !out.is_empty() {
            out.extend_from_slice(b"\r\n");
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// For how long it is kept from now on; none: as long as the user. Max-Age goes before Expires.
fn lifetime(cookie: &Cookie<'_>, now: SystemTime) -> Option<Duration> {
    let whole = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    if let Some(age) = cookie.max_age() {
        return Some(whole(age.whole_seconds()));
    }
    let expires = UNIX_EPOCH + whole(cookie.expires_datetime()?.unix_timestamp());
    Some(expires.duration_since(now).unwrap_or_default())
}

/// Whether a cookie's domain is the host, or one above it. Addresses have none above.
fn covers(domain: &str, host: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let is_name = host.parse::<std::net::IpAddr>().is_err();
    host == domain || (is_name && domain.contains('.') && host.ends_with(&format!(".{domain}")))
}

/// RFC 6265, 5.1.4: what stands before the last slash.
fn default_path(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

/// RFC 6265, 5.1.4: whether a path is that of a cookie, or below it.
fn lies_in(path: &str, of: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    match path.strip_prefix(of) {
        Some(rest) => rest.is_empty() || of.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Now {
        Now { even: Instant::now(), of_day: UNIX_EPOCH + Duration::from_secs(1_000_000_000) }
    }

    /// What a request of `path` is sent with after these headers came in response to one of /shop/login?a=/b.
    fn sent(headers: &[&str], path: &str) -> String {
        let (mut jar, now) = (Jar::default(), now());
        for header in headers {
            jar.take(header, "shop.test", "/shop/login?a=/b", now);
        }
        let mut out = Vec::new();
        jar.write(path, now.even + Duration::from_secs(5), &mut out);
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn a_cookie_is_sent_back_where_its_path_says() {
        for (headers, path, want) in [
            (&["a=1"][..], "/shop/work", "Cookie: a=1\r\n"),
            (&["a=1"], "/shop?x=/shop/", "Cookie: a=1\r\n"),
            (&["a=1"], "/shopping", ""),
            (&["a=1; Path=/"], "/other", "Cookie: a=1\r\n"),
            (&["a=1; Path=nothing"], "/shop/work", "Cookie: a=1\r\n"),
            (&["a=1; Path=/", "b=2; Path=/shop/work"], "/shop/work/1", "Cookie: b=2; a=1\r\n"),
            (&["a=1; Path=/", "a=2; Path=/"], "/", "Cookie: a=2\r\n"),
            (&["a=b=c==; Secure; HttpOnly; SameSite=Lax"], "/shop", "Cookie: a=b=c==\r\n"),
            (&["", "=1", "nothing"], "/shop", ""),
        ] {
            assert_eq!(sent(headers, path), want, "{headers:?} {path}");
        }
    }

    #[test]
    fn a_cookie_goes_when_its_time_is_over_and_is_never_anothers() {
        for (headers, want) in [
            (&["a=1; Max-Age=6"][..], "Cookie: a=1\r\n"),
            (&["a=1; Max-Age=4"], ""),
            (&["a=1", "a=; Max-Age=0"], ""),
            (&["a=1", "a=2; Max-Age=-5"], ""),
            (&["a=1; Expires=Sun, 09 Sep 2001 01:46:44 GMT"], ""),
            (&["a=1; Expires=Sun, 09 Sep 2001 01:46:50 GMT"], "Cookie: a=1\r\n"),
            (&["a=1; Expires=Sun, 09 Sep 2001 01:46:44 GMT; Max-Age=9"], "Cookie: a=1\r\n"),
            (&["a=1; Domain=shop.test"], "Cookie: a=1\r\n"),
            (&["a=1; Domain=.Shop.Test"], "Cookie: a=1\r\n"),
            (&["a=1; Domain=other.test", "b=1; Domain=test", "c=1; Domain=x.shop.test"], ""),
        ] {
            assert_eq!(sent(headers, "/shop"), want, "{headers:?}");
        }
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let mut jar = Jar::default();
        for number in 0..MOST + 3 {
            jar.take(&format!("c{number}=1"), "shop", "/", now());
        }
        assert_eq!((jar.0.len(), jar.0[0].name.as_str()), (MOST, "c3"));
        jar.take(&format!("long={}", "a".repeat(LONGEST)), "shop", "/", now());
        assert!(jar.0.iter().all(|kept| kept.name != "long"));
    }
}
