//! An alarm for one deadline after the other.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

/// Rings at the deadline of some earlier request and is then set anew: setting it for each request would cost more than
/// reading the response.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready once `deadline` has passed. No deadline may lie before the one that was asked for last.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        while sleep.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline.into());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_deadline_that_lies_behind_that_of_an_earlier_request_counts() {
        let mut alarm = Alarm::default();
        let began = Instant::now();
        let [first, second] = [10, 40].map(|millis| began + Duration::from_millis(millis));
        // The request that it was set for first is over at once.
        let _ = poll_fn(|context| Poll::Ready(alarm.poll(context, first))).await;
        for deadline in [second, second + Duration::from_millis(20)] {
            poll_fn(|context| alarm.poll(context, deadline)).await;
            assert!(Instant::now() >= deadline, "it rang before");
        }
    }
}
