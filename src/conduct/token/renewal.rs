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
mod tests;
