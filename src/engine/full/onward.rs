//! Redirects: where a response leads, and what is asked there. Only within the target: who leads elsewhere isn't followed.

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, LOCATION,
};
use reqwest::{Body, Method, Request, Response, Url};

use super::Pattern;
use crate::engine::compiled::Cookies;
use crate::engine::cookies::OwnCookies;

/// What a redirected request goes on with.
pub(super) struct Onward {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Onward {
    /// What `request` goes on with, should it be redirected.
    pub(super) fn of(request: &Request) -> Self {
        Onward {
            method: request.method().clone(),
            url: request.url().clone(),
            headers: request.headers().clone(),
            body: request.body().and_then(Body::as_bytes).map(<[u8]>::to_vec),
        }
    }

    /// Where `response` leads it; none: nowhere.
    pub(super) fn led_by(mut self: Box<Self>, response: &Response) -> Option<Box<Self>> {
        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION)?;
        match status {
            301 | 302 if self.method == Method::POST => self.becomes_get(),
            303 if self.method != Method::HEAD => self.becomes_get(),
            301 | 302 | 303 | 307 | 308 => {}
            _ => return None,
        }
        // What can't be read leads out of the target, which nobody follows.
        let to = std::str::from_utf8(location.as_bytes()).ok().and_then(|to| self.url.join(to).ok());
        self.url = to.unwrap_or_else(elsewhere);
        Some(self)
    }

    fn becomes_get(&mut self) {
        self.method = Method::GET;
        self.body = None;
        for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
            self.headers.remove(name);
        }
    }

    /// The request to be sent next; none: it leads out of the target.
    pub(super) fn request(
        mut self: Box<Self>,
        pattern: &Pattern,
        which: Cookies,
        cookies: &mut OwnCookies,
    ) -> Option<Request> {
        let path = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        let url = pattern.within(&self.url, &path)?;
        if which == Cookies::Sent {
            self.headers.remove(COOKIE);
            let cookie = cookies.value(&path).and_then(|cookie| HeaderValue::from_str(&cookie).ok());
            cookie.map(|cookie| self.headers.insert(COOKIE, cookie));
        }
        let mut request = Request::new(self.method, url);
        *request.headers_mut() = self.headers;
        *request.body_mut() = self.body.map(Body::from);
        Some(request)
    }
}

fn elsewhere() -> Url {
    match Url::parse("nowhere:") {
        Ok(url) => url,
        Err(_) => unreachable!("a scheme alone is a URL"),
    }
}
