//! The Lease is deleted in mid-run, or somebody else takes it: its holder ends, and the next one goes on with the run.

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use loadgate::operator::lease::Timing;
use serde_json::json;

use crate::outcome::{LASTING, USERS, counts_are_exact, leaves_only_its_result, was_told_in_order};
use crate::rights::LEASE;
use crate::stage::{Stage, on_stage};
use crate::support::loadtests::is_judged;
use crate::within;

pub(crate) async fn a_holder_whose_lease_is_deleted_in_mid_run_ends_and_the_next_goes_on() {
    on_stage(|stage| async move {
        stage.runs(LASTING).await;
        stage.api::<Lease>().delete(LEASE, &DeleteParams::default()).await.unwrap();
        goes_on(stage).await;
    })
    .await;
}

pub(crate) async fn a_holder_whose_lease_is_stolen_in_mid_run_ends_and_the_next_goes_on() {
    on_stage(|stage| async move {
        stage.runs(LASTING).await;
        let leases: Api<Lease> = stage.api();
        let theft = Patch::Merge(json!({"spec": {"holderIdentity": "thief"}}));
        leases.patch(LEASE, &PatchParams::default(), &theft).await.unwrap();
        goes_on(stage).await;
    })
    .await;
}

async fn goes_on(stage: Stage) {
    // As much again for a machine that is busy: what the process itself waits is tested with paused time.
    let limit = 2 * Timing::default().renew_deadline;
    within(limit, "its holder ends", stage.operator.gives_up(1)).await;
    stage.start_another().await;
    let status = stage.comes_to_rest().await;
    is_judged(&status, "Pass");
    assert_eq!(status["summary"]["requests"], 2 * USERS * LASTING);
    was_told_in_order(&stage.proxy.so_far().writes);
    leaves_only_its_result(&stage).await;
    counts_are_exact(&status, &stage.target.seen());
}
