//! Which of the target's paths and methods a request asks for.

use hyper::Method;

/// A request's method, as counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Head,
    Options,
    Other,
}

impl Verb {
    pub(super) const ALL: [Self; 8] =
        [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Head, Self::Options, Self::Other];

    pub(super) fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::HEAD => Self::Head,
            Method::OPTIONS => Self::Options,
            _ => Self::Other,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Other => "other",
        }
    }
}

/// A path of the service, as counted; the last four are control, never load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Path {
    Health,
    Auth,
    Authz,
    Generations,
    Models,
    Media,
    Unknown,
    Cache,
    Metrics,
    Stats,
    Admin,
}

impl Path {
    pub(super) const ALL: [Self; 11] = [
        Self::Health,
        Self::Auth,
        Self::Authz,
        Self::Generations,
        Self::Models,
        Self::Media,
        Self::Unknown,
        Self::Cache,
        Self::Metrics,
        Self::Stats,
        Self::Admin,
    ];

    /// The paths answered through the cache on GET.
    pub(super) const CACHED: [Self; 4] = [Self::Authz, Self::Generations, Self::Models, Self::Media];

    pub(super) fn of(path: &str) -> Self {
        match path {
            "/health" => Self::Health,
            "/auth" => Self::Auth,
            "/authz" => Self::Authz,
            "/generations" => Self::Generations,
            "/models" => Self::Models,
            "/media" => Self::Media,
            "/cache" => Self::Cache,
            "/metrics" => Self::Metrics,
            "/stats" => Self::Stats,
            deeper if deeper.starts_with("/cache/") => Self::Cache,
            deeper if deeper.starts_with("/admin/") => Self::Admin,
            _ => Self::Unknown,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Health => "/health",
            Self::Auth => "/auth",
            Self::Authz => "/authz",
            Self::Generations => "/generations",
            Self::Models => "/models",
            Self::Media => "/media",
            Self::Unknown => "other",
            Self::Cache => "/cache",
            Self::Metrics => "/metrics",
            Self::Stats => "/stats",
            Self::Admin => "/admin",
        }
    }

    /// Whether requests to this path steer or watch the target instead of loading it.
    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Cache | Self::Metrics | Self::Stats | Self::Admin)
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) verb: Verb,
    pub(super) path: Path,
}

/// The value of `user` or `key` in a query, whichever comes first; `default` without either.
pub(super) fn cache_key(query: Option<&str>) -> &str {
    let named = |pair: &'_ str| pair.starts_with("user=") || pair.starts_with("key=");
    let pair = query.and_then(|query| query.split('&').find(|pair| named(pair)));
    pair.and_then(|pair| pair.split_once('=')).map_or("default", |(_, value)| value)
}
