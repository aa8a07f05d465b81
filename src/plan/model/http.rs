//! What is spoken to the target, and which client speaks it.

use std::fmt;

use super::{Header, HttpVersion};

/// What is spoken to the target, and which client speaks it.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// The client.
    pub tier: Tier,
    /// Why it is the full one: the fields that ask for it, with their values; empty where it is the fast one.
    pub reasons: Vec<String>,
    /// The version of HTTP.
    pub version: HttpVersion,
    /// How many redirects of a request are followed.
    pub redirects: u32,
    /// What requests go through; none: straight to the target.
    pub proxy: Option<Proxy>,
}

/// A client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// HTTP/1.1 over bare sockets.
    #[default]
    Fast,
    /// The one that speaks everything.
    Full,
}

/// An HTTP proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// What it is told of who comes; none: nothing.
    pub authorization: Option<Header>,
}

impl Http {
    /// What is offered where TLS is agreed on.
    #[must_use]
    pub fn alpn(&self) -> Vec<Vec<u8>> {
        match self.version {
            HttpVersion::One => vec![b"http/1.1".to_vec()],
            HttpVersion::Two => vec![b"h2".to_vec()],
        }
    }

    /// The client and what it speaks: `full (HTTP/2)`.
    #[must_use]
    pub fn engine(&self) -> String {
        let version = match self.version {
            HttpVersion::One => "HTTP/1.1",
            HttpVersion::Two => "HTTP/2",
        };
        format!("{} ({version})", self.tier)
    }
}

impl Proxy {
    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Tier::Fast => "fast",
            Tier::Full => "full",
        })
    }
}
