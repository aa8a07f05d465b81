//! Requests that a row asks for by key or by window, in cells of their own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::dist::Digits;
use super::outcome::Outcome;
use super::phase::Span;
use super::recorder::Layout;
use super::sample::Sample;
use super::tally::{MOST_KEYS, clean};

/// Which requests of a phase a slice takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What the slice is called, in every process alike.
    pub name: String,
    /// Only responses with a key of a group; none: any request.
    pub keys: Option<Keys>,
    /// Only requests whose intended start is at the first or later and before the second, in microseconds since the
    /// phase began; none: all.
    pub window: Option<(u64, u64)>,
    /// Only these steps; none: all.
    pub steps: Option<Vec<usize>>,
    /// Only those that ended so; none: both.
    pub outcome: Option<Outcome>,
}

/// The keys of a group, which is named by its place among the declared ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// This one.
    One(usize, String),
    /// Each, in a cell of its own; the first so many have histograms, the others are only counted.
    Each(usize, usize),
}

/// What a slice took, by one recorder or by many put together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// From the first request sent to the last response, of all in the window.
    pub span: Option<Span>,
    /// Requests of its steps in its window, whatever their key and outcome.
    pub requests: u64,
    /// Those of them that had a response, and so might have had the key.
    pub responses: u64,
    /// The cell of each key; where it isn't by key, there is one, and its key is empty.
    pub cells: BTreeMap<String, SliceCell>,
    /// Responses whose key found no cell.
    pub other: u64,
}

/// The cell of one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceCell {
    /// How fine its histograms are; none: it has none, and only its counts are right.
    pub digits: Option<Digits>,
    /// The requests.
    pub cell: Cell,
}

impl Filter {
    /// Adds `sample` to `slice` where it is one of these.
    pub(super) fn take(&self, slice: &mut Slice, sample: &Sample<'_>, layout: Layout) {
        let intended = sample.timing.intended;
        if self.window.is_some_and(|(from, to)| intended < from || intended >= to) {
            return;
        }
        slice.span = Span::union(slice.span, Some(Span::of(&sample.timing)));
        if self.steps.as_ref().is_some_and(|steps| !steps.contains(&sample.step)) {
            return;
        }
        slice.requests += 1;
        slice.responses += u64::from(sample.status.is_some());
        let Some(key) = self.key(sample) else { return };
        let is_meant = self.outcome.is_none_or(|outcome| outcome == sample.outcome());
        if let Some(SliceCell { digits, cell }) = slice.cell(&key, |place| self.digits(place))
            && is_meant
        {
            cell.enter(sample, layout, *digits);
        }
    }

    /// The key under which `sample` is taken; none: it isn't.
    fn key<'a>(&self, sample: &Sample<'a>) -> Option<Cow<'a, str>> {
        let of_group = |group: usize| sample.groups.get(group).copied().flatten().map(clean);
        match &self.keys {
            None => Some(Cow::Borrowed("")),
            Some(Keys::Each(group, _)) => of_group(*group),
            Some(Keys::One(group, wanted)) => of_group(*group).filter(|key| key == wanted),
        }
    }

    /// How fine the histograms of the key are that comes after `place` others; none: it has none.
    fn digits(&self, place: usize) -> Option<Digits> {
        match &self.keys {
            None => Some(Digits::Three),
            Some(Keys::One(..)) => Some(Digits::Two),
            Some(Keys::Each(_, timed)) => (place < *timed).then_some(Digits::Two),
        }
    }
}

impl Slice {
    /// The cell of `key`, made where there is room; none: it is counted as other.
    fn cell(&mut self, key: &str, digits: impl Fn(usize) -> Option<Digits>) -> Option<&mut SliceCell> {
        if !self.cells.contains_key(key) {
            let told_apart = self.cells.len();
            if told_apart == MOST_KEYS {
                self.other += 1;
                return None;
            }
            let cell = SliceCell { digits: digits(told_apart), cell: Cell::default() };
            self.cells.insert(key.to_owned(), cell);
        }
        self.cells.get_mut(key)
    }

    /// Adds all of `other`. The order of merging changes nothing: no key is dropped here, and a cell is as fine as the
    /// least fine that went into it.
    pub fn merge(&mut self, other: &Slice) {
        self.span = Span::union(self.span, other.span);
        self.requests += other.requests;
        self.responses += other.responses;
        self.other += other.other;
        for (key, theirs) in &other.cells {
            match self.cells.get_mut(key) {
                Some(ours) => {
                    ours.digits = ours.digits.min(theirs.digits);
                    ours.cell.merge(&theirs.cell);
                }
                None => _ = self.cells.insert(key.clone(), theirs.clone()),
            }
        }
    }

    /// Puts all histograms away in their wire form.
    pub fn pack(&mut self) {
        self.cells.values_mut().for_each(|one| one.cell.pack());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Recorder;
    use super::super::sample::Timing;
    use super::*;
    use crate::metrics::{ErrorClass, Part};

    const LAYOUT: Layout = Layout { groups: 1, values: 0, open_loop: false };
    const ALL: Filter = Filter { name: String::new(), keys: None, window: None, steps: None, outcome: None };

    /// A response of step 0 with a key, begun at `intended` and sent 5 µs later.
    fn answered<'a>(intended: u64, groups: &'a [Option<&'a str>]) -> Sample<'a> {
        let sent = intended + 5;
        Sample {
            step: 0,
            part: Part::Steady,
            timing: Timing { intended, sent, first_byte: Some(sent + 50), end: sent + 100 },
            status: Some(200),
            error: None,
            cache: None,
            groups,
            values: &[],
            bytes_sent: 1,
            bytes_received: 1,
        }
    }

    fn sliced(filter: Filter, samples: &[Sample<'_>]) -> Slice {
        let mut recorder = Recorder::new(LAYOUT).sliced(vec![filter]);
        for sample in samples {
            recorder.request(sample);
        }
        let (mut state, _) = recorder.so_far(0, 0);
        state.slices.pop_first().expect("there is a slice for each filter").1
    }

    /// Each key with its requests, and what might have had the key.
    #[track_caller]
    fn check(filter: &Filter, samples: &[Sample<'_>], want: &[(&str, u64)], responses: u64) {
        let slice = sliced(filter.clone(), samples);
        let told: Vec<_> = slice.cells.iter().map(|(key, one)| (key.as_str(), one.cell.requests)).collect();
        assert_eq!((told.as_slice(), slice.responses), (want, responses), "{filter:?}");
    }

    #[test]
    fn a_filter_takes_what_it_names() {
        let failed = |sample| Sample { error: Some(ErrorClass::Check), ..sample };
        let samples = [
            answered(0, &[Some("a")]),
            failed(answered(10, &[Some("a")])),
            answered(20, &[Some("b")]),
            answered(30, &[None]),
            Sample { step: 1, ..answered(40, &[Some("a")]) },
            Sample { status: None, groups: &[], ..failed(answered(50, &[])) },
            Sample { part: Part::RampUp, ..answered(60, &[Some("a")]) },
        ];
        let one = |key: &str| Filter { keys: Some(Keys::One(0, key.to_owned())), ..ALL };
        let each = Filter { keys: Some(Keys::Each(0, 16)), ..ALL };
        check(&ALL, &samples, &[("", 6)], 5);
        check(&one("a"), &samples, &[("a", 3)], 5);
        check(&one("never"), &samples, &[], 5);
        check(&each, &samples, &[("a", 3), ("b", 1)], 5);
        check(&Filter { steps: Some(vec![1]), ..each.clone() }, &samples, &[("a", 1)], 1);
        // A key that was seen is told even where none of its requests ended so.
        let failures = Filter { outcome: Some(Outcome::Failed), ..each };
        check(&failures, &samples, &[("a", 1), ("b", 0)], 5);
    }

    #[test]
    fn a_window_goes_by_the_intended_start_and_holds_its_first_moment_only() {
        let samples = [10, 19, 20, 29, 30].map(|intended| answered(intended, &[]));
        let window = |from, to| Filter { window: Some((from, to)), ..ALL };
        check(&window(20, 30), &samples, &[("", 2)], 2);
        check(&window(0, 20), &samples, &[("", 2)], 2);
        check(&window(30, u64::MAX), &samples, &[("", 1)], 1);
        let span = sliced(window(20, 30), &samples).span;
        assert_eq!(span, Some(Span { first_sent: 25, last_sent: 34, last_end: 134 }));
    }

    #[test]
    fn the_first_keys_have_histograms_and_sixty_four_are_counted() {
        let names: Vec<String> = (0..70).map(|key| format!("key-{key:02}")).collect();
        let keys: Vec<_> = names.iter().map(|key| [Some(key.as_str())]).collect();
        let samples: Vec<_> = keys.iter().map(|key| answered(0, key)).collect();
        let slice = sliced(Filter { keys: Some(Keys::Each(0, 16)), ..ALL }, &samples);
        assert_eq!((slice.cells.len(), slice.other, slice.responses), (64, 6, 70));
        let timed = |key: &str| {
            let one = &slice.cells[key];
            (one.digits, one.cell.requests, one.cell.latency.count())
        };
        assert_eq!(timed("key-15"), (Some(Digits::Two), 1, 1));
        assert_eq!(timed("key-16"), (None, 1, 0));
    }

    #[test]
    fn a_cell_is_as_fine_as_the_least_fine_that_went_into_it() {
        let names: Vec<String> = (0..20).map(|key| format!("key-{key:02}")).collect();
        let keys: Vec<_> = names.iter().map(|key| [Some(key.as_str())]).collect();
        let samples: Vec<_> = keys.iter().map(|key| answered(0, key)).collect();
        let each = || Filter { keys: Some(Keys::Each(0, 16)), ..ALL };
        let (many, few) = (sliced(each(), &samples), sliced(each(), &samples[18..]));
        let (mut one, mut other) = (many.clone(), few.clone());
        one.merge(&few);
        other.merge(&many);
        assert_eq!(one, other);
        let digits = |key: &str| one.cells[key].digits;
        assert_eq!((digits("key-00"), digits("key-19")), (Some(Digits::Two), None));
    }

    #[test]
    fn a_key_from_outside_is_made_printable_and_short() {
        let keys = [[Some("a\nb")], [Some("a\u{fffd}b")]];
        let samples: Vec<_> = keys.iter().map(|key| answered(0, key)).collect();
        check(&Filter { keys: Some(Keys::Each(0, 16)), ..ALL }, &samples, &[("a\u{fffd}b", 2)], 2);
    }
}
