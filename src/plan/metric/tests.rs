//! What the grammar takes, what it refuses and where, and that its text form comes back.

use proptest::prelude::*;

use super::{Declaration, Metric, catalogue};

#[track_caller]
fn refused(text: &str, caret: &str) {
    let misread = Metric::parse(text).expect_err(text);
    assert_eq!(misread.under("m"), format!("m: \"{text}\"\n{caret}"));
}

#[test]
fn every_metric_of_the_catalogue_is_read_and_written_alike() {
    for (form, _) in catalogue() {
        let metric = Metric::parse(&form).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(metric.to_string(), form);
    }
}

#[test]
fn arguments_are_read() {
    for text in [
        "errors(timeout)",
        "errors(503)",
        "errors(no-capacity)",
        "status(2xx)",
        "cache.hit_rate(layer=L1)",
        "count(account=acc 1/x)",
        "share.max(account)",
        "value(tokens).sum",
    ] {
        assert_eq!(Metric::parse(text).map(|metric| metric.to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn an_error_points_at_the_character_and_names_what_was_meant() {
    refused(
        "latency.p96",
        "    ^ there is no metric `latency.p96`; did you mean `latency.p90`, `latency.p95` or `latency.p99`?",
    );
    refused(
        "latency.sum",
        "    ^ there is no metric `latency.sum`; did you mean `latency.min`, `latency.max` or `latency.mean`?",
    );
    refused("errors", "          ^ expected (, as in errors(5xx)");
    refused("errors(5xx", "              ^ expected ), as in errors(5xx)");
    refused("status(900)", "           ^ `900` is no status; expected 100 to 599 or a family such as 2xx");
    refused("count(account)", "                 ^ expected = and a key, as in count(group=key)");
    refused("count(account=)", "                  ^ expected a key, as in count(group=key)");
    refused("cache.hit_rate(L1)", "                   ^ expected layer=, as in cache.hit_rate(layer=L1)");
    refused("value(tokens)", "                 ^ expected a statistic, as in value(name).p95");
    refused("rate x", "         ^ unexpected \"x\", expected the end of the metric");
    refused("requests(5)", "            ^ unexpected \"(5)\", expected the end of the metric");
}

#[test]
fn what_comes_later_is_unknown() {
    for text in ["monitor(a.b).max", "duration.after", "state(a.b)", "score", ""] {
        assert!(Metric::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_quantile_needs_ten_samples_beyond_it() {
    for (text, want) in [
        ("latency.p50", 20),
        ("ttfb.p90", 100),
        ("service.p95", 200),
        ("lag.p99", 1_000),
        ("connect.p999", 10_000),
        ("latency.mean", 1),
        ("latency.slope", 10),
        ("requests", 1),
        ("error_rate", 1),
    ] {
        assert_eq!(Metric::parse(text).map(|metric| metric.min_samples()), Ok(want), "{text}");
    }
}

#[test]
fn a_metric_tells_what_must_be_declared() {
    for (text, want) in [
        ("errors(no-capacity)", Some(Declaration::Error("no-capacity"))),
        ("errors(timeout)", None),
        ("spread(account)", Some(Declaration::Group("account"))),
        ("value(tokens).p95", Some(Declaration::Value("tokens"))),
        ("cache.hit_rate(layer=L1)", Some(Declaration::Cache { layer: true })),
        ("cache.misses", Some(Declaration::Cache { layer: false })),
        ("latency.p95", None),
    ] {
        assert_eq!(Metric::parse(text).unwrap().declaration(), want, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_what_is_read_comes_back(text in "[a-z.()=0-9_ µ-]{0,24}") {
        if let Ok(metric) = Metric::parse(&text) {
            prop_assert_eq!(Metric::parse(&metric.to_string()), Ok(metric));
        }
    }
}
