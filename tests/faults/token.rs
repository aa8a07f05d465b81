//! Tokens that are renewed while their workers report.

use std::time::Duration;

use tokio::time::sleep;

use crate::outcome::{LASTING, USERS, counts_are_exact};
use crate::stage::on_stage;
use crate::support::loadtests::is_judged;

/// A kubelet does it every eight minutes.
const RENEWALS: usize = 6;

pub(crate) async fn a_workers_token_that_is_renewed_again_and_again_costs_no_report() {
    on_stage(|stage| async move {
        stage.runs(LASTING).await;
        for _ in 0..RENEWALS {
            stage.kubelet.renews_tokens().await;
            // Some reports by each token.
            sleep(Duration::from_secs(2)).await;
        }
        let status = stage.comes_to_rest().await;
        is_judged(&status, "Pass");
        assert_eq!(status["workers"]["lost"], 0);
        assert_eq!(status["summary"]["requests"], 2 * USERS * LASTING);
        let tokens = stage.kubelet.so_far().tokens.len();
        assert!(tokens >= 2 * (1 + RENEWALS), "{tokens} tokens");
        counts_are_exact(&status, &stage.target.seen());
    })
    .await;
}
