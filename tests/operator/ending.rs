//! Runs that are ended in the middle: by `spec.abort`, and by deleting the object.

use std::time::Duration;

use serde_json::json;

use crate::figures::{note, now};
use crate::support::installation::Installation;
use crate::support::loadtests::{conditions, constant_rate, message, reason};
use crate::support::pods::{NGINX, Nginx};

/// So long the load may go on after the word.
const LOAD: f64 = 10.0;
/// So long anything of the run may stand after its deletion.
const REST: Duration = Duration::from_secs(30);

#[track_caller]
fn ended_in_time(nginx: &Nginx, asked: f64) -> String {
    let last = nginx.load().last().unwrap().at;
    assert!(last - asked < LOAD, "the load went on for {:.1} s", last - asked);
    format!("{:.1} s", last - asked)
}

pub(crate) fn an_abort_ends_the_load_and_is_idempotent(installation: &Installation) {
    let room = installation.room("abort");
    let nginx = Nginx::start(&room.kubectl);
    room.kubectl.apply(&constant_rate("long", NGINX, "20/s", "90s"));
    room.is_on("long");
    let asked = now();
    room.kubectl.patch("long", &json!({"spec": {"abort": true}}));
    let status = room.comes_to_rest("long");
    ended_in_time(&nginx, asked);
    assert_eq!([&status["phase"], &status["verdict"]], ["Aborted", "Inconclusive"]);
    assert_eq!(conditions(&status), "Complete=True Passed=False Ready=False Stalled=True");
    assert_eq!(reason(&status), "Aborted");
    assert!(message(&status).starts_with("the run was aborted: spec.abort was set"), "{status:#}");
    let (sent, cut) = (status["summary"]["requests"].as_u64(), status["summary"]["cut"].as_u64());
    let served = nginx.load().len() as u64;
    // What was cut off may have been served or not.
    assert!(sent.unwrap() <= served && served <= sent.unwrap() + cut.unwrap(), "{served} served: {status:#}");

    // Neither the same word again nor taking it back starts anything.
    for patch in [json!({"spec": {"abort": true}}), json!({"spec": {"abort": false}})] {
        room.kubectl.patch("long", &patch);
    }
    let generation = room.kubectl.get(&["loadtest", "long"])["metadata"]["generation"].clone();
    let status = room.until("long", REST, "told of the last change", move |status| {
        status["observedGeneration"] == generation
    });
    assert_eq!([&status["phase"], &status["verdict"]], ["Aborted", "Inconclusive"]);
    assert_eq!(nginx.load().len() as u64, served);
    room.is_as_it_must_be("long", Some(&nginx));
}

pub(crate) fn a_deletion_ends_the_load_and_leaves_nothing(installation: &Installation) {
    let room = installation.room("delete");
    let nginx = Nginx::start(&room.kubectl);
    room.kubectl.apply(&constant_rate("long", NGINX, "20/s", "90s"));
    room.is_on("long");
    let asked = now();
    room.kubectl.run(&["delete", "loadtest", "long", "--timeout=30s"]);
    room.is_cleared();
    assert_eq!(room.children(), Vec::<String>::new());
    let gone = now() - asked;
    assert!(gone < REST.as_secs_f64());
    note("delete in mid-run → last request", ended_in_time(&nginx, asked), "0.1 s", "as fast");
    note("delete in mid-run → nothing left", format!("{gone:.1} s"), "0.8 s", "as fast");
}
