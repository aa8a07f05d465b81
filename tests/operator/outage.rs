//! etcd is full in the midst of runs, then the API server goes, and etcd does: loads go on, and what they came to is told
//! once all is well.

use std::time::{Duration, Instant};

use regex::Regex;

use crate::figures::note;
use crate::support::cluster::component;
use crate::support::installation::{Installation, NAMESPACE, Room};
use crate::support::loadtests::{LIMIT, constant_rate, counts, is_judged};
use crate::support::node::Node;
use crate::support::pods::{NGINX, Nginx};

/// Longer than the operator keeps its Lease without an API server.
const GONE: Duration = Duration::from_secs(20);
/// Three times as long as a status may be late when all is well again.
const SOON: Duration = Duration::from_secs(30);

pub(crate) fn loads_go_on_without_an_api_server_and_are_told_when_it_is_back(installation: &Installation) {
    let Some(node) = Node::of_the_script() else { return };
    let ending = installation.room("outage-ending");
    let lasting = installation.room("outage-lasting");
    let (ending_seen, lasting_seen) = (Nginx::start(&ending.kubectl), Nginx::start(&lasting.kubectl));
    lasting.kubectl.apply(&constant_rate("lasting", NGINX, "10/s", "80s"));
    lasting.is_on("lasting");

    let full = node.fills_etcd();
    is_told_by_metrics(installation);
    drop(full);
    lasting.goes_on("lasting");

    // It ends while there is no API server; the other one goes on for longer.
    ending.kubectl.apply(&constant_rate("ending", NGINX, "10/s", "15s"));
    ending.is_on("ending");
    component("stop", "apiserver");
    // That long, and nobody is there who could tell anything: it is the fault.
    std::thread::sleep(GONE);
    component("start", "apiserver");
    let took = lasting.goes_on("lasting");
    assert!(took < SOON, "the status was {took:.1?} late");
    note("API server back → the status has caught up", format!("{:.1} s", took.as_secs_f64()), "–", "≤ 10 s");
    is_whole(&ending, "ending", &ending_seen, 150);

    component("stop", "etcd");
    std::thread::sleep(GONE / 4);
    component("start", "etcd");
    is_whole(&lasting, "lasting", &lasting_seen, 800);
    // Who gets no answer asks less and less often, and until then the node knows no new Service. What comes next needs some.
    component("stop", "proxy");
    component("start", "proxy");
}

/// Looks at runs that fail are counted for as long as this operator leads; then none does.
fn is_told_by_metrics(installation: &Installation) {
    let fails = Regex::new("loadgate_reconcile_errors_total\\{reason=\"api\"\\} [1-9]").unwrap();
    let leads = |told: &str| told.contains("\nloadgate_leader 1");
    metrics(installation, "failures are counted", |told| fails.is_match(told) && leads(told));
    metrics(installation, "none leads", |told| !leads(told));
}

/// Asks for the operator's metrics until they tell this: nobody is told when they change. One that has ended tells nothing.
fn metrics(installation: &Installation, what: &str, is: impl Fn(&str) -> bool) {
    let pod = installation.operators().remove(0)["metadata"]["name"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{pod}:8080/proxy/metrics");
    let asked = Instant::now();
    while !is(&installation.kubectl.tries(&["get", "--raw", &path]).unwrap_or_default()) {
        assert!(asked.elapsed() < LIMIT, "not after {LIMIT:?}: {what}");
    }
}

fn is_whole(room: &Room<'_>, name: &str, nginx: &Nginx, planned: usize) {
    let status = room.comes_to_rest(name);
    is_judged(&status, "Pass");
    counts(&status, planned);
    assert_eq!(status["workers"]["lost"], 0);
    assert_eq!(status["run"]["number"], 1);
    assert_eq!(nginx.load().len(), planned);
}
