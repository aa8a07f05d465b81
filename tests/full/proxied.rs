//! Proxies: all of the load goes through, with what they ask for, and the target is known to them alone.

use std::io::{Write, copy};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::program::{LIMIT, Run};
use crate::support::server::{Connection, Server, response};
use crate::{SENT, counted, run, test};

fn steps() -> Value {
    json!([{"name": "get", "request": {"path": "/things?a=b"}, "checks": [{"status": [200]}]}])
}

#[test]
fn a_plain_request_goes_to_the_proxy_whole_with_what_it_asks_for() {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&seen);
    let proxy = Server::answering(move |request| {
        let authorization = request.header("proxy-authorization").unwrap_or_default();
        let host = request.header("host").unwrap_or_default();
        noted.lock().unwrap().push(format!("{} {host} {authorization}", request.line()));
        response("200 OK", "", "{}")
    });
    let authorization = json!({"secretKeyRef": {"name": "proxy", "key": "header"}});
    let own = json!({
        "http": {"proxy": {"url": proxy.url(), "authorization": authorization}},
        "preflight": [{"request": {"path": "/health"}}],
    });
    let test = test("http://shop.invalid:8080", &own, &steps());
    let run =
        Run::new(&test.to_string(), &["--secret", "proxy/header=env:PROXY"]).env("PROXY", "Basic bWU6aXQ=");
    let ended = run.start().wait(LIMIT);
    counted(&ended, "a plain proxy", SENT, None);
    let line = |path: &str| format!("GET http://shop.invalid:8080{path} shop.invalid:8080 Basic bWU6aXQ=");
    let wanted = [vec![line("/health")], vec![line("/things?a=b"); 6]].concat();
    assert_eq!(*seen.lock().unwrap(), wanted);
    // One looks whether it can be reached, one sends the preflight.
    assert_eq!(proxy.accepted(), 4);
    for (file, text) in ended.everything() {
        assert!(!text.contains("bWU6aXQ"), "{file} tells what the proxy is told");
    }
}

/// A proxy that lets through whom it is asked for, and notes it.
fn tunnel() -> (Server, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&asked);
    let proxy = Server::start(move |mut connection: Connection| {
        let Some(head) = connection.head() else { return };
        let line = head.lines().next().unwrap();
        let to = line.split(' ').nth(1).unwrap().to_owned();
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        let authorization = headers.find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"));
        let authorization = authorization.map_or("nobody", |(_, value)| value);
        noted.lock().unwrap().push(format!("{line} {authorization}"));
        let Ok(there) = TcpStream::connect(&to) else {
            return connection.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        };
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n");
        pipe(connection.into_stream(), there);
    });
    (proxy, asked)
}

/// Both ways, until both have ended.
fn pipe(here: TcpStream, there: TcpStream) {
    let (mut from, mut to) = (here.try_clone().unwrap(), there.try_clone().unwrap());
    let back = std::thread::spawn(move || one_way(&mut to, &mut from));
    one_way(&mut { here }, &mut { there });
    back.join().unwrap();
}

fn one_way(from: &mut TcpStream, to: &mut TcpStream) {
    // Whoever hangs up ends it.
    let _ = copy(from, to);
    let _ = to.flush();
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn tls_is_spoken_with_the_target_itself_through_a_tunnel() {
    let target = crate::two::tls_target();
    let (proxy, asked) = tunnel();
    let own =
        json!({"http": {"version": "2", "proxy": {"url": proxy.url()}}, "tls": {"insecureSkipVerify": true}});
    let ended = run(&test(&target.url(), &own, &steps()));
    counted(&ended, "a tunnel", SENT, None);
    let wanted = format!("CONNECT {} HTTP/1.1 nobody", target.authority());
    assert_eq!(*asked.lock().unwrap(), vec![wanted; 2]);
    assert!(target.seen().iter().all(|seen| seen.to_a_proxy.is_none()));
}

/// Who it is to the proxy the target never hears, and who it is to the target the proxy never does.
#[test]
fn a_tunnel_is_asked_for_with_what_the_proxy_asks_for_and_only_that() {
    let target = crate::two::tls_target();
    let (proxy, asked) = tunnel();
    let authorization = json!({"secretKeyRef": {"name": "proxy", "key": "header"}});
    let own = json!({
        "http": {"version": "2", "proxy": {"url": proxy.url(), "authorization": authorization}},
        "tls": {"insecureSkipVerify": true}, "auth": {"bearer": {"value": "for-the-target"}},
    });
    let test = test(&target.url(), &own, &steps());
    let run =
        Run::new(&test.to_string(), &["--secret", "proxy/header=env:PROXY"]).env("PROXY", "Basic bWU6aXQ=");
    counted(&run.start().wait(LIMIT), "a tunnel", SENT, None);
    let wanted = format!("CONNECT {} HTTP/1.1 Basic bWU6aXQ=", target.authority());
    assert_eq!(*asked.lock().unwrap(), vec![wanted; 2]);
    let seen = target.seen();
    assert!(seen.iter().all(|seen| seen.to_a_proxy.is_none()), "{seen:?}");
    assert!(
        seen.iter().all(|seen| seen.authorization.as_deref() == Some("Bearer for-the-target")),
        "{seen:?}"
    );
}

#[test]
fn a_proxy_that_lets_nobody_through_or_is_not_there_is_told() {
    let (proxy, _) = tunnel();
    let own = json!({"http": {"proxy": {"url": proxy.url()}}, "tls": {"insecureSkipVerify": true}});
    let ended = run(&test("https://127.0.0.1:1", &own, &steps()));
    counted(&ended, "refused by the proxy", SENT, Some(("connect", SENT)));
    let own = json!({"http": {"proxy": {"url": "http://127.0.0.1:1"}}});
    let ended = run(&test("http://shop.invalid", &own, &steps()));
    assert_eq!(ended.code, Some(4), "{}", ended.out);
    assert!(
        ended.err.contains("spec.target.http.proxy.url: 127.0.0.1:1 takes no connection"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("is the proxy up"), "{}", ended.err);
}
