//! The same file without a cluster, and in a form that asks less of a machine that is busy with other things.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::loadtests::{example, latency, reachable};
use crate::support::program::Run;

/// From this try on, quickstart asks for less.
const GENTLE_FROM: usize = 2;
/// No local run of these tests takes longer.
const LIMIT: Duration = Duration::from_mins(3);

/// The status that `loadgate run` reports of this file.
pub(crate) fn without_a_cluster(test: &Value) -> Value {
    Run::new(&test.to_string(), &[]).start().wait(LIMIT).report().0["status"].clone()
}

/// The example, with bounds that a busy machine reaches. Where it wasn't held for sound twice, its users ask when they have
/// been answered and have thought for a while, so that nothing can be late.
pub(crate) fn quickstart(attempt: usize) -> Value {
    let mut test = example("quickstart");
    let is_gentle = attempt >= GENTLE_FROM;
    if is_gentle {
        test["spec"]["phases"][0]["load"] = json!({"iterations": {"users": 2, "perUser": 50}});
        test["spec"]["scenarios"][0]["steps"][0]["think"] = json!("300ms");
    }
    test["spec"]["requirements"][0] = latency(&reachable(), if is_gentle { 1 } else { 200 });
    test
}
