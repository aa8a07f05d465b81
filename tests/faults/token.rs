//! Tokens that are renewed while their workers report.

use crate::outcome::{LASTING, USERS, counts_are_exact};
use crate::stage::on_rough_stage;
use crate::support::loadtests::is_judged;
use crate::{LIMIT, within};

/// A kubelet does it every eight minutes.
const RENEWALS: usize = 4;

pub(crate) async fn a_workers_token_that_is_renewed_again_and_again_costs_no_report() {
    on_rough_stage(|stage| async move {
        stage.runs(LASTING).await;
        let post = stage.post.as_ref().unwrap();
        for _ in 0..RENEWALS {
            let known = stage.kubelet.so_far().tokens.len();
            stage.kubelet.renews_tokens().await;
            let renewed = stage.kubelet.so_far().tokens.split_off(known);
            assert_eq!(renewed.len(), 2, "both workers are there");
            // Those from before still hold for a while: who never reads the new ones goes unnoticed until then.
            within(LIMIT, "reports with the renewed tokens", post.has_brought(&renewed)).await;
        }
        let status = stage.comes_to_rest().await;
        is_judged(&status, "Pass");
        assert_eq!(status["workers"]["lost"], 0);
        assert_eq!(status["summary"]["requests"], 2 * USERS * LASTING);
        counts_are_exact(&status, &stage.target.seen());
    })
    .await;
}
