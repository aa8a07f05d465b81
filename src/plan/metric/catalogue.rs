//! Every metric that can be named, with what it is measured in and what it means.

/// A metric, or a family of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name without arguments: `latency.p95`, `count`.
    pub name: &'static str,
    /// How it is written: `count(group=key)`.
    pub form: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What stands in the brackets.
    pub(super) argument: Argument,
}

/// What stands in a metric's brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    None,
    /// An error class.
    Class,
    /// A status.
    Status,
    /// `layer=L1`, or nothing.
    Layer,
    /// `group=key`.
    GroupKey,
    /// A group.
    Group,
}

const fn plain(name: &'static str, meaning: &'static str) -> Entry {
    Entry { name, form: name, meaning, argument: Argument::None }
}

const fn with(name: &'static str, form: &'static str, argument: Argument, meaning: &'static str) -> Entry {
    Entry { name, form, meaning, argument }
}

/// The families of times, and what they measure. Each has the statistics of [`STATISTICS`].
pub(super) const FAMILIES: [(&str, &str); 6] = [
    ("latency", "response time: from the intended start to the last byte"),
    ("service", "service time: from the moment of sending to the last byte"),
    ("ttfb", "from the moment of sending to the first byte of the response"),
    ("connect", "opening a connection"),
    ("tls", "agreeing on TLS over a new connection"),
    ("lag", "how late iterations began"),
];

/// The statistics of times.
pub(super) const STATISTICS: [&str; 8] = ["p50", "p90", "p95", "p99", "p999", "mean", "min", "max"];
/// The statistics of declared values.
pub(super) const VALUE_STATISTICS: [&str; 5] = ["p50", "p95", "p99", "mean", "max"];
/// A statistic that only declared values have.
pub(super) const VALUE_SUM: &str = "sum";

/// All but times and declared values.
const OTHERS: [Entry; 26] = [
    plain(
        "latency.slope",
        "how fast response times grow: the slope of the line through the means of the seconds",
    ),
    plain("duration", "from the first request sent to the last response"),
    plain("requests", "requests that ended, well or badly"),
    plain("iterations", "iterations that ended"),
    plain("rate", "completed requests per second"),
    plain("rate.iterations", "completed iterations per second"),
    plain("rate.sustained", "the least completed requests per second over any 10 s"),
    plain("rate.peak", "the most completed requests in one second"),
    plain("users.max", "the most users at once"),
    plain("inflight.max", "the most requests in flight at once"),
    plain("dropped", "iterations that were due and never begun: no free user, or no row of the data left"),
    plain("bytes.sent", "bytes written"),
    plain("bytes.received", "bytes read"),
    plain("success_rate", "succeeded requests, as a share of all"),
    plain("error_rate", "failed requests, as a share of all"),
    with("errors", "errors(5xx)", Argument::Class, "requests that failed in one way"),
    with("status", "status(200)", Argument::Status, "responses with a status"),
    with(
        "cache.hit_rate",
        "cache.hit_rate",
        Argument::Layer,
        "hits (of one layer), as a share of hits and misses",
    ),
    plain("cache.hits", "responses from the cache"),
    plain("cache.misses", "responses that the cache didn't have"),
    with("count", "count(group=key)", Argument::GroupKey, "responses with a key"),
    with("share", "share(group=key)", Argument::GroupKey, "responses with a key, as a share of all with one"),
    with("share.max", "share.max(group)", Argument::Group, "the greatest share of a key"),
    with("keys", "keys(group)", Argument::Group, "how many keys were seen"),
    with("spread", "spread(group)", Argument::Group, "coefficient of variation of the keys' counts"),
    plain("capacity", "the highest level that held, of a phase with steps"),
];

/// Every metric but declared values, `value(name).p95`, whose names the spec gives.
#[must_use]
pub fn catalogue() -> Vec<(String, &'static str)> {
    let times = FAMILIES.iter().flat_map(|(family, meaning)| {
        STATISTICS.iter().map(move |statistic| (format!("{family}.{statistic}"), *meaning))
    });
    let values = VALUE_STATISTICS.iter().chain([&VALUE_SUM]);
    let values =
        values.map(|statistic| (format!("value(name).{statistic}"), "a declared number read from responses"));
    times.chain(values).chain(OTHERS.iter().map(|entry| (entry.form.to_owned(), entry.meaning))).collect()
}

/// The metric of that name among those that aren't times or declared values.
pub(super) fn other(name: &str) -> Option<&'static Entry> {
    OTHERS.iter().find(|entry| entry.name == name)
}

/// The names of all metrics, without arguments.
pub(super) fn names() -> Vec<String> {
    let times =
        FAMILIES.iter().flat_map(|(family, _)| STATISTICS.iter().map(move |one| format!("{family}.{one}")));
    times.chain(OTHERS.iter().map(|entry| entry.name.to_owned())).collect()
}
