//! The courses that a run may take, each with what must be true at its end.

use kube::api::DeleteParams;
use loadgate::api::LoadTest;
use serde_json::{Value, json};

use crate::NAME;
use crate::outcome::{
    ENDLESS, PER_USER, REQUESTS, USERS, counts_are_exact, essence, leaves_only, leaves_only_its_result,
    was_told_in_order,
};
use crate::stage::{Stage, phase};
use crate::write::Write;

/// What of a status differs from one aborted run to the next: how much load there was until the word came.
const OF_THE_LOAD: [&str; 6] = ["summary", "phases", "compliance", "display", "generator", "progress"];

/// The course that a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// As planned.
    Planned,
    /// Aborted while its load is on.
    Aborted,
    /// Deleted while its load is on.
    Deleted,
}

impl Course {
    /// How often each user of a phase asks: what ends early must not have come to its end by itself.
    pub(crate) fn per_user(self) -> u64 {
        if self == Course::Planned { PER_USER } else { ENDLESS }
    }

    /// Brings the run on its course. Whether an operator is there doesn't matter.
    pub(crate) async fn take(self, stage: &Stage) {
        if self == Course::Planned {
            return;
        }
        stage.until("running", |test| phase(test) == "Running").await;
        if self == Course::Aborted {
            stage.patch(json!({"spec": {"abort": true}})).await;
        } else {
            stage.api::<LoadTest>().delete(NAME, &DeleteParams::default()).await.unwrap();
        }
    }

    /// The writes that belong to this course and to none before it.
    pub(crate) fn own_writes(self, writes: &[Write]) -> &[Write] {
        let on = writes.iter().rposition(|write| write.label.contains(": Running")).unwrap_or(0);
        if self == Course::Planned { writes } else { &writes[on + 1..] }
    }

    /// Waits for the end, holds it to what must be true, and gives what is the same of each run of this course; none:
    /// its generator wasn't sound, and another run must tell.
    pub(crate) async fn ends(self, stage: Stage) -> Option<Value> {
        match self {
            Course::Planned => as_planned(stage).await,
            Course::Aborted => Some(aborted(stage).await),
            Course::Deleted => Some(deleted(stage).await),
        }
    }
}

async fn as_planned(stage: Stage) -> Option<Value> {
    let status = stage.comes_to_rest().await;
    leaves_only_its_result(&stage).await;
    was_told_in_order(&stage.proxy.so_far().writes);
    counts_are_exact(&status, &stage.target.seen());
    assert_eq!(status["summary"]["requests"], REQUESTS);
    // On a machine that is busy with other things it may not be.
    (status["generator"]["healthy"] == json!(true)).then(|| essence(&status))
}

async fn aborted(stage: Stage) -> Value {
    let status = stage.comes_to_rest().await;
    leaves_only_its_result(&stage).await;
    was_told_in_order(&stage.proxy.so_far().writes);
    was_cut_short(&status, stage.target.seen().len() as u64);
    let mut same = essence(&status);
    same.as_object_mut().unwrap().retain(|name, _| !OF_THE_LOAD.contains(&name.as_str()));
    same
}

/// What was cut off may have been served or not.
pub(crate) fn was_cut_short(status: &Value, served: u64) {
    let told = ["requests", "cut"].map(|name| status["summary"][name].as_u64().unwrap());
    assert!((told[0]..=told[0] + told[1]).contains(&served), "{served} were served: {status:#}");
    assert!(served < 2 * USERS * ENDLESS, "nothing was cut short: {status:#}");
}

async fn deleted(stage: Stage) -> Value {
    stage.is_gone().await;
    stage.is_without_pods().await;
    // What a run before has kept outlives the object.
    leaves_only(&stage, "-run-0-result-").await;
    let served = stage.target.seen().len() as u64;
    assert!(served < 2 * USERS * ENDLESS, "{served} were served");
    Value::Null
}
