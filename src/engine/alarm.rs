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
    /// Ready once `deadline` has passed.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        if sleep.deadline() > deadline.into() {
            sleep.as_mut().reset(deadline.into());
        }
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

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn it_rings_once_the_deadline_has_passed_that_is_asked_for_whatever_it_was_set_to_before() {
        for (before, asked) in [(10, 40), (60_000, 10), (0, 10)] {
            let mut alarm = Alarm::default();
            let began = Instant::now();
            let [before, deadline] = [before, asked].map(|millis| began + Duration::from_millis(millis));
            // The request that it was set for first is over at once.
            let _ = poll_fn(|context| Poll::Ready(alarm.poll(context, before))).await;
            timeout(Duration::from_secs(30), poll_fn(|context| alarm.poll(context, deadline)))
                .await
                .expect("it rings in time");
            assert!(Instant::now() >= deadline, "it rang before");
            let again = deadline + Duration::from_millis(20);
            poll_fn(|context| alarm.poll(context, again)).await;
            assert!(Instant::now() >= again, "it rang before, once it had rung");
        }
    }
}
