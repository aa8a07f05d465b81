//! Which token is told when, by an endpoint that does what a script says.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;
use crate::plan::{ClientAuth, ClientSecret};

/// What is answered, one after the other, and after how many milliseconds; then nothing any more. `after 7` stands for
/// what says to be asked again in 7 s.
struct Script(Mutex<std::vec::IntoIter<Step>>);

type Step = (u64, Result<u64, &'static str>);

impl Source for Script {
    async fn ask(&self) -> Result<Token, Fault> {
        let next = self.0.lock().unwrap().next();
        let Some((millis, answer)) = next else { return std::future::pending().await };
        sleep(Duration::from_millis(millis)).await;
        let number = self.0.lock().unwrap().len();
        let token = |life| Token { value: format!("{number} left"), life: Some(Duration::from_secs(life)) };
        answer.map(token).map_err(|what| match what.strip_prefix("after ") {
            Some(seconds) => {
                let after = Some(Duration::from_secs(seconds.parse().unwrap()));
                Fault { after, ..Fault::passing(what) }
            }
            None => Fault::passing(what),
        })
    }
}

/// What is told, and after how many milliseconds: the token, or `lapsed:` and why.
async fn play(first: u64, steps: Vec<Step>) -> Vec<(u64, String)> {
    let script = Script(Mutex::new(steps.into_iter()));
    let (tell, mut told) = watch::channel(Authorization::new("first"));
    let (asked, token) =
        (Instant::now(), Token { value: "first".to_owned(), life: Some(Duration::from_secs(first)) });
    let listen = async {
        let mut heard = Vec::new();
        while tokio::time::timeout(Duration::from_hours(1), told.changed()).await.is_ok() {
            let now = told.borrow_and_update().clone();
            let said =
                if now.lapses.is_on { format!("lapsed: {}", now.lapses.why) } else { now.value().to_owned() };
            heard.push((u64::try_from(asked.elapsed().as_millis()).unwrap(), said));
        }
        heard
    };
    tokio::select! {
        () = renew(Held { token, asked }, &script, &tell) => unreachable!("all of them expire"),
        heard = listen => heard,
    }
}

fn on_paused_time<T>(work: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(work)
}

#[track_caller]
fn check(first: u64, steps: &[Step], want: &[(u64, &str)]) {
    let heard = on_paused_time(play(first, steps.to_vec()));
    let heard: Vec<_> = heard.iter().map(|(at, said)| (*at, said.as_str())).collect();
    assert_eq!(heard, want);
}

#[test]
fn a_token_is_replaced_before_it_expires_and_counts_from_when_it_was_asked_for() {
    check(1_000, &[(200, Ok(10)), (0, Ok(7_000))], &[(970_200, "Bearer 1 left"), (978_000, "Bearer 0 left")]);
}

#[test]
fn an_endpoint_that_refuses_is_asked_again_until_the_token_expires_and_then_a_lapse_is_told() {
    // 1 s before its end and every 125 ms from then on.
    check(5, &[(0, Err("busy")), (0, Err("busy")), (0, Ok(7_000))], &[(4_250, "Bearer 0 left")]);
    let mut refused = vec![(0, Err("busy")); 8];
    refused.push((10, Err("closed")));
    refused.push((0, Ok(7_000)));
    check(5, &refused, &[(5_000, "lapsed: busy"), (5_010, "lapsed: closed"), (5_110, "Bearer 0 left")]);
}

#[test]
fn an_endpoint_that_does_not_answer_does_not_keep_a_lapse_from_being_told() {
    check(5, &[(3_000, Ok(7_000))], &[(5_000, "lapsed: no answer came in time"), (7_000, "Bearer 0 left")]);
}

/// An endpoint that gives tokens of no life until then, as one does that gives the old one until it expires.
struct Until(Instant);

impl Source for Until {
    async fn ask(&self) -> Result<Token, Fault> {
        if Instant::now() < self.0 {
            return Err(Fault::passing("its token expires within a second (expires_in 0)"));
        }
        Ok(Token { value: "new".to_owned(), life: None })
    }
}

/// How many milliseconds after the expiry there is another token, where there is none before `until`.
#[track_caller]
fn check_behind(life: u64, until: u64, want: u128) {
    let life = Duration::from_secs(life);
    let passed = on_paused_time(async {
        let (tell, told) = watch::channel(Authorization::new("old"));
        let held = Held { token: Token { value: "old".to_owned(), life: Some(life) }, asked: Instant::now() };
        let expires = held.asked + life;
        renew(held, &Until(expires + Duration::from_millis(until)), &tell).await;
        assert_eq!((told.borrow().value(), told.borrow().lapses.is_on), ("Bearer new", false));
        expires.elapsed().as_millis()
    });
    assert_eq!(passed, want, "{life:?}, {until} ms");
}

#[test]
fn an_endpoint_that_gives_another_token_only_after_the_expiry_is_asked_often_then_and_less_and_less() {
    for life in [1, 5, 3600] {
        check_behind(life, 0, 0);
        check_behind(life, 500, 700);
    }
    check_behind(60, 6_000, 6_300);
    check_behind(60, 20_000, 21_300);
}

#[test]
fn an_endpoint_that_says_when_to_ask_again_is_asked_then_within_limits() {
    // 12 s ahead and every 1.5 s.
    check(60, &[(0, Err("after 3")), (0, Ok(7_000))], &[(51_000, "Bearer 0 left")]);
    check(60, &[(0, Err("after 9")), (0, Ok(7_000))], &[(53_000, "Bearer 0 left")]);
    check(60, &[(0, Err("after 0")), (0, Ok(7_000))], &[(48_100, "Bearer 0 left")]);
    check_first(&[(0, Err("after 2")), (0, Ok(9))], 2_000, Ok("0 left"));
    check_first(&[(0, Err("after 3600")), (0, Ok(9))], 5_000, Ok("0 left"));
}

/// The first token or why there is none, after so many milliseconds.
#[track_caller]
fn check_first(steps: &[Step], millis: u128, want: Result<&str, &str>) {
    let oauth2 = OAuth2 {
        token_url: "http://idp/token".to_owned(),
        client_id: "loader".to_owned(),
        client_secret: ClientSecret::Given("hunter2".to_owned()),
        client_auth: ClientAuth::Basic,
        scopes: Vec::new(),
        params: BTreeMap::new(),
        path: "spec.target.auth.oauth2".to_owned(),
    };
    let script = Script(Mutex::new(Vec::from(steps).into_iter()));
    let (got, passed) = on_paused_time(async {
        let begin = Instant::now();
        (first(&oauth2, &script).await, begin.elapsed().as_millis())
    });
    let got = match got {
        Ok(held) => Ok(held.token.value),
        Err(TokenError::Refused { cause, .. }) => Err(cause),
        Err(error) => panic!("{error}"),
    };
    assert_eq!((got, passed), (want.map(str::to_owned).map_err(str::to_owned), millis));
}

#[test]
fn the_first_token_is_asked_for_a_few_times_and_no_longer_than_half_a_minute() {
    check_first(&[(100, Ok(9))], 100, Ok("0 left"));
    check_first(&[(0, Err("busy")), (0, Err("busy")), (0, Err("busy")), (0, Ok(9))], 3_500, Ok("0 left"));
    check_first(
        &[(0, Err("busy")), (0, Err("busy")), (0, Err("busy")), (0, Err("closed"))],
        3_500,
        Err("closed"),
    );
    check_first(&[(10_000, Err("late")); 4], 30_000, Err("late"));
    check_first(&[], 30_000, Err(NO_ANSWER));
}
