//! The API server goes in the midst of runs, and etcd does: loads go on, and what they came to is told once it is back.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::cluster::component;
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, constant_rate, counts, is_judged};
use crate::support::pods::{NGINX, Nginx};

/// Longer than the operator keeps its Lease without an API server.
const GONE: Duration = Duration::from_secs(20);

pub(crate) fn loads_go_on_without_an_api_server_and_are_told_when_it_is_back(installation: &Installation) {
    let ending = installation.room("outage-ending");
    let lasting = installation.room("outage-lasting");
    let (ending_seen, lasting_seen) = (Nginx::start(&ending.kubectl), Nginx::start(&lasting.kubectl));
    // One ends while there is no API server, the other one goes on for longer.
    ending.kubectl.apply(&constant_rate("ending", NGINX, "10/s", "15s"));
    lasting.kubectl.apply(&constant_rate("lasting", NGINX, "10/s", "60s"));
    ending.is_on("ending");
    let before = requests(&lasting.is_on("lasting"));
    if !component("stop", "apiserver") {
        return;
    }
    // That long, and nobody is there who could tell anything: it is the fault.
    std::thread::sleep(GONE);
    assert!(component("start", "apiserver"));
    let back = Instant::now();
    let caught_up = lasting.until("lasting", LIMIT, "caught up", |status| requests(status) > before);
    eprintln!(
        "the status caught up {:.1?} after the API server was back: {} requests",
        back.elapsed(),
        requests(&caught_up)
    );
    is_whole(&ending, "ending", &ending_seen, 150);

    component("stop", "etcd");
    std::thread::sleep(GONE / 4);
    assert!(component("start", "etcd"));
    is_whole(&lasting, "lasting", &lasting_seen, 600);
}

fn requests(status: &Value) -> u64 {
    status["summary"]["requests"].as_u64().unwrap_or_default()
}

fn is_whole(room: &Room<'_>, name: &str, nginx: &Nginx, planned: usize) {
    let status = room.comes_to_rest(name);
    is_judged(&status, "Pass");
    counts(&status, planned);
    assert_eq!(status["workers"]["lost"], 0);
    assert_eq!(status["run"]["number"], 1);
    assert_eq!(nginx.load().len(), planned);
}
