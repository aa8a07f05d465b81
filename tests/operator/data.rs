//! Rows of data in a ConfigMap: the kubelet brings them to the workers, and what is missing is told.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::installation::Installation;
use crate::support::loadtests::{LIMIT, constant_rate, counts, message};
use crate::support::pods::{NGINX, Nginx};

pub(crate) fn rows_of_a_config_map_reach_the_target_and_a_missing_one_is_told(installation: &Installation) {
    let room = installation.room("data");
    let nginx = Nginx::configured(&room.kubectl, "$http_user_agent", "");
    let mut test = constant_rate("fed", NGINX, "10/s", "4s");
    test["spec"]["data"] =
        json!([{"name": "words", "csv": {"configMapKeyRef": {"name": "shop", "key": "words.csv"}}}]);
    test["spec"]["scenarios"][0]["steps"][0]["request"] = json!({"path": "/models?${words.word}"});
    room.kubectl.apply(&test);
    let status = room.comes_to_rest("fed");
    let told = message(&status);
    assert!(
        told.contains("spec.data[0].csv: there is no key \"words.csv\" in a ConfigMap \"shop\""),
        "{told}"
    );
    assert_eq!(nginx.load().len(), 0);

    room.kubectl.run(&["create", "configmap", "shop", "--from-literal=words.csv=word\nred\ngreen\n"]);
    test["spec"]["runId"] = json!("again");
    room.kubectl.apply(&test);
    let status = room.until("fed", LIMIT, "judged again", |status| {
        status["run"]["number"] == 2 && status["verdict"].is_string()
    });
    counts(&status, 40);
    let mut asked: BTreeMap<String, u32> = BTreeMap::new();
    for line in nginx.load() {
        *asked.entry(line.seen).or_default() += 1;
    }
    let seen = |word: &str| format!("GET /models?{word} 200");
    assert_eq!(asked, [(seen("green"), 20), (seen("red"), 20)].into());
}
