//! An operator that is new to a hundred finished tests, beside a few that have work to do.

use std::collections::BTreeSet;

use kube::ResourceExt;
use kube::runtime::wait::await_condition;
use loadgate::api::LoadTest;

use crate::finished;
use crate::outcome::labels;
use crate::stage::{Stage, is_complete, on_stage};
use crate::{LIMIT, NAME, within};

const FINISHED: usize = 100;
/// What the paths of finished tests have in them.
const THEIRS: &str = "/loadtests/finished-";
/// More than are looked at at once of those, and less than of all: others find a place.
const FEW: usize = 8;
/// Each phase takes 4 s: the load is still on when the next operator comes.
const PER_USER: u64 = 20;

pub(crate) async fn runs_wait_for_no_finished_test_after_a_restart_and_each_of_those_is_looked_at() {
    on_stage(|stage| async move {
        finished::finish(&stage.own, FINISHED).await;
        stage.runs(PER_USER).await;
        stage.operator.kill().await;
        stage.apply_named("new".to_owned()).await;
        // Whoever waits for one of those waits for good.
        stage.proxy.hold_back(Some(THEIRS));
        let before = stage.proxy.so_far();
        stage.start_another().await;
        stage.proxy.heard("a finished test is looked at", |heard| heard.held_back > 0).await;
        for name in ["new", NAME] {
            is_over(&stage, name).await;
        }
        let held = stage.proxy.so_far().most_held_back;
        assert!(held < FEW, "{held} finished tests are looked at at once");

        stage.proxy.hold_back(None);
        let reads = |reads: &[String]| -> BTreeSet<String> {
            reads.iter().filter(|path| path.contains(THEIRS)).cloned().collect()
        };
        let seen = stage
            .proxy
            .heard("all are looked at", |heard| reads(&heard.reads[before.reads.len()..]).len() == FINISHED)
            .await;
        let writes = &seen.writes[before.writes.len()..];
        let theirs: Vec<_> = labels(writes).into_iter().filter(|label| label.contains("finished-")).collect();
        assert_eq!(theirs, [""; 0], "they are as they were");
    })
    .await;
}

/// Waits until the run of this test is judged and has left nothing.
async fn is_over(stage: &Stage, name: &str) {
    let is =
        |test: Option<&LoadTest>| test.is_some_and(|test| is_complete(test) && test.finalizers().is_empty());
    let over = Box::pin(await_condition(stage.api::<LoadTest>(), name, is));
    within(LIMIT, &format!("{name} is over"), over).await.unwrap();
}
