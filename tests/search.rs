//! Searches for the breaking point of targets whose capacity is known: what is found is within 5 % of it.
//!
//! The capacities lie far below what any machine can do. Where it was busy with other things all the same, so that the load came
//! unevenly or the target itself was late, the search is done again.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod support;

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::program::{Ended, Run};
use support::server::{Server, response};

/// So often a search is done again on a machine that is busy.
const TRIES: usize = 5;
const LIMIT: Duration = Duration::from_mins(2);

/// Searches by two workers.
fn search(url: &str, steps: &str, expect: &str) -> Ended {
    let test = format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: search}}
spec:
  target: {{baseUrl: "{url}"}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: "/${{level}}"}}}}]}}]
  phases: [{{name: search, load: {{steps: {{{steps}}}}}, expect: [{{metric: capacity, {expect}}}]}}]
"#
    );
    Run::new(&test, &["--workers", "2"]).start().wait(LIMIT)
}

fn capacity(ended: &Ended) -> Value {
    ended.report().at("/phases/0/capacity").clone()
}

fn is_sound(ended: &Ended) -> bool {
    ended.report().at("/status/generator/healthy").as_bool().unwrap()
}

/// The number that a level begins with.
fn figure(level: &Value) -> f64 {
    let text = level.as_str().unwrap();
    text.split(['/', ' ']).next().unwrap().replace(',', "").parse().unwrap()
}

/// Tokens come at a rate, and are gone where nobody takes them from the full bucket.
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// Tokens a second.
const RATE: f64 = 50.0;
/// As many as come while a machine stands still for an eighth of a second.
const DEPTH: f64 = 6.0;

impl Bucket {
    fn takes(&mut self) -> bool {
        let now = Instant::now();
        self.tokens = (self.tokens + (now - self.filled).as_secs_f64() * RATE).min(DEPTH);
        self.filled = now;
        let is_there = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(is_there));
        is_there
    }
}

/// The moments at which requests of a level came.
type Arrivals = Vec<(String, Instant)>;

/// Whether those of each level came as evenly as the bucket forgives.
fn came_evenly(arrivals: &Arrivals) -> bool {
    arrivals.chunk_by(|one, next| one.0 == next.0).all(|level| {
        let (rate, first) = (level[0].0.parse::<f64>().unwrap(), level[0].1);
        level.iter().zip(0_u32..).all(|((_, at), place)| {
            let late = (*at - first).as_secs_f64() - f64::from(place) / rate;
            late.abs() * RATE < DEPTH / 2.0
        })
    })
}

#[test]
fn the_rate_that_a_token_bucket_lets_through_is_found_within_five_percent() {
    for _ in 0..TRIES {
        let bucket = Mutex::new(Bucket { tokens: DEPTH, filled: Instant::now() });
        let arrivals = Arc::<Mutex<Arrivals>>::default();
        let log = Arc::clone(&arrivals);
        let server = Server::answering(move |request| {
            // Whether it can be reached is asked without a level.
            let Some(level) = request.line().strip_prefix("GET /").filter(|level| !level.is_empty()) else {
                return response("200 OK", "", "");
            };
            log.lock().unwrap().push((level.to_owned(), Instant::now()));
            let is_let_through = bucket.lock().unwrap().takes();
            response(if is_let_through { "200 OK" } else { "429 Too Many Requests" }, "", "")
        });
        let steps = "rate: {from: 42.5/s, step: 2.5/s, to: 100/s}, hold: 4s, settle: 200ms, \
                     stopWhen: [{metric: error_rate, is: '> 1%'}]";
        let ended = search(&server.url(), steps, "target: '>= 40/s'");
        if is_sound(&ended) && came_evenly(&arrivals.lock().unwrap()) {
            let told = capacity(&ended);
            let held = figure(&told["held"]);
            assert!((held - RATE).abs() <= 0.05 * RATE, "{told:#}\n{}", ended.out);
            assert_eq!(told["atLeast"], false, "{told:#}");
            assert!(told["stoppedBy"].as_str().unwrap().starts_with("error_rate = "), "{told:#}");
            assert_eq!(ended.code, Some(0), "{}", ended.out);
            assert!(ended.out.contains("broke: error_rate = "), "{}", ended.out);
            return;
        }
    }
    eprintln!("this machine was too busy for each of {TRIES} searches");
}

/// So many are served at once, each for a while; the others wait.
#[derive(Default)]
struct Pool {
    taken: Mutex<(usize, Duration, u32)>,
    freed: Condvar,
}

const PLACES: usize = 8;
const SERVICE: Duration = Duration::from_millis(100);

impl Pool {
    fn serve(&self) {
        let mut taken = self.freed.wait_while(self.taken.lock().unwrap(), |taken| taken.0 == PLACES).unwrap();
        taken.0 += 1;
        drop(taken);
        let began = Instant::now();
        std::thread::sleep(SERVICE);
        let mut taken = self.taken.lock().unwrap();
        *taken = (taken.0 - 1, taken.1 + began.elapsed(), taken.2 + 1);
        self.freed.notify_one();
    }

    /// How long it has really served one, in the mean.
    fn service(&self) -> Duration {
        let (_, all, count) = *self.taken.lock().unwrap();
        all / count.max(1)
    }
}

#[test]
fn the_users_that_a_pool_answers_in_time_are_found_within_five_percent() {
    let longest = Duration::from_millis(256);
    for _ in 0..TRIES {
        let pool = Arc::<Pool>::default();
        let serving = Arc::clone(&pool);
        let server = Server::answering(move |request| {
            if request.line() != "GET /" {
                serving.serve();
            }
            response("200 OK", "", "")
        });
        let steps =
            "users: {from: 16, step: 1, to: 40}, hold: 2s, stopWhen: [{metric: latency.mean, is: '> 256ms'}]";
        let ended = search(&server.url(), steps, "target: '>= 10'");
        // That many wait for their turn at the pool at once, by what it takes on this machine.
        let known = longest.as_secs_f64() * PLACES as f64 / pool.service().as_secs_f64();
        if is_sound(&ended) && pool.service() < SERVICE * 21 / 20 {
            let told = capacity(&ended);
            let held = figure(&told["held"]);
            assert!(
                (held - known.floor()).abs() <= 0.05 * known,
                "{known} are known: {told:#}\n{}",
                ended.out
            );
            assert!(told["stoppedBy"].as_str().unwrap().starts_with("latency.mean = "), "{told:#}");
            return;
        }
    }
    eprintln!("this machine was too busy for each of {TRIES} searches");
}

#[test]
fn a_target_that_holds_every_level_is_known_to_hold_at_least_the_highest() {
    let server = Server::answering(|_| response("200 OK", "", ""));
    let steps = "burst: {from: 2, step: 3, to: 9}, stopWhen: [{metric: error_rate, is: '> 1%'}]";
    let ended = search(&server.url(), steps, "target: '>= 8'");
    let told = capacity(&ended);
    assert_eq!(
        (told["held"].as_str(), &told["atLeast"]),
        (Some("8 at once"), &Value::Bool(true)),
        "{told:#}"
    );
    assert_eq!(ended.report().total("requests"), 2 + 5 + 8);
    assert!(ended.out.contains("at least 8 at once"), "{}", ended.out);
}

#[test]
fn a_target_that_holds_no_level_has_a_capacity_of_none() {
    let server = Server::answering(|request| {
        response(if request.line() == "GET /" { "200 OK" } else { "503 Service Unavailable" }, "", "")
    });
    let steps = "users: {from: 1, step: 1, to: 3}, hold: 1s, stopWhen: [{metric: error_rate, is: '> 1%'}]";
    let ended = search(&server.url(), steps, "target: '>= 1'");
    let told = capacity(&ended);
    assert_eq!((told["held"].as_str(), told["stoppedAt"].as_str()), (Some("0"), Some("1 user")), "{told:#}");
    let row = ended.report().at("/phases/0/expectations/0").clone();
    assert_eq!((row["measured"].as_str(), row["effect"].as_str()), (Some("0"), Some("Fails")), "{row:#}");
}

#[test]
fn a_level_that_cannot_be_judged_ends_the_search_and_is_told() {
    let server = Server::answering(|_| response("200 OK", "", ""));
    let steps = "burst: {from: 2, step: 1, to: 9}, stopWhen: [{metric: latency.p95, is: '> 10s'}]";
    let ended = search(&server.url(), steps, "target: '>= 2'");
    assert_eq!(ended.code, Some(2), "{}", ended.out);
    let why = "couldn't tell whether it held 2 at once: latency.p95 is unknown: needs 200 samples and has 2";
    assert!(ended.report().text("/status/message").contains(why), "{}", ended.out);
    assert_eq!(capacity(&ended)["held"], Value::Null);
}
