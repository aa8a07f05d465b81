//! Reads a metric: a dotted name, with an argument in brackets where it takes one.

use super::catalogue::{Argument, FAMILIES, VALUE_STATISTICS, VALUE_SUM, names, other};
use super::{ErrorSelector, Metric, Statistic};
use crate::plan::model::StatusPattern;
use crate::plan::near;
use crate::plan::text::{Cursor, Misread};

impl Metric {
    /// Reads `latency.p95`, `errors(5xx)`, `cache.hit_rate(layer=L1)`, `count(account=acc-1)`, `value(tokens).p95`.
    ///
    /// # Errors
    /// At the character that makes no sense, with the names that may have been meant.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        let mut cursor = Cursor::new(text);
        let start = cursor.clone();
        let name = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
        let metric = if name == "value" { value(&mut cursor)? } else { named(name, &start, &mut cursor)? };
        cursor.expect_end("the end of the metric")?;
        Ok(metric)
    }
}

fn named(name: &str, start: &Cursor<'_>, cursor: &mut Cursor<'_>) -> Result<Metric, Misread> {
    if let Some(time) = time(name) {
        return Ok(time);
    }
    let Some(entry) = other(name) else {
        let names = names();
        return Err(start.fault(near::unknown("metric", name, names.iter().map(String::as_str))));
    };
    let argument = argument(entry.argument, entry.form, cursor)?;
    Ok(match (name, argument) {
        ("latency.slope", _) => Metric::LatencySlope,
        ("duration", _) => Metric::Duration,
        ("requests", _) => Metric::Requests,
        ("iterations", _) => Metric::Iterations,
        ("rate", _) => Metric::Rate,
        ("rate.iterations", _) => Metric::RateIterations,
        ("rate.sustained", _) => Metric::RateSustained,
        ("rate.peak", _) => Metric::RatePeak,
        ("users.max", _) => Metric::UsersMax,
        ("inflight.max", _) => Metric::InflightMax,
        ("dropped", _) => Metric::Dropped,
        ("bytes.sent", _) => Metric::BytesSent,
        ("bytes.received", _) => Metric::BytesReceived,
        ("success_rate", _) => Metric::SuccessRate,
        ("error_rate", _) => Metric::ErrorRate,
        ("errors", Given::Class(class)) => Metric::Errors(class),
        ("status", Given::Status(pattern)) => Metric::Status(pattern),
        ("cache.hit_rate", Given::Name(layer)) => Metric::CacheHitRate(Some(layer)),
        ("cache.hit_rate", _) => Metric::CacheHitRate(None),
        ("cache.hits", _) => Metric::CacheHits,
        ("cache.misses", _) => Metric::CacheMisses,
        ("count", Given::Pair(group, key)) => Metric::Count(group, key),
        ("share", Given::Pair(group, key)) => Metric::Share(group, key),
        ("share.max", Given::Name(group)) => Metric::ShareMax(group),
        ("keys", Given::Name(group)) => Metric::Keys(group),
        ("spread", Given::Name(group)) => Metric::Spread(group),
        ("capacity", _) => Metric::Capacity,
        _ => {
            unreachable!("every name of the catalogue is made into a metric, with the argument that it takes")
        }
    })
}

/// `latency.p95` and its like.
fn time(name: &str) -> Option<Metric> {
    let (family, statistic) = name.split_once('.')?;
    let make = match family {
        "latency" => Metric::Latency,
        "service" => Metric::Service,
        "ttfb" => Metric::Ttfb,
        "connect" => Metric::Connect,
        "tls" => Metric::Tls,
        "lag" => Metric::Lag,
        _ => return None,
    };
    debug_assert!(FAMILIES.iter().any(|(known, _)| *known == family));
    self::statistic(statistic).filter(|statistic| *statistic != Statistic::Sum).map(make)
}

fn statistic(name: &str) -> Option<Statistic> {
    Some(match name {
        "p50" => Statistic::P50,
        "p90" => Statistic::P90,
        "p95" => Statistic::P95,
        "p99" => Statistic::P99,
        "p999" => Statistic::P999,
        "mean" => Statistic::Mean,
        "min" => Statistic::Min,
        "max" => Statistic::Max,
        VALUE_SUM => Statistic::Sum,
        _ => return None,
    })
}

/// `value(name).p95`, behind `value`.
fn value(cursor: &mut Cursor<'_>) -> Result<Metric, Misread> {
    let form = "value(name).p95";
    open(cursor, form)?;
    let name = word(cursor, "the name of a declared value", form)?;
    close(cursor, form)?;
    if !cursor.eat(".") {
        return Err(cursor.fault(format!("expected a statistic, as in {form}")));
    }
    let start = cursor.clone();
    let found = cursor.take_while(|c| c.is_ascii_alphanumeric());
    let known: Vec<_> = VALUE_STATISTICS.into_iter().chain([VALUE_SUM]).collect();
    match statistic(found).filter(|_| known.contains(&found)) {
        Some(statistic) => Ok(Metric::Value(name, statistic)),
        None => Err(start.fault(near::unknown("statistic", found, known))),
    }
}

/// What stood in the brackets.
enum Given {
    Nothing,
    Name(String),
    Pair(String, String),
    Class(ErrorSelector),
    Status(StatusPattern),
}

fn argument(argument: Argument, form: &str, cursor: &mut Cursor<'_>) -> Result<Given, Misread> {
    let is_optional = argument == Argument::Layer;
    if argument == Argument::None || (is_optional && cursor.rest().trim().is_empty()) {
        return Ok(Given::Nothing);
    }
    let form = if is_optional { "cache.hit_rate(layer=L1)" } else { form };
    open(cursor, form)?;
    let given = match argument {
        Argument::Group => Given::Name(word(cursor, "the name of a group", form)?),
        Argument::Layer => Given::Name(layer(cursor, form)?),
        Argument::GroupKey => pair(cursor, form)?,
        Argument::Class => Given::Class(ErrorSelector::named(&word(cursor, "an error class", form)?)),
        Argument::Status => Given::Status(status(cursor, form)?),
        Argument::None => Given::Nothing,
    };
    close(cursor, form)?;
    Ok(given)
}

fn layer(cursor: &mut Cursor<'_>, form: &str) -> Result<String, Misread> {
    if !cursor.eat("layer=") {
        return Err(cursor.fault(format!("expected layer=, as in {form}")));
    }
    word(cursor, "the name of a layer", form)
}

/// `group=key`; a key may hold anything but the closing bracket.
fn pair(cursor: &mut Cursor<'_>, form: &str) -> Result<Given, Misread> {
    let group = word(cursor, "the name of a group", form)?;
    if !cursor.eat("=") {
        return Err(cursor.fault(format!("expected = and a key, as in {form}")));
    }
    let key = cursor.take_while(|c| c != ')').trim();
    if key.is_empty() {
        return Err(cursor.fault(format!("expected a key, as in {form}")));
    }
    Ok(Given::Pair(group, key.to_owned()))
}

fn status(cursor: &mut Cursor<'_>, form: &str) -> Result<StatusPattern, Misread> {
    let start = cursor.clone();
    let found = word(cursor, "a status", form)?;
    StatusPattern::parse(&found).ok_or_else(|| {
        start.fault(format!("`{found}` is no status; expected 100 to 599 or a family such as 2xx"))
    })
}

fn word(cursor: &mut Cursor<'_>, what: &str, form: &str) -> Result<String, Misread> {
    let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if word.is_empty() {
        Err(cursor.fault(format!("expected {what}, as in {form}")))
    } else {
        Ok(word.to_owned())
    }
}

fn open(cursor: &mut Cursor<'_>, form: &str) -> Result<(), Misread> {
    if cursor.eat("(") { Ok(()) } else { Err(cursor.fault(format!("expected (, as in {form}"))) }
}

fn close(cursor: &mut Cursor<'_>, form: &str) -> Result<(), Misread> {
    if cursor.eat(")") { Ok(()) } else { Err(cursor.fault(format!("expected ), as in {form}"))) }
}
