//! Ends loads in time, whatever keeps the operator from looking at their runs: by the object alone, as it is known.
//!
//! All else waits until what there is of a run can be seen. A load that is to end doesn't: while an API server refuses
//! lists of pods, or takes long over them, workers are reached as ever.

use std::time::Duration;

use kube::runtime::reflector::Store;
use tokio::time::{MissedTickBehavior, interval};

use super::decide::{run_of, word_to_end};
use super::observe::seen_session;
use super::reading::Watched;
use super::runs::Runs;
use crate::api::LoadTest;

/// How often runs are looked through.
const EVERY: Duration = Duration::from_secs(1);

/// Ends the loads of `runs` that are to end by what the watch has told of their tests, for ever.
pub async fn keep_ending(runs: Runs, tests: Store<Watched>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for live in runs.all() {
            let known = tests.get(&live.test.into_kind_unchecked(()));
            if let Some(Ok(test)) = known.as_deref().map(|known| known.0.as_ref()) {
                end(&runs, test);
            }
        }
    }
}

/// Ends the load of the run that `test` tells of, if it is led here and to end.
pub fn end(runs: &Runs, test: &LoadTest) {
    let Some(run) = run_of(test) else { return };
    let Some(live) = runs.get(&run.uid) else { return };
    if let Some(reason) = word_to_end(test, live.plan.deadlines.run, &seen_session(&live)) {
        tracing::info!(test = test.metadata.name, run = run.uid, reason, "the load is ended");
        runs.abort(&run.uid, &reason);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use kube::core::DeserializeGuard;
    use kube::runtime::reflector::store::Writer;
    use kube::runtime::reflector::{ObjectRef, store};
    use kube::runtime::watcher::Event;
    use tokio::sync::broadcast;
    use tokio::time::advance;

    use super::*;
    use crate::ingest::SharedSession;
    use crate::operator::runs::{Clock, LiveRun};
    use crate::operator::tests::makers::{ATest, PODS, a_test};

    /// A load that is on, its test in what the watch keeps, and nobody who looks at the run.
    struct Unseen {
        runs: Runs,
        tests: Writer<Watched>,
        uid: String,
    }

    impl Unseen {
        fn new() -> Self {
            let (test, runs) = (a_test().begun(), Runs::new(broadcast::Sender::new(1)));
            let uid = run_of(test.object()).unwrap().uid.clone();
            let owners = PODS.map(str::to_owned);
            let live = LiveRun {
                test: ObjectRef::from_obj(test.object()),
                job_uid: "job".to_owned(),
                session: SharedSession::resume(&test.plan(), 1, &owners, Duration::ZERO),
                plan: Arc::new(test.plan()),
                started_at: Some(Timestamp::UNIX_EPOCH),
                load: Some(Clock::begun(Duration::ZERO)),
                aborted_at: None,
                shut_out: None,
            };
            runs.open(&uid, live);
            let (reader, tests) = store();
            tokio::spawn(keep_ending(runs.clone(), reader));
            let mut unseen = Unseen { runs, tests, uid };
            unseen.is_now(&test);
            unseen
        }

        fn is_now(&mut self, test: &ATest) {
            self.tests.apply_watcher_event(&Event::Apply(DeserializeGuard(Ok(test.object().clone()))));
        }

        async fn ended_for(&self, seconds: u64) -> Option<String> {
            advance(Duration::from_secs(seconds)).await;
            // The tick that is due by then has its turn.
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.runs.get(&self.uid).unwrap().session.view().aborted
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_ends_at_its_deadline_although_nobody_looks() {
        let unseen = Unseen::new();
        assert_eq!(unseen.ended_for(119).await, None);
        let line = "spec.deadlines.run: the load wasn't through after 120 s";
        assert_eq!(unseen.ended_for(2).await.as_deref(), Some(line));
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_ends_with_the_word_although_nobody_looks() {
        for (test, line) in [
            (a_test().begun().with_abort(), "spec.abort was set"),
            (a_test().begun().deleted(), "the LoadTest was deleted"),
        ] {
            let mut unseen = Unseen::new();
            assert_eq!(unseen.ended_for(5).await, None);
            unseen.is_now(&test);
            assert_eq!(unseen.ended_for(1).await.as_deref(), Some(line));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_word_that_was_said_of_another_run_ends_nothing() {
        let mut unseen = Unseen::new();
        unseen.is_now(&a_test().complete().with_run_id("two").with_run().with_abort());
        assert_eq!(unseen.ended_for(5).await, None);
    }
}
