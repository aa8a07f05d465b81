//! The laws of merging: a stream dealt to any recorders, through the wire, in any order, is the stream of one.

use proptest::prelude::*;

use super::phase::Seconds;
use super::{
    CacheHit, ErrorClass, Filter, Keys, Layout, Outcome, Part, PhaseAggregate, PhaseSnapshot, Recorder,
    Sample, Snapshot, Timing,
};

const LAYOUT: Layout = Layout { groups: 1, values: 1, open_loop: true };

/// Slices of every kind: by one key, by each, by window, and by all that a row can be narrowed by.
fn filters() -> Vec<Filter> {
    let slice =
        |name: &str, keys, window| Filter { name: name.to_owned(), keys, window, steps: None, outcome: None };
    let one = || Some(Keys::One(0, "account-3".to_owned()));
    let window = Some((5_000_000, 12_000_000));
    vec![
        slice("one", one(), None),
        slice("each", Some(Keys::Each(0, 16)), Some((0, 12_000_000))),
        slice("window", None, window),
        Filter { steps: Some(vec![1]), outcome: Some(Outcome::Failed), ..slice("narrow", one(), window) },
    ]
}

fn recorder() -> Recorder {
    Recorder::new(LAYOUT).sliced(filters())
}

/// A request as proptest draws it.
#[derive(Clone, Debug)]
struct Drawn {
    recorder: usize,
    step: usize,
    sent: u64,
    took: u64,
    late: u64,
    fate: u8,
}

fn drawn(recorders: usize) -> impl Strategy<Value = Drawn> {
    (0..recorders, 0..3_usize, 0..20_000_000_u64, 0..8_000_000_u64, 0..6_000_u64, any::<u8>())
        .prop_map(|(recorder, step, sent, took, late, fate)| Drawn { recorder, step, sent, took, late, fate })
}

fn record(recorder: &mut Recorder, drawn: &Drawn) {
    let Drawn { step, sent, took, late, fate, .. } = *drawn;
    let part = if fate % 4 == 0 { Part::RampUp } else { Part::Steady };
    let key = format!("account-{}", fate % 7);
    recorder.iteration_started(part, sent + took, Some(late));
    recorder.request(&Sample {
        step,
        part,
        timing: Timing {
            intended: sent.saturating_sub(late),
            sent,
            first_byte: Some(sent + took / 2),
            end: sent + took,
        },
        status: Some(200 + u16::from(fate % 3) * 100),
        error: (fate % 5 == 0).then_some(ErrorClass::Status(500)),
        cache: (fate % 2 == 0).then_some(CacheHit::Hit(Some("L1"))),
        groups: &[Some(&key)],
        values: &[Some(f64::from(fate) / 8.0)],
        bytes_sent: 10,
        bytes_received: u64::from(fate),
    });
    recorder.iteration_completed(part, sent + took);
}

/// A response in the first moment, with this key.
fn record_key(recorder: &mut Recorder, key: &str) {
    recorder.request(&Sample {
        step: 0,
        part: Part::Steady,
        timing: Timing { intended: 0, sent: 0, first_byte: Some(40), end: 50 },
        status: Some(200),
        error: None,
        cache: None,
        groups: &[Some(key)],
        values: &[],
        bytes_sent: 1,
        bytes_received: 1,
    });
}

/// What `recorder` has seen, through its wire form.
fn through_the_wire(mut recorder: Recorder) -> PhaseSnapshot {
    let (state, seconds) = recorder.so_far(0, 0);
    let snapshot = Snapshot { number: 1, phases: vec![PhaseSnapshot { phase: 0, state, seconds }] };
    let mut read = Snapshot::from_bytes(&snapshot.to_bytes()).expect("what was written can be read");
    assert_eq!(read, snapshot, "the wire changes nothing");
    read.phases.remove(0)
}

fn merged<'a>(snapshots: impl Iterator<Item = &'a PhaseSnapshot>) -> PhaseAggregate {
    let mut aggregate = PhaseAggregate::default();
    for snapshot in snapshots {
        aggregate.add(&snapshot.state, &snapshot.seconds);
    }
    aggregate
}

/// Without the seconds in which nothing happened: a recorder that ends early doesn't tell of later ones.
fn busy(seconds: &Seconds) -> Seconds {
    seconds
        .iter()
        .filter(|(_, second)| second.requests > 0)
        .map(|(at, second)| (*at, second.clone()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_dealt_to_any_number_of_recorders_merges_to_the_stream_of_one(
        mut stream in (1..8_usize).prop_flat_map(|recorders| prop::collection::vec(drawn(recorders), 1..120)),
        seed in any::<u64>(),
    ) {
        // A clock never goes back: what ends first is recorded first.
        stream.sort_by_key(|drawn| drawn.sent + drawn.took);
        let mut one = recorder();
        let mut many: Vec<Recorder> = (0..8).map(|_| recorder()).collect();
        for drawn in &stream {
            record(&mut one, drawn);
            record(&mut many[drawn.recorder], drawn);
        }
        let one = merged(std::iter::once(&through_the_wire(one)));
        prop_assert_eq!(one.state.slices.len(), filters().len());
        let mut parts: Vec<PhaseSnapshot> = many.into_iter().map(through_the_wire).collect();
        let forwards = merged(parts.iter());
        // Any other order: turned round by a drawn number.
        let turn = usize::try_from(seed % 8).unwrap();
        parts.rotate_left(turn);
        parts.reverse();
        let otherwise = merged(parts.iter());

        prop_assert_eq!(&forwards.state, &otherwise.state);
        prop_assert_eq!(&forwards.seconds, &otherwise.seconds);
        // Equality of distributions is bucket by bucket, with exact count, sum, least and greatest.
        prop_assert_eq!(&forwards.state, &one.state);
        prop_assert_eq!(busy(&forwards.seconds), busy(&one.seconds));
    }

    #[test]
    fn slices_of_more_keys_than_have_room_merge_in_any_order(
        parts in prop::collection::vec(prop::collection::vec(0..90_u64, 0..120), 2..5),
    ) {
        let slice = |keys: &Vec<u64>| {
            let mut recorder = recorder();
            for key in keys {
                record_key(&mut recorder, &format!("key-{key}"));
            }
            through_the_wire(recorder)
        };
        let mut parts: Vec<PhaseSnapshot> = parts.iter().map(slice).collect();
        let forwards = merged(parts.iter());
        parts.reverse();
        prop_assert_eq!(&forwards.state, &merged(parts.iter()).state);
        // Whatever found no room, every response is counted somewhere.
        let each = &forwards.state.slices["each"];
        let told: u64 = each.cells.values().map(|one| one.cell.requests).sum();
        prop_assert_eq!(told + each.other, each.responses);
    }

    #[test]
    fn bytes_that_are_no_snapshot_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        // Whatever they are: an error or a snapshot, never a panic.
        let _ = Snapshot::from_bytes(&bytes);
    }
}

#[test]
fn a_request_is_in_flight_in_every_second_until_it_is_over() {
    let mut recorder = Recorder::new(LAYOUT);
    recorder.request_sent(500_000);
    recorder.request_over(3_500_000);
    let (_, seconds) = recorder.so_far(4_000_000, 0);
    let in_flight: Vec<_> = seconds.values().map(|second| second.in_flight).collect();
    assert_eq!(in_flight, [1, 1, 1, 1, 0]);
}

#[test]
fn a_histogram_that_does_not_hold_what_is_said_of_it_is_refused() {
    let mut recorder = Recorder::new(LAYOUT);
    recorder.iteration_started(Part::Steady, 0, Some(5));
    let (state, seconds) = recorder.so_far(0, 0);
    let snapshot = Snapshot { number: 1, phases: vec![PhaseSnapshot { phase: 0, state, seconds }] };
    let mut bytes = snapshot.to_bytes();
    let count = bytes.windows(6).position(|window| window == b"\xa5count").expect("the count of the lag") + 6;
    assert!(Snapshot::from_bytes(&bytes).is_ok());
    let claims: Vec<usize> =
        bytes.windows(6).enumerate().filter(|(_, w)| w == b"\xa5count").map(|(at, _)| at + 6).collect();
    let one = claims.into_iter().find(|at| bytes[*at] == 1).unwrap_or(count);
    bytes[one] = 2;
    assert!(Snapshot::from_bytes(&bytes).is_err(), "a count of 2 stands beside a histogram of 1");
}
