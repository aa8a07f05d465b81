//! The states of runs that didn't come to a verdict by their plan, as the operator has written them: the same as the
//! golden ones, and read alike by gates.

use serde_json::{Value, json};

use crate::rights::Without;
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, as_golden, is_sound, soundly};
use crate::support::pods::{NGINX, Nginx};
use crate::written::is_read_as;

/// Load that goes on for longer than any test looks at it.
const LONG: &str = "10m";

pub(crate) fn runs_without_a_verdict_are_written_as_committed(installation: &Installation) {
    let room = installation.room("gates");
    Nginx::slow(&room.kubectl);
    what_is_not_run(&room);
    soundly(|attempt| what_is_running_and_what_lost_its_workers(&room, attempt));
    soundly(|attempt| what_was_too_long(&room, attempt));
    soundly(|attempt| what_was_aborted(&room, attempt));
}

fn what_is_not_run(room: &Room) {
    let mut test = as_golden("quickstart-invalid", NGINX, "3s");
    test["spec"]["requirements"][0]["metric"] = json!("latency.p9x");
    room.kubectl.apply(&test);
    room.until("quickstart-invalid", LIMIT, "refused", |status| status["phase"] == "Invalid");
    is_read_as(room, "quickstart-invalid", "invalid");

    let mut test = as_golden("quickstart-stopped", NGINX, "3s");
    test["spec"]["abort"] = json!(true);
    room.kubectl.apply(&test);
    room.until("quickstart-stopped", LIMIT, "aborted", |status| status["phase"] == "Aborted");
    is_read_as(room, "quickstart-stopped", "abort-is-set");
}

fn what_is_running_and_what_lost_its_workers(room: &Room, attempt: usize) -> Option<()> {
    let name = &format!("quickstart-lost-{attempt}");
    room.kubectl.apply(&as_golden(name, NGINX, LONG));
    room.is_on(name);
    is_read_as(room, name, "running");
    room.kubectl.patch(name, &json!({"spec": {"seed": 7}}));
    is_read_as(room, name, "running-spec-changed");
    // As it was, or another run would follow.
    room.kubectl.patch(name, &json!({"spec": {"seed": null}}));
    room.kubectl.run(&["delete", "job", &format!("{name}-run-1")]);
    let status = room.comes_to_rest(name);
    // One that hears of the end sooner than it is stopped has told the rest, and isn't lost.
    let are_lost = status["workers"]["lost"] == 2;
    (is_sound(&status) && are_lost).then(|| is_read_as(room, name, "workers-lost"))
}

fn what_was_too_long(room: &Room, attempt: usize) -> Option<()> {
    let name = &format!("quickstart-long-{attempt}");
    let mut test = as_golden(name, NGINX, LONG);
    test["spec"]["deadlines"] = json!({"run": "8s"});
    room.kubectl.apply(&test);
    let status = room.comes_to_rest(name);
    is_sound(&status).then(|| is_read_as(room, name, "run-deadline"))
}

fn what_was_aborted(room: &Room, attempt: usize) -> Option<()> {
    let name = &format!("quickstart-aborted-{attempt}");
    room.kubectl.apply(&as_golden(name, NGINX, LONG));
    room.is_on(name);
    room.kubectl.patch(name, &json!({"spec": {"abort": true}}));
    let status = room.comes_to_rest(name);
    is_sound(&status).then(|| is_read_as(room, name, "aborted"))
}

pub(crate) fn a_right_that_is_missing_is_written_as_committed(installation: &Installation) {
    let room = installation.room("forbidden");
    let name = "quickstart-forbidden";
    let taken = Without::right(installation, "create", "jobs");
    room.kubectl.apply(&as_golden(name, NGINX, "3s"));
    let is_told = |status: &Value| status["conditions"][0]["reason"] == "Forbidden";
    room.until(name, LIMIT, "told what is missing", is_told);
    is_read_as(&room, name, "forbidden");
    drop(taken);
    room.until(name, LIMIT, "going on", |status| status["phase"] == "Starting");
}
