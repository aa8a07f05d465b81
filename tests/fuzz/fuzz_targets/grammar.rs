//! Units and metrics: what is read is shown so that it reads the same; what isn't is told at a character of the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgate::plan::draw::Draws;
use loadgate::plan::figure::Dimension;
use loadgate::plan::limit::{Limit, Operator};
use loadgate::plan::metric::Metric;
use loadgate::plan::text::Misread;
use loadgate::plan::units::{LONGEST_DURATION, Moment, Pause, Rate, Share, parse_duration};

const DIMENSIONS: [Dimension; 8] = [
    Dimension::Time,
    Dimension::Share,
    Dimension::Count,
    Dimension::Rate,
    Dimension::Bytes,
    Dimension::TimeSlope,
    Dimension::BytesSlope,
    Dimension::Number,
];

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(metric) = read(text, Metric::parse(text)) {
        assert_eq!(Metric::parse(&metric.to_string()), Ok(metric), "{text:?}");
    }
    if let Some(rate) = read(text, Rate::parse(text)) {
        assert_eq!(Rate::parse(&rate.to_string()), Ok(rate), "{text:?}");
        // None of these may overflow.
        let _ = (rate.count_in(LONGEST_DURATION), rate.offset_nanos(u64::MAX), rate.figure().to_f64());
    }
    if let Some(share) = read(text, Share::parse(text)) {
        assert!(share.ppm() <= 1_000_000 && share.of(10) <= 10, "{text:?}");
        assert_eq!(Share::parse(&share.to_string()), Ok(share), "{text:?}");
    }
    if let Some(duration) = read(text, parse_duration(text)) {
        assert!(!duration.is_zero() && duration <= LONGEST_DURATION, "{text:?}");
    }
    if let Some(pause) = read(text, Pause::parse(text)) {
        let drawn = Draws::open(1, 0, 0).pause(&pause);
        assert!((pause.least..=pause.most).contains(&drawn), "{text:?}: {drawn:?}");
        assert!(pause.mean_seconds().is_finite(), "{text:?}");
    }
    read(text, Moment::parse(text));
    for dimension in DIMENSIONS {
        if let Some(limit) = read(text, Limit::parse(text, dimension)) {
            // As people read it: rounded, in groups of digits.
            assert!(!limit.to_string().is_empty(), "{text:?}");
            holds_its_edge(&limit);
        }
    }
});

fn read<T>(text: &str, read: Result<T, Misread>) -> Option<T> {
    if let Err(misread) = &read {
        assert!(misread.at <= text.chars().count() && !misread.message.is_empty(), "{text:?}: {misread:?}");
    }
    read.ok()
}

fn holds_its_edge(limit: &Limit) {
    let (edge, includes_it) = match limit {
        Limit::Bound { operator, bound } => {
            (bound, matches!(operator, Operator::AtMost | Operator::AtLeast | Operator::Equal))
        }
        Limit::Range { low, .. } => (low, true),
    };
    assert_eq!(limit.holds(edge), includes_it, "{limit:?}");
    let (shown, beside) = edge.show_beside(&limit.nearest_edge(edge));
    assert!(!shown.is_empty() && !beside.is_empty(), "{limit:?}");
}
