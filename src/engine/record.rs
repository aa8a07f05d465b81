//! What is told of an exchange: its response is checked and classified, then it is recorded.

use std::borrow::Cow;

use super::compiled::{CompiledStep, Cookies};
use super::connection::Exchange;
use super::evaluate::Response;
use super::floor::Floor;
use super::iteration::{Turn, User};
use crate::metrics::{ErrorClass, Sample, Timing};

/// The most groups and the most values that a test declares.
const MOST_DECLARED: usize = 8;

impl User {
    /// Records a request that was sent, and extracts what later ones need; tells whether it succeeded.
    pub(super) fn record(
        &mut self,
        floor: &Floor,
        step: &CompiledStep,
        turn: &mut Turn,
        exchange: &Exchange,
        timing: Timing,
    ) -> bool {
        let classify = &floor.compiled.classify;
        let mut sample = sample(floor, step, exchange, timing);
        if exchange.error.is_some() {
            floor.recorder.borrow_mut().request(&sample);
            return false;
        }
        if self.way.reader_mut().inflate().is_err() {
            sample.error = Some(ErrorClass::Protocol);
            floor.recorder.borrow_mut().request(&sample);
            return false;
        }
        if step.wants.cookies != Cookies::Ignored {
            self.cookies.keep(self.way.reader(), floor.host());
        }
        let response = Response::new(self.way.reader(), step, timing.end - timing.sent);
        sample.error = response.error(step, classify, &mut self.filling(&floor.compiled.data, turn));
        sample.status = Some(self.way.reader().status());
        sample.cache = response.cache(classify);
        let keys: [Option<Cow<'_, str>>; MOST_DECLARED] =
            std::array::from_fn(|place| classify.groups.get(place).and_then(|source| response.text(source)));
        let keys: [Option<&str>; MOST_DECLARED] = std::array::from_fn(|place| keys[place].as_deref());
        sample.groups = &keys[..classify.groups.len()];
        let values: [Option<f64>; MOST_DECLARED] = std::array::from_fn(|place| {
            classify.values.get(place).and_then(|source| response.number(source))
        });
        sample.values = &values[..classify.values.len()];
        floor.recorder.borrow_mut().request(&sample);
        response.extract(step, &mut self.slots);
        sample.error.is_none()
    }
}

/// Records a request that was given up before a byte of it was written took as long as that was `tried`.
pub(super) fn unsent(
    floor: &Floor,
    step: &CompiledStep,
    intended: Option<u64>,
    tried: u64,
    error: ErrorClass,
) {
    let end = floor.now();
    let exchange = Exchange { first_byte: None, end, bytes_sent: 0, bytes_received: 0, error: Some(error) };
    let timing = Timing { intended: intended.unwrap_or(tried), sent: tried, first_byte: None, end };
    floor.recorder.borrow_mut().request(&sample(floor, step, &exchange, timing));
}

fn sample<'a>(floor: &Floor, step: &CompiledStep, exchange: &Exchange, timing: Timing) -> Sample<'a> {
    Sample {
        step: step.index,
        part: floor.part(timing.sent),
        timing,
        status: None,
        error: exchange.error,
        cache: None,
        groups: &[],
        values: &[],
        bytes_sent: exchange.bytes_sent,
        bytes_received: exchange.bytes_received,
    }
}
