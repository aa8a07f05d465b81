//! A search for the breaking point whose operator is killed in its midst: it finds the same, and no level is run twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::watch;

use crate::outcome::leaves_only_its_result;
use crate::stage::on_stage;
use crate::support::loadtests::is_judged;
use crate::support::server::{Server, response};
use crate::{LIMIT, within};

/// So many at once the target answers well.
const HOLDS: u64 = 10;

pub(crate) async fn a_search_whose_operator_is_killed_at_several_levels_finds_the_same() {
    on_stage(|stage| async move {
        let (target, mut seen) = target();
        stage
            .apply_but(1, |spec| {
                let when = json!([{"metric": "error_rate", "is": "> 1%"}]);
                let steps = json!({"burst": {"from": 2, "step": 2, "to": 16}, "settle": "1s", "stopWhen": when});
                spec["target"] = json!({"baseUrl": target.url()});
                spec["scenarios"] =
                    json!([{"name": "visit", "steps": [{"name": "get", "request": {"path": "/${level}"}}]}]);
                spec["phases"] = json!([
                    {"name": "search", "load": {"steps": steps}, "expect": [{"metric": "capacity", "target": ">= 8"}]},
                    {"name": "after", "load": {"iterations": {"users": 2, "perUser": 1}}},
                ]);
                spec["requirements"] = json!([]);
            })
            .await;
        stage.operator.start();
        // The second time while nothing of the level before is known to the one that leads.
        for level in [4, 8, 12] {
            let is_on = seen.wait_for(|seen| seen.contains_key(&level));
            drop(within(LIMIT, &format!("level {level} is on"), is_on).await.unwrap());
            stage.operator.kill().await;
            stage.start_another().await;
        }
        let status = stage.comes_to_rest().await;
        let told = &status["phases"][0]["capacity"];
        let want = json!({"held": "10 at once", "atLeast": false, "levelsHeld": 5, "stoppedAt": "12 at once",
            "stoppedBy": "error_rate = 100% (> 1%)"});
        assert_eq!(*told, want, "{status:#}");
        assert_eq!(status["phases"][0]["expectations"][0]["measured"], "10", "{status:#}");
        // Outside a search there is no level.
        let want: BTreeMap<u64, u64> = [(2, 2), (4, 4), (6, 6), (8, 8), (10, 10), (12, 12), (0, 2)].into();
        assert_eq!(*seen.borrow(), want, "each level is run once, by both workers together");
        assert_eq!(status["summary"]["requests"], 44);
        assert_eq!(status["workers"]["lost"], 0);
        is_judged(&status, "Pass");
        leaves_only_its_result(&stage).await;
    })
    .await;
}

/// A target that fails what belongs to too high a level, and counts how many of each have come.
fn target() -> (Server, watch::Receiver<BTreeMap<u64, u64>>) {
    let (count, seen) = watch::channel(BTreeMap::new());
    let count = Arc::new(count);
    let server = Server::answering(move |request| {
        // Whether it can be reached is asked without a level.
        let Some(level) = request.line().rsplit('/').next().and_then(|level| level.parse().ok()) else {
            return response("200 OK", "", "");
        };
        count.send_modify(|count| *count.entry(level).or_default() += 1);
        response(if level > HOLDS { "503 Service Unavailable" } else { "200 OK" }, "", "")
    });
    (server, seen)
}
