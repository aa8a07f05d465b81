//! The word to stop, and what follows it.

use std::time::Duration;

use tokio::sync::watch;

/// So long what is under way may take after the word to stop. Nothing more is written by then: the Lease is given back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits until `stop` is true, or nobody can say so any more.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Gone is as good as true. The lock that the watch gives out isn't kept: it would stand across an await.
    drop(stop.wait_for(|stop| *stop).await);
}

/// Does `work` until it has come to its end, at the latest a while after the word to stop.
pub(super) async fn soon_over(work: impl Future<Output = ()>, mut stop: watch::Receiver<bool>) {
    let late = async {
        stopped(&mut stop).await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        () = work => {}
        () = late => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_left_a_while_after_the_word_to_stop() {
        let (stop, stopped) = watch::channel(false);
        let began = Instant::now();
        let mut work = Box::pin(soon_over(std::future::pending(), stopped));
        assert!(timeout(10 * PATIENCE, &mut work).await.is_err(), "nobody has said so");
        stop.send_replace(true);
        work.await;
        assert_eq!(began.elapsed(), 11 * PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_is_not_waited_for() {
        let (_stop, stopped) = watch::channel(false);
        soon_over(std::future::ready(()), stopped).await;
    }
}
