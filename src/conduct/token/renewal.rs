//! Keeps an access token that hasn't expired.
//!
//! ```text
//! asked ─────────────────── margin(life) ahead ─ tries, one after the other ─ expires ─ tries ─ …
//!        the token is sent                                                  it lapses: told to all who send it
//! ```

use std::pin::pin;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info, warn};

use super::answer::{Fault, Token};
use super::endpoint::{Endpoint, TokenError};
use crate::plan::secrets::Secrets;
use crate::plan::{Authorization, OAuth2, Target, margin};

/// So often the first token is asked for.
const TRIES: u32 = 4;
/// The pause before it is asked for the second time; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
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
    let mut pause = FIRST_PAUSE;
    for again in (0..TRIES).rev() {
        let asked = Instant::now();
        match source.ask().await {
            Ok(token) => {
                told(&token);
                return Ok(Held { token, asked });
            }
            Err(fault) if again == 0 || !fault.may_pass => {
                let (path, url, cause) = (oauth2.path.clone(), oauth2.shown_url(), fault.what);
                return Err(TokenError::Refused { path, url, cause });
            }
            Err(fault) => {
                debug!(cause = fault.what, "no access token yet");
                sleep(pause).await;
                pause *= 2;
            }
        }
    }
    unreachable!("the last try returns")
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
        held = another(expiry, pause(life), source).await;
        tell.send_modify(|authorization| authorization.renew(&held.token.value));
        told(&held.token);
    }
}

/// Between two tries.
fn pause(life: Duration) -> Duration {
    (margin(life) / TRIES_AHEAD).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// Tries until there is another token.
async fn another(mut expiry: Expiry<'_>, pause: Duration, source: &impl Source) -> Held {
    let mut why = "no answer came before it".to_owned();
    loop {
        let asked = Instant::now();
        match expiry.during(source.ask(), &why).await {
            Ok(token) => return Held { token, asked },
            Err(fault) => why = fault.what,
        }
        warn!(cause = why, "the access token isn't renewed yet");
        expiry.still(&why);
        let pause = if expiry.has_passed { LONGEST_PAUSE } else { pause };
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

    /// What is answered, one after the other, and after how many milliseconds; then nothing any more.
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
            answer.map(token).map_err(|what| Fault { what: what.to_owned(), may_pass: true })
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

    #[track_caller]
    fn check(first: u64, steps: &[Step], want: &[(u64, &str)]) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let heard = runtime.block_on(play(first, steps.to_vec()));
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
        check(5, &refused, &[(5_000, "lapsed: busy"), (5_010, "lapsed: closed"), (10_010, "Bearer 0 left")]);
    }

    #[test]
    fn an_endpoint_that_does_not_answer_does_not_keep_a_lapse_from_being_told() {
        check(
            5,
            &[(3_000, Ok(7_000))],
            &[(5_000, "lapsed: no answer came before it"), (7_000, "Bearer 0 left")],
        );
    }
}
