//! The operator is replaced while a run is under way: the next one goes on with it, and nothing is lost.

use serde_json::Value;

use crate::support::installation::Installation;
use crate::support::loadtests::{LIMIT, constant_rate, counts, is_judged};
use crate::support::pods::{NGINX, Nginx};

pub(crate) fn counts_are_exact_after_the_operator_was_replaced_in_mid_run(installation: &Installation) {
    let room = installation.room("takeover");
    let nginx = Nginx::start(&room.kubectl);
    room.kubectl.apply(&constant_rate("long", NGINX, "20/s", "20s"));
    room.is_on("long");
    let name = |pod: &Value| pod["metadata"]["name"].as_str().unwrap().to_owned();
    let before: Vec<String> = installation.operators().iter().map(name).collect();
    installation.kubectl.run(&["delete", "pod", &before[0], "--timeout=60s"]);
    installation.kubectl.wait("condition=Available", "deployment/loadgate", LIMIT);
    assert_eq!(room.status("long")["phase"], "Running", "the load outlasts the change");
    let status = room.comes_to_rest("long");
    assert!(!before.contains(&name(&installation.operators()[0])));
    assert_eq!(nginx.load().len(), 400);
    counts(&status, 400);
    assert_eq!(status["run"]["number"], 1);
    is_judged(&status, "Pass");
}
