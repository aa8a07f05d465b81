//! Redirects: followed within the target, so many times, as browsers do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{Request, Server, response};
use crate::{SENT, counted, run, test};

/// A target that redirects as paths say, and what it was asked for, a line each.
fn target() -> (Server, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&seen);
    let server = Server::answering(move |request| {
        let body = String::from_utf8_lossy(&request.body);
        noted.lock().unwrap().push(format!("{} {body}", request.line()).trim_end().to_owned());
        answer(request)
    });
    (server, seen)
}

fn answer(request: &Request) -> Vec<u8> {
    let path = request.line().split(' ').nth(1).unwrap().to_owned();
    let path = path.split('?').next().unwrap();
    match path.split('/').collect::<Vec<_>>()[1..] {
        // /to/302/seen: leads to /seen by that status.
        ["to", status, to] => response(
            &format!("{status} Go"),
            &format!("Location: /{to}?a=b\r\nSet-Cookie: s=1; Path=/\r\n"),
            "",
        ),
        ["relative", "deep"] => response("302 Go", "Location: ../seen\r\n", ""),
        ["circle"] => response("302 Go", "Location: /circle\r\n", ""),
        ["elsewhere"] => response("302 Go", "Location: http://elsewhere.test/\r\n", ""),
        ["upgraded"] => {
            let host = request.header("host").unwrap();
            response("301 Go", &format!("Location: https://{host}/seen\r\n"), "")
        }
        ["nonsense"] => response("302 Go", "Location: http://[\r\n", ""),
        ["nowhere"] => response("302 Go", "", ""),
        ["asked"] if request.header("cookie") == Some("s=1") => response("200 OK", "", "cookie"),
        ["asked"] => response("403 Who", "", ""),
        _ => response("200 OK", "", "{}"),
    }
}

fn step(method: &str, path: &str) -> Value {
    match method {
        "GET" => json!({"name": "go", "request": {"path": path}, "checks": [{"status": [200]}]}),
        _ => {
            json!({"name": "go", "request": {"method": method, "path": path, "text": "x"}, "checks": [{"status": [200]}]})
        }
    }
}

#[test]
fn a_redirect_is_followed_with_the_method_that_its_status_says() {
    for (method, path, onward) in [
        ("GET", "/to/301/seen", "GET /seen?a=b"),
        ("GET", "/to/302/seen", "GET /seen?a=b"),
        ("POST", "/to/301/seen", "GET /seen?a=b"),
        ("POST", "/to/302/seen", "GET /seen?a=b"),
        ("PUT", "/to/302/seen", "PUT /seen?a=b x"),
        ("PUT", "/to/303/seen", "GET /seen?a=b"),
        ("POST", "/to/307/seen", "POST /seen?a=b x"),
        ("POST", "/to/308/seen", "POST /seen?a=b x"),
        ("GET", "/relative/deep", "GET /seen"),
    ] {
        let (server, seen) = target();
        let ended =
            run(&test(&server.url(), &json!({"http": {"redirects": 1}}), &json!([step(method, path)])));
        counted(&ended, path, SENT, None);
        let seen = seen.lock().unwrap();
        let led: Vec<&String> = seen.iter().filter(|line| !line.contains(path)).collect();
        assert_eq!(led, vec![onward; 6], "{method} {path}: {seen:?}");
        assert_eq!(server.accepted(), 3, "{path}: its user's connection serves all");
    }
}

#[test]
fn a_redirect_too_many_or_out_of_the_target_is_a_failure_of_its_own() {
    for (path, redirects, asked) in
        [("/circle", 2, 3), ("/elsewhere", 5, 1), ("/upgraded", 5, 1), ("/nonsense", 5, 1)]
    {
        let (server, seen) = target();
        let http = json!({"http": {"redirects": redirects}});
        let ended = run(&test(&server.url(), &http, &json!([step("GET", path)])));
        counted(&ended, path, SENT, Some(("redirects", SENT)));
        assert_eq!(seen.lock().unwrap().len() as u64, SENT * asked, "{path}");
    }
}

/// Who the load says to be, and what it sends, is for the target only.
#[test]
fn nobody_beyond_the_target_hears_of_a_request_that_leads_there() {
    let other = Server::answering(|_| response("200 OK", "", "{}"));
    for status in [302, 307] {
        let location = format!("Location: {}/seen\r\n", other.url());
        let server = Server::answering(move |_| response(&format!("{status} Go"), &location, ""));
        let mut own = json!({"http": {"redirects": 5}, "auth": {"bearer": {"value": "a"}}});
        let ended = run(&test(&server.url(), &own, &json!([step("POST", "/")])));
        counted(&ended, "the load", SENT, Some(("redirects", SENT)));
        own["preflight"] = json!([{"request": {"path": "/away"}}]);
        let ended = run(&test(&server.url(), &own, &json!([step("POST", "/")])));
        assert_eq!(ended.code, Some(4), "{}", ended.out);
        assert!(ended.err.contains("it is redirected out of the target"), "{}", ended.err);
    }
    assert_eq!(other.accepted(), 0);
}

#[test]
fn the_preflight_is_led_so_many_times_too() {
    let (server, seen) = target();
    let own = json!({"http": {"redirects": 2}, "preflight": [{"request": {"path": "/circle"}}]});
    let ended = run(&test(&server.url(), &own, &json!([step("GET", "/seen")])));
    assert_eq!(ended.code, Some(4), "{}", ended.out);
    assert!(ended.err.contains("there are more redirects than spec.target.http.redirects"), "{}", ended.err);
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[test]
fn without_redirects_and_without_a_location_the_redirect_is_the_response() {
    for (http, path) in [
        (json!({"tier": "full"}), "/circle"),
        (json!({"tier": "fast"}), "/circle"),
        (json!({"redirects": 3}), "/nowhere"),
    ] {
        let (server, seen) = target();
        let step = json!({"name": "go", "request": {"path": path}, "checks": [{"status": [302]}]});
        let ended = run(&test(&server.url(), &json!({"http": http}), &json!([step])));
        counted(&ended, path, SENT, None);
        assert_eq!(seen.lock().unwrap().len() as u64, SENT, "{path}");
    }
}

#[test]
fn a_cookie_of_a_redirect_is_sent_where_it_leads() {
    let (server, _) = target();
    let step = json!({"name": "login", "request": {"method": "POST", "path": "/to/302/asked", "form": {"a": "b"}},
        "checks": [{"bodyContains": "cookie"}]});
    let mut test = test(&server.url(), &json!({"http": {"redirects": 1}}), &json!([step]));
    let ended = run(&test);
    counted(&ended, "nobody keeps cookies", SENT, Some(("403", SENT)));
    test["spec"]["scenarios"][0]["cookies"] = json!(true);
    counted(&run(&test), "users keep cookies", SENT, None);
}

#[test]
fn the_time_limit_is_that_of_all_responses_of_a_redirect_together() {
    for headers in ["", "Connection: close\r\n"] {
        let server = Server::answering(move |_| {
            std::thread::sleep(Duration::from_millis(100));
            response("302 Go", &format!("Location: /\r\n{headers}"), "")
        });
        let own = json!({"http": {"redirects": 20}, "timeout": "350ms"});
        let ended = run(&test(&server.url(), &own, &json!([step("GET", "/")])));
        counted(&ended, headers, SENT, Some(("timeout", SENT)));
        let slowest = ended.report().at("/phases/0/summary/latency/maxMicros").as_u64().unwrap();
        assert!((350_000..1_750_000).contains(&slowest), "{headers}: given up after {slowest} µs");
    }
}
