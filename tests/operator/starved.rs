//! Workers that have less than their load needs, of CPU or of ports: the object says so, and no gate opens.

use serde_json::json;

use crate::support::installation::Installation;
use crate::support::loadtests::{conditions, constant_rate, message};
use crate::support::pods::{NGINX, Nginx};

pub(crate) fn a_worker_with_a_tenth_of_a_cpu_is_told_and_not_believed(installation: &Installation) {
    let room = installation.room("starved");
    let nginx = Nginx::start(&room.kubectl);
    let mut test = constant_rate("starved", NGINX, "1/s", "1s");
    // Without a pause between their requests: they use all that there is, on any machine.
    test["spec"]["phases"][0]["load"] = json!({"constantUsers": {"users": 4, "duration": "4s"}});
    test["spec"]["workers"] = json!({"count": 1, "resources": {"limits": {"cpu": "100m"}}});
    room.kubectl.apply(&test);
    let status = room.comes_to_rest("starved");
    let told = [&status["verdict"], &status["generator"]["healthy"]];
    assert_eq!(told, [&json!("Inconclusive"), &json!(false)], "{status:#}");
    assert_eq!(conditions(&status), "Complete=True Passed=False Ready=False Stalled=True");
    for words in ["CPU was throttled for", "at its limit of 0.1 CPUs", "raise workers.resources.limits.cpu"] {
        let reason = status["generator"]["reasons"][0].as_str().unwrap_or_default();
        assert!(reason.contains(words) && message(&status).contains(words), "{words}: {status:#}");
    }
    room.is_as_it_must_be("starved", Some(&nginx));
}

pub(crate) fn users_for_whom_a_worker_has_no_ports_are_told_and_nothing_is_sent(installation: &Installation) {
    let room = installation.room("crowded");
    let nginx = Nginx::start(&room.kubectl);
    let mut test = constant_rate("crowded", NGINX, "1/s", "1s");
    // More than there are ports at all.
    test["spec"]["phases"][0]["load"] = json!({"burst": {"iterations": 70_000}});
    test["spec"]["workers"] = json!({"count": 1});
    room.kubectl.apply(&test);
    let status = room.comes_to_rest("crowded");
    assert_eq!([&status["phase"], &status["verdict"]], ["Inconclusive", "Inconclusive"]);
    for words in ["70,000 users at once connect to one address", "raise workers.count or lower the users"] {
        assert!(message(&status).contains(words), "{words}: {status:#}");
    }
    assert_eq!(nginx.load().len(), 0);
    room.is_as_it_must_be("crowded", Some(&nginx));
}
