//! A good test with as many scenarios, steps, phases and rows as the schema allows.

use serde_json::{Value, json};

/// Names as long as they may be, each another.
fn name(of: &str, number: usize) -> String {
    format!("{of}-{number:0>width$}", width = 62 - of.len())
}

pub(crate) fn test() -> Value {
    let phases: Vec<String> = (0..32).map(|number| name("phase", number)).collect();
    json!({
        "apiVersion": "loadgate.dev/v1alpha1",
        "kind": "LoadTest",
        "metadata": {"name": "largest"},
        "spec": {
            "target": {"baseUrl": "http://shop", "headers": list(32, header), "auth": {"oauth2": oauth2()}},
            "data": list(16, |number| json!({"name": name("data", number), "inline": list(1000, |_| json!({"a": "b"}))})),
            "scenarios": list(32, scenario),
            "classify": {
                "groups": list(8, |number| json!({"name": name("group", number), "header": "X-Group"})),
                "errors": list(16, |number| json!({"name": name("error", number), "header": "X-Error", "equals": "a"})),
            },
            "phases": list(32, phase),
            "requirements": list(64, |number| requirement(number, &phases)),
            "scoring": {"grades": list(16, |number| json!({"name": "a", "from": 15 - number}))},
        },
    })
}

fn list(count: usize, one: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(one).collect()
}

fn oauth2() -> Value {
    let params: serde_json::Map<_, _> = (0..16).map(|number| (name("param", number), json!("a"))).collect();
    json!({"tokenUrl": "http://idp/token", "clientId": "a", "clientSecret": {"value": "b"},
        "scopes": list(32, |number| json!(name("scope", number))), "params": params})
}

fn header(number: usize) -> Value {
    json!({"name": name("X", number), "value": "a"})
}

fn scenario(number: usize) -> Value {
    json!({"name": name("scenario", number), "weight": number / 31, "pace": "1s",
        "blocks": list(16, |number| json!({"name": name("block", number), "repeat": 1000})),
        "setup": list(8, |number| step(100 + number)), "steps": list(32, step_of_a_block), "teardown": list(8, |number| step(200 + number))})
}

fn step_of_a_block(number: usize) -> Value {
    let mut step = step(number);
    step["block"] = json!(name("block", number / 2));
    step
}

fn step(number: usize) -> Value {
    let mut request = json!({"method": "POST", "path": format!("/{}", "a".repeat(100))});
    match number % 4 {
        0 => request["multipart"] = json!(list(16, |_| json!({"name": "a", "text": "b"}))),
        _ => request["json"] = json!({"a": "b"}),
    }
    json!({"name": name("step", number), "request": request, "think": "normal(1h1m1s1ms1us, 1h1m1s1ms1us, 1h1m1s1ms1us..2h1m1s1ms1us)",
        "checks": list(16, |_| json!({"jsonPath": "$.a", "equals": "b"}))})
}

fn phase(number: usize) -> Value {
    let expect = json!({"ratio": [{"metric": "requests"}, {"metric": "requests"}], "target": "< 5",
        "where": {"window": {"from": "25.0000%", "to": "75.0000%"}, "group": {name("group", 7): "a"}}});
    let mut phase = json!({"name": name("phase", number),
        "scenarios": list(32, |number| json!(name("scenario", number))),
        "load": load(number),
        "expect": list(16, |_| expect.clone())});
    // A search has no length that is known.
    if number % 3 == 2 {
        for expect in phase["expect"].as_array_mut().into_iter().flatten() {
            expect["where"].as_object_mut().map(|narrow| narrow.remove("window"));
        }
    } else {
        phase["maxDuration"] = json!("1h1m1s1ms1us");
    }
    phase
}

/// Each that has many rules, in turn.
fn load(number: usize) -> Value {
    let stage = |_| json!({"rate": "10000.001/day", "duration": "1m1s1ms1us"});
    match number % 3 {
        2 => {
            json!({"steps": {"rate": {"from": "10000.001/day", "step": "10000.001/day", "to": "20000.001/day"},
            "hold": "1h1m1s1ms1us", "settle": "1h1m1s1ms1us", "maxUsers": 9,
            "stopWhen": list(8, |_| json!({"metric": "error_rate", "is": "> 1%"}))}})
        }
        0 => json!({"rampingRate": {"stages": list(32, stage)}}),
        _ => json!({"constantUsers": {"users": 1, "duration": "1h1m1s1ms1us", "rampUp": "1m1s1ms1us"}}),
    }
}

fn requirement(number: usize, phases: &[String]) -> Value {
    let narrow = json!({"phases": phases, "group": {name("group", 7): "a"}});
    let part = json!({"metric": "requests", "where": narrow});
    json!({"id": name("row", number), "ratio": [part, part], "where": narrow, "target": "< 5"})
}
