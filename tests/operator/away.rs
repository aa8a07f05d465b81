//! The operator is away: runs go on without it, and what happened meanwhile is made good when it is back.

use serde_json::{Value, json};

use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, constant_rate, counts, is_judged, message};
use crate::support::pods::{NGINX, Nginx};

/// A run, in a namespace of its own, whose load is on.
fn on<'a>(installation: &'a Installation, word: &str, test: &Value) -> (Room<'a>, Nginx) {
    let room = installation.room(word);
    let nginx = Nginx::start(&room.kubectl);
    room.kubectl.apply(test);
    (room, nginx)
}

pub(crate) fn what_befalls_runs_while_the_operator_is_away_is_made_good_when_it_is_back(
    installation: &Installation,
) {
    let whole = constant_rate("whole", NGINX, "10/s", "15s");
    // Nobody but the operator knows when the second phase begins.
    let mut barred = constant_rate("barred", NGINX, "10/s", "15s");
    let iterations = json!({"iterations": {"users": 2, "perUser": 75}});
    barred["spec"]["scenarios"][0]["steps"][0]["think"] = json!("200ms");
    barred["spec"]["phases"] =
        json!([{"name": "one", "load": iterations}, {"name": "two", "load": iterations}]);
    let (whole, whole_seen) = on(installation, "away-whole", &whole);
    let (barred, barred_seen) = on(installation, "away-barred", &barred);
    let (deleted, deleted_seen) =
        on(installation, "away-deleted", &constant_rate("deleted", NGINX, "10/s", "15s"));
    whole.is_on("whole");
    barred.is_on("barred");
    deleted.is_on("deleted");

    let away = installation.without_operator();
    deleted.kubectl.run(&["delete", "loadtest", "deleted", "--wait=false"]);
    // Workers of the barred run wait a minute for the word to go on, and then end it.
    let ended = "stopped, for want of a coordinator";
    for worker in barred.workers("barred") {
        barred.logs(worker["metadata"]["name"].as_str().unwrap(), ended);
    }
    assert_eq!(whole_seen.load().len(), 150, "the load goes on without it");
    assert_eq!(deleted_seen.load().len(), 150, "nobody is there to end it");
    drop(away);

    let status = whole.comes_to_rest("whole");
    is_judged(&status, "Pass");
    counts(&status, 150);
    assert_eq!(status["workers"]["lost"], 0);

    let status = barred.comes_to_rest("barred");
    assert_eq!(status["verdict"], "Inconclusive", "{}", message(&status));
    let served = barred_seen.load().len();
    assert_eq!(served, 150, "the second phase never began");
    assert_eq!(status["summary"]["requests"], served);

    deleted.kubectl.run(&[
        "wait",
        "--for=delete",
        "loadtest/deleted",
        &format!("--timeout={}s", LIMIT.as_secs()),
    ]);
    deleted.is_cleared();
    assert_eq!(deleted.children(), Vec::<String>::new());
}

pub(crate) fn a_namespace_that_is_deleted_in_mid_run_goes_with_all_that_is_in_it(
    installation: &Installation,
) {
    let (room, _) = on(installation, "gone", &constant_rate("long", NGINX, "10/s", "90s"));
    room.is_on("long");
    let namespace = format!("namespace/{}", room.kubectl.namespace());
    room.kubectl.run(&["delete", &namespace, "--timeout=60s"]);
}
