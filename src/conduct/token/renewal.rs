//! Keeps an access token that hasn't expired.
//!
//! ```text
//! asked ─────────────────── margin(life) ahead ─ tries, one after the other ─ expires ─ tries ─ …
//!        the token is sent                                                  it lapses: told to all who send it
//! ```
//! The tries ahead are evenly spaced. Behind the expiry they begin close to each other, as an endpoint may give another token
//! only then, and get rarer.

use std::pin::pin;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{info, warn};

use super::answer::{Fault, Token};
use super::endpoint::{Endpoint, TokenError};
use crate::plan::secrets::Secrets;
use crate::plan::{Authorization, OAuth2, Target, margin};

/// So often the first token is asked for.
const TRIES: u32 = 4;
/// The pause before it is asked for the second time; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// All of these tries end within it, whatever the endpoint does.
const LONGEST_BEGINNING: Duration = Duration::from_secs(30);
/// So many tries fit between the first and the expiry, where each fails at once.
const TRIES_AHEAD: u32 = 8;
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Access tokens for as long as this is held.
#[derive(Debug)]
pub struct Tokens {
    told: watch::Receiver<Authorization>,
    renewing: JoinHandle<()>,
}

impl Tokens {
    /// What stands in the header Authorization, now and later.
    #[must_use]
    pub fn authorization(&self) -> watch::Receiver<Authorization> {
        self.told.clone()
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// The first token, and from then on others ahead of its expiry, on this runtime; none: the target asks for none.
/// `tls` is how TLS is spoken to the endpoint, where it is.
///
/// # Errors
/// When the endpoint gives none in a few tries.
pub async fn tokens(
    target: &Target,
    secrets: &Secrets,
    tls: Option<ClientConfig>,
) -> Result<Option<Tokens>, TokenError> {
    let Some(oauth2) = &target.oauth2 else { return Ok(None) };
    let endpoint = Endpoint::new(oauth2, secrets, tls)?;
    let first = first(oauth2, &endpoint).await?;
    let (tell, told) = watch::channel(Authorization::new(&first.token.value));
    let renewing = tokio::spawn(async move { renew(first, &endpoint, &tell).await });
    Ok(Some(Tokens { told, renewing }))
}

/// Who gives tokens.
trait Source: Sync {
    /// Asks for one, once. It ends.
    fn ask(&self) -> impl Future<Output = Result<Token, Fault>> + Send;
}

impl Source for Endpoint {
    fn ask(&self) -> impl Future<Output = Result<Token, Fault>> + Send {
        self.ask()
    }
}

/// A token and when it was asked for: it may be as old as that.
struct Held {
    token: Token,
    asked: Instant,
}

async fn first(oauth2: &OAuth2, source: &impl Source) -> Result<Held, TokenError> {
    let mut cause = NO_ANSWER.to_owned();
    let held = timeout(LONGEST_BEGINNING, few_tries(source, &mut cause)).await;
    held.ok().flatten().ok_or_else(|| {
        let (path, url) = (oauth2.path.clone(), oauth2.shown_url());
        TokenError::Refused { path, url, cause }
    })
}

const NO_ANSWER: &str = "no answer came in time";

/// None: there is no sense in another try. `cause` is what was wrong at the last one.
async fn few_tries(source: &impl Source, cause: &mut String) -> Option<Held> {
    let mut pause = FIRST_PAUSE;
    for again in (0..TRIES).rev() {
        let asked = Instant::now();
        let fault = match source.ask().await {
            Ok(token) => {
                told(&token);
                return Some(Held { token, asked });
            }
            Err(fault) => fault,
        };
        warn!(cause = fault.what, "no access token yet");
        let is_last = again == 0 || !fault.may_pass;
        let next = fault.pause(pause);
        *cause = fault.what;
        if is_last {
            break;
        }
        sleep(next).await;
        pause *= 2;
    }
    None
}

impl Fault {
    /// How long to wait from now on: as long as the endpoint says, within limits, or else `pause`.
    fn pause(&self, pause: Duration) -> Duration {
        self.after.map_or(pause, |after| after.clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
    }
}

fn told(token: &Token) {
    info!(life = ?token.life, "access token fetched");
    if token.life.is_none() {
        warn!("the token endpoint told no expires_in: its token is taken never to expire");
    }
}

/// Asks for one token after the other, each ahead of the expiry of the one before, until one never expires.
async fn renew(mut held: Held, source: &impl Source, tell: &watch::Sender<Authorization>) {
    while let Some(life) = held.token.life {
        let expires = held.asked + life;
        sleep_until(expires - margin(life)).await;
        let expiry = Expiry { at: expires, has_passed: false, tell };
        held = another(expiry, Pauses::of(life), source).await;
        tell.send_modify(|authorization| authorization.renew(&held.token.value));
        told(&held.token);
    }
}

/// Between two tries, where the endpoint doesn't say how long.
struct Pauses {
    ahead: Duration,
    behind: Duration,
}

impl Pauses {
    fn of(life: Duration) -> Self {
        Pauses { ahead: (margin(life) / TRIES_AHEAD).max(SHORTEST_PAUSE), behind: SHORTEST_PAUSE }
    }

    fn next(&mut self, expiry: &Expiry<'_>) -> Duration {
        if !expiry.has_passed {
            // Waiting ends with it: from then on another answer is likely.
            return self.ahead.min(expiry.at.saturating_duration_since(Instant::now()));
        }
        let longer = (self.behind * 2).min(LONGEST_PAUSE);
        std::mem::replace(&mut self.behind, longer)
    }
}

/// Tries until there is another token.
async fn another(mut expiry: Expiry<'_>, mut pauses: Pauses, source: &impl Source) -> Held {
    let mut why = NO_ANSWER.to_owned();
    loop {
        let asked = Instant::now();
        let fault = match expiry.during(source.ask(), &why).await {
            Ok(token) => return Held { token, asked },
            Err(fault) => fault,
        };
        let pause = fault.pause(pauses.next(&expiry));
        why = fault.what;
        warn!(cause = why, "the access token isn't renewed yet");
        expiry.still(&why);
        expiry.during(sleep(pause), &why).await;
    }
}

/// When the token that is sent expires, and who is told then.
struct Expiry<'a> {
    at: Instant,
    has_passed: bool,
    tell: &'a watch::Sender<Authorization>,
}

impl Expiry<'_> {
    /// Does `work`; where the token expires meanwhile, that is told at once.
    async fn during<T>(&mut self, work: impl Future<Output = T>, why: &str) -> T {
        let mut work = pin!(work);
        if !self.has_passed {
            tokio::select! {
                // An answer that comes too late on a machine that stands still is one that wasn't there.
                biased;
                () = sleep_until(self.at) => {}
                done = &mut work => return done,
            }
            warn!(cause = why, "the access token has expired, and there is no other one");
            self.has_passed = true;
            self.still(why);
        }
        work.await
    }

    /// Tells why there still is no other token, where the last one has expired.
    fn still(&self, why: &str) {
        if self.has_passed {
            self.tell.send_modify(|authorization| authorization.lapse(why));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

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
            let token =
                |life| Token { value: format!("{number} left"), life: Some(Duration::from_secs(life)) };
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
                let said = if now.lapses.is_on {
                    format!("lapsed: {}", now.lapses.why)
                } else {
                    now.value().to_owned()
                };
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
        check(
            1_000,
            &[(200, Ok(10)), (0, Ok(7_000))],
            &[(970_200, "Bearer 1 left"), (978_000, "Bearer 0 left")],
        );
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
        check(
            5,
            &[(3_000, Ok(7_000))],
            &[(5_000, "lapsed: no answer came in time"), (7_000, "Bearer 0 left")],
        );
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
            let held =
                Held { token: Token { value: "old".to_owned(), life: Some(life) }, asked: Instant::now() };
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
            client_secret: crate::plan::ClientSecret::Given("hunter2".to_owned()),
            client_auth: crate::api::ClientAuth::Basic,
            scopes: Vec::new(),
            params: std::collections::BTreeMap::new(),
            path: "spec.target.auth.oauth2".to_owned(),
        };
        let script = Script(Mutex::new(steps.to_vec().into_iter()));
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
}
