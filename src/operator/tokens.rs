//! What is known of tokens: those that were checked, and for a moment those that were refused. By their digests only.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::ingest::server::{Denial, Visitor};

/// How long a checked token is believed: no longer than tokens hold.
const BELIEVED: Duration = Duration::from_mins(10);
/// How long a token that was refused isn't looked at again.
const REFUSED: Duration = Duration::from_secs(5);
/// So many messages a second are taken of one worker.
const MOST_PER_SECOND: u32 = 50;
/// So many tokens are kept; more than any operator leads workers.
const MOST_KNOWN: usize = 20_000;
/// So many refused ones are: within the time that they are kept for, no more can be checked by far.
const MOST_REFUSED: usize = 10_000;
/// Those of Kubernetes have a thousand characters or two.
const LONGEST: usize = 8 * 1024;

/// A token's digest.
type Token = [u8; 32];

/// What is known of tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    known: BTreeMap<Token, Known>,
    refused: BTreeMap<Token, Refused>,
}

/// A token that was checked: whose it is and how often it comes.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) run: String,
    pub(super) visitor: Visitor,
    until: Instant,
    second: Instant,
    messages: u32,
}

#[derive(Clone, Debug)]
struct Refused {
    /// The run that it isn't for; none: it is for nothing.
    run: Option<String>,
    until: Instant,
}

/// Whether it might be a token of Kubernetes: three parts in the letters of base64url, and no longer than they are.
pub(super) fn is_well_formed(token: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    token.len() <= LONGEST && token.split('.').count() == 3 && token.split('.').all(is_part)
}

impl Tokens {
    /// Whose token it is, if it was checked before; counts the visit. Or why it is refused, if it just was.
    pub(super) fn recall(&self, token: &str, run: &str) -> Option<Result<Known, Denial>> {
        let (token, now) = (digest(token), Instant::now());
        let mut memory = self.memory();
        if let Some(refused) = memory.refused.get(&token).filter(|refused| refused.until > now) {
            match &refused.run {
                None => return Some(Err(Denial::NoIdentity)),
                Some(of) if of == run => return Some(Err(Denial::NotOfThisRun)),
                Some(_) => {}
            }
        }
        let entry = memory.known.get_mut(&token)?;
        if entry.until <= now {
            memory.known.remove(&token);
            return None;
        }
        if now.duration_since(entry.second) >= Duration::from_secs(1) {
            entry.second = now;
            entry.messages = 0;
        }
        entry.messages += 1;
        Some(if entry.messages > MOST_PER_SECOND { Err(Denial::TooMany) } else { Ok(entry.clone()) })
    }

    /// Remembers whose token it is.
    pub(super) fn believe(&self, token: &str, run: &str, visitor: &Visitor) {
        let now = Instant::now();
        let known = &mut self.memory().known;
        known.retain(|_, entry| entry.until > now);
        if known.len() < MOST_KNOWN {
            let (run, visitor) = (run.to_owned(), visitor.clone());
            let entry = Known { run, visitor, until: now + BELIEVED, second: now, messages: 1 };
            known.insert(digest(token), entry);
        }
    }

    /// Remembers for a moment that it was refused, if that is what was said of it.
    pub(super) fn refuse(&self, token: &str, run: &str, denial: &Denial) {
        let run = match denial {
            Denial::NoIdentity => None,
            Denial::NotOfThisRun => Some(run.to_owned()),
            // It wasn't looked at, or is fine.
            Denial::NotLeading(_) | Denial::NotNow(_) | Denial::TooMany => return,
        };
        let now = Instant::now();
        let refused = &mut self.memory().refused;
        if refused.len() >= MOST_REFUSED {
            refused.retain(|_, entry| entry.until > now);
        }
        if refused.len() < MOST_REFUSED {
            refused.insert(digest(token), Refused { run, until: now + REFUSED });
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Each change is one insert, remove or count.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(token: &str) -> Token {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_token_of_kubernetes_is_worth_a_look() {
        let longest = format!("a.b.{}", "c".repeat(LONGEST - 4));
        for (token, is_one) in [
            ("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsibG9hZGdhdGUiXX0.c2lnbmF0dXJlLV8", true),
            (&longest, true),
            (&format!("{longest}c"), false),
            ("", false),
            ("nonsense", false),
            ("a.b", false),
            ("a.b.", false),
            ("a..c", false),
            ("a.b.c.d", false),
            ("a.b.c=", false),
            ("a.b.c\u{e9}", false),
            ("a.b c.d", false),
        ] {
            assert_eq!(is_well_formed(token), is_one, "{token:.40}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refused_ones_are_remembered_for_a_moment_and_no_more_than_there_is_room_for() {
        let tokens = Tokens::default();
        let is_refused = |number: usize, run: &str| tokens.recall(&number.to_string(), run).is_some();
        for number in 0..MOST_REFUSED + 10 {
            tokens.refuse(&number.to_string(), "run", &Denial::NoIdentity);
        }
        assert_eq!(tokens.memory().refused.len(), MOST_REFUSED);
        assert!(is_refused(0, "run") && is_refused(0, "other"), "it is for nothing");
        assert!(!is_refused(MOST_REFUSED, "run"), "there was no room for it");
        tokio::time::advance(REFUSED).await;
        assert!(!is_refused(0, "run"));
        tokens.refuse("new", "run", &Denial::NotOfThisRun);
        assert_eq!(tokens.memory().refused.len(), 1, "the old ones have made room");
        assert!(matches!(tokens.recall("new", "run"), Some(Err(Denial::NotOfThisRun))));
        assert!(tokens.recall("new", "other").is_none(), "it may be for another run");
        tokens.refuse("fine", "run", &Denial::NotNow("later"));
        assert!(tokens.recall("fine", "run").is_none());
    }
}
