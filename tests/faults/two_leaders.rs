//! Two operators, of which the one that leads stands still until the other one leads.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::sleep;

use crate::operator::Operator;
use crate::outcome::{USERS, counts_are_exact, labels, leaves_only_its_result, was_told_in_order};
use crate::proxy::Proxy;
use crate::rights;
use crate::stage::on_rough_stage;
use crate::support::loadtests::is_judged;

/// Much longer than a Lease holds.
const STILL: Duration = Duration::from_mins(1);
/// Phases of 45 s: there is still something to be written when it wakes up.
const LONG: u64 = 225;

pub(crate) async fn a_leader_that_stood_still_for_a_minute_writes_nothing_and_ends() {
    on_rough_stage(|stage| async move {
        stage.runs(LONG).await;
        let proxy = Proxy::start(rights::client(&stage.own).await).await;
        let second = Arc::new(Operator::new(&stage.own.namespace, proxy.address));
        second.start();
        proxy
            .heard("the second asks for the Lease", |heard| {
                heard.reads.iter().any(|path| path.contains("/leases/"))
            })
            .await;

        stage.operator.signal(Signal::STOP);
        let before = stage.proxy.so_far().writes;
        // Workers that reach nobody ask by the name again, and find who leads by then.
        stage.post.as_ref().unwrap().goes_to(second.ingest());
        let still = async {
            sleep(STILL).await;
            stage.operator.signal(Signal::CONT);
            stage.operator.gives_up(1).await;
        };
        let (status, ()) = tokio::join!(stage.comes_to_rest(), still);
        let after = stage.proxy.so_far().writes;
        assert_eq!(after, before, "written behind its term: {:?}", labels(&after[before.len()..]));
        is_judged(&status, "Pass");
        assert_eq!(status["workers"]["lost"], 0);
        assert_eq!(status["summary"]["requests"], 2 * USERS * LONG);
        was_told_in_order(&[before, proxy.so_far().writes].concat());
        leaves_only_its_result(&stage).await;
        second.kill().await;
        counts_are_exact(&status, &stage.target.seen());
    })
    .await;
}
