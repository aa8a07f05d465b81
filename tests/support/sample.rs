//! What an engine would have recorded of requests that nobody sends.

use loadgate::metrics::{Part, Recorder, Sample, Timing};

/// Records an iteration of one request that is served: due at `intended`, sent 50 µs later, answered after `took`. In
/// microseconds from the phase's beginning.
pub(crate) fn served(recorder: &mut Recorder, intended: u64, took: u64) {
    let (sent, end) = (intended + 50, intended + 50 + took);
    recorder.scheduled(1);
    recorder.iteration_started(Part::Steady, sent, Some(50));
    recorder.request(&Sample {
        step: 0,
        part: Part::Steady,
        timing: Timing { intended, sent, first_byte: Some(end - 100), end },
        status: Some(200),
        error: None,
        cache: None,
        groups: &[],
        values: &[],
        bytes_sent: 100,
        bytes_received: 1_000,
    });
    recorder.iteration_completed(Part::Steady, end);
}
