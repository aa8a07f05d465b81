//! What workers tell: whatever comes is refused, or can be merged, judged and told again as the same.

#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use libfuzzer_sys::fuzz_target;
use loadgate::metrics::{Dist, PhaseAggregate, Shape, Snapshot};

const SHAPE: Shape = Shape { phases: 4, steps: 4, errors: 2, groups: 2, values: 2 };

fuzz_target!(|input: &[u8]| {
    if let Ok(snapshot) = Snapshot::from_bytes(input) {
        told(&snapshot);
    }
    // A histogram is deflated, and so is out of reach for whoever only changes bytes of it.
    if let [count, least, greatest, sum, plain @ ..] = input {
        let told = [count, least, greatest, sum].map(|byte| u64::from(*byte));
        if let Some(dist) = dist(told, plain) {
            merged(&dist);
        }
    }
});

fn told(snapshot: &Snapshot) {
    let Ok(again) = Snapshot::from_bytes(&snapshot.to_bytes()) else { panic!("can't be told again") };
    assert_eq!(again, *snapshot);
    let mut aggregate = PhaseAggregate::default();
    for phase in snapshot.phases.iter().filter(|phase| SHAPE.check(phase).is_ok()) {
        // A thousand workers that tell as much.
        aggregate.add(&phase.state, &phase.seconds);
        aggregate.add(&phase.state, &phase.seconds);
    }
    let mut later = PhaseAggregate::default();
    later.add_level(aggregate, 1_000_000);
    let span = later.state.steady.span();
    assert!(span.is_none_or(|span| span.first_sent <= span.last_sent && span.last_sent <= span.last_end));
}

/// What stands for a distribution on the wire, with a histogram of this plain form.
fn dist([count, least, greatest, sum]: [u64; 4], plain: &[u8]) -> Option<Dist> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).ok()?;
    let deflated = encoder.finish().ok()?;
    let length = u32::try_from(deflated.len()).ok()?.to_be_bytes();
    let histogram = [&[0x1c, 0x84, 0x93, 0x14][..], &length, &deflated].concat();
    let encoded = (serde_bytes::Bytes::new(&histogram), count, u128::from(sum), least, greatest, 0_u64);
    rmp_serde::from_slice(&rmp_serde::to_vec(&encoded).ok()?).ok()
}

fn merged(dist: &Dist) {
    let mut sum = dist.clone();
    sum.merge(dist);
    sum.record_micros(7);
    sum.pack();
    assert_eq!(sum.count(), 2 * dist.count() + 1);
    let quantiles = [0.0, 0.5, 0.95, 1.0].map(|quantile| sum.quantile(quantile));
    assert!(quantiles.is_sorted(), "{quantiles:?}");
    assert!(sum.above(5) <= sum.count());
}
