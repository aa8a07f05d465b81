//! Forges statuses where no admission policy is in the way: each ends with what was measured.

use loadgate::api::LoadTest;
use serde_json::{Value, json};

use crate::outcome::{PER_USER, REQUESTS, USERS, counts_are_exact, essence, labels, leaves_only};
use crate::stage::{Stage, on_stage, phase};
use crate::support::loadtests::is_judged;

/// Each phase takes 6 s: the load is still on when the next operator comes.
const LONG: u64 = 30;

/// A pass that nobody has judged, of the spec as it is.
fn pass(generation: u64) -> Value {
    let since = "2026-01-01T00:00:00Z";
    let condition = |of: &str| json!({"type": of, "status": "True", "reason": "Passed", "message": "forged", "lastTransitionTime": since, "observedGeneration": generation});
    let conditions = ["Complete", "Passed", "Ready"].map(condition);
    json!({"status": {"phase": "Passed", "verdict": "Pass", "message": "forged", "observedGeneration": generation,
        "conditions": conditions, "compliance": {"score": 100}}})
}

/// Nothing was ever told.
fn removal() -> Value {
    json!({"status": null})
}

/// A requirement that no run of these meets.
fn is_missed(spec: &mut Value) {
    spec["requirements"] = json!([{"id": "MANY", "metric": "requests", "target": "> 100000", "must": true}]);
}

pub(crate) async fn a_status_that_is_forged_in_mid_run_while_nobody_leads_changes_nothing() {
    for forgery in [pass(1), removal()] {
        on_stage(|stage| in_mid_run(stage, forgery)).await;
    }
}

async fn in_mid_run(stage: Stage, forgery: Value) {
    stage.apply_but(LONG, is_missed).await;
    stage.operator.start();
    stage.until("running", |test| phase(test) == "Running").await;
    stage.operator.kill().await;
    stage.forge(forgery).await;
    stage.start_another().await;
    stage.until("written over", |test| phase(test) == "Running").await;
    let status = stage.comes_to_rest().await;
    is_judged(&status, "Fail");
    assert_eq!(status["run"]["number"], 1);
    assert_eq!(status["summary"]["requests"], 2 * USERS * LONG);
    leaves_only(&stage, "-run-1-result-").await;
    counts_are_exact(&status, &stage.target.seen());
}

pub(crate) async fn a_status_that_is_forged_at_rest_is_written_over_by_what_is_stored() {
    on_stage(|stage| async move {
        stage.apply_but(PER_USER, is_missed).await;
        stage.operator.start();
        stage.comes_to_rest().await;
        // The second run: what is stored tells its number too.
        stage.patch(json!({"spec": {"runId": "two"}})).await;
        stage.until("told of the second run", |test| number(test) == Some(2)).await;
        let honest = stage.run_comes_to_rest(2).await;
        is_judged(&honest, "Fail");
        for (what, forgery) in [("a pass", pass(2)), ("nothing", removal())] {
            stage.forge(forgery.clone()).await;
            is_written_over(&stage, what, &honest).await;

            stage.operator.kill().await;
            stage.forge(forgery).await;
            stage.start_another().await;
            is_written_over(&stage, what, &honest).await;
        }
        leaves_only(&stage, "-run-2-result-").await;
        assert_eq!(stage.target.seen().len() as u64, 2 * REQUESTS, "none of it brought a load");
    })
    .await;
}

fn number(test: &LoadTest) -> Option<u64> {
    Some(test.status.as_ref()?.run.as_ref()?.number)
}

/// The status says again what was measured, with its identities and figures; times of transition begin anew.
async fn is_written_over(stage: &Stage, what: &str, honest: &Value) {
    let told = |status: &Value| {
        let own = ["run", "summary", "results", "generator"].map(|field| status[field].clone());
        (essence(status), own)
    };
    let is_honest = |test: &LoadTest| told(&serde_json::to_value(&test.status).unwrap()) == told(honest);
    stage.until(&format!("written over after {what} was forged"), is_honest).await;
    let writes = stage.proxy.so_far().writes;
    let runs: Vec<_> = labels(&writes).into_iter().filter(|label| label.starts_with("POST jobs")).collect();
    assert_eq!(runs, ["POST jobs shop-run-1", "POST jobs shop-run-2"]);
}
