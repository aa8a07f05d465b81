//! What the rest of the operator knows of the election, and the guard that its writes stand behind.

use std::future::poll_fn;
use std::pin::pin;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Leader;

/// How this process stands in the election. Clones see the same.
#[derive(Clone, Debug)]
pub struct Standing {
    state: watch::Receiver<State>,
}

/// This process doesn't lead, or no longer: nothing may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this operator does not lead; nothing is written")]
pub struct NotLeading;

/// What the election tells.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The end of the own term, as of its last renewal.
    term: Option<Instant>,
    leader: Option<Leader>,
    /// The election is over for this process.
    is_over: bool,
}

impl State {
    /// Takes over what the candidate knows; tells whether it is new.
    pub(super) fn change(&mut self, term: Option<Instant>, leader: Option<Leader>) -> bool {
        let is_new = self.term != term || self.leader != leader;
        self.term = term;
        self.leader = leader;
        is_new
    }

    pub(super) fn end(&mut self) {
        self.term = None;
        self.is_over = true;
    }

    fn term_at(&self, now: Instant) -> Option<Instant> {
        self.term.filter(|end| now < *end)
    }
}

impl Standing {
    pub(super) fn new(state: watch::Receiver<State>) -> Self {
        Standing { state }
    }

    /// That of a process whose term ends then; with what keeps it so.
    #[cfg(test)]
    pub(crate) fn until(end: Instant) -> (impl Sized, Self) {
        let state = State { term: Some(end), leader: None, is_over: false };
        let (keeper, state) = watch::channel(state);
        (keeper, Standing { state })
    }

    /// Whether this process leads now, by its own clock.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.state.borrow().term_at(Instant::now()).is_some()
    }

    /// Who leads, for those who asked the wrong one; none as long as nobody is known to.
    #[must_use]
    pub fn leader(&self) -> Option<Leader> {
        self.state.borrow().leader.clone()
    }

    /// Waits until this process leads. An error: it never will, as its part in the election is over.
    pub async fn led(&mut self) -> Result<(), NotLeading> {
        let settled = |state: &State| state.is_over || state.term_at(Instant::now()).is_some();
        let state = self.state.wait_for(settled).await.map_err(|_| NotLeading)?;
        if state.is_over { Err(NotLeading) } else { Ok(()) }
    }

    /// Waits until this process doesn't lead any more: the term has passed or the election is over.
    pub async fn lost(&mut self) {
        while let Some(end) = self.term() {
            tokio::select! {
                () = sleep_until(end) => {}
                // Gone with the election, which ended the term.
                changed = self.state.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Does `write` as long as this process leads. Before each of its steps the end of the term is looked up and
    /// compared with the clock. So a process that was stopped for a while sends nothing when it goes on, and a
    /// call that hangs is given up with the term.
    ///
    /// What was handed over to the client a moment before can't be called back. So each write names the
    /// resourceVersion that was decided on, or all that was, and the API server refuses it if anybody who leads has
    /// written since.
    pub async fn guard<T>(&self, write: impl Future<Output = T>) -> Result<T, NotLeading> {
        let mut write = pin!(write);
        let mut standing = self.clone();
        let mut lost = pin!(standing.lost());
        poll_fn(|context| {
            // The one wakes the task when the term ends. The other doesn't wait for the runtime to notice.
            if lost.as_mut().poll(context).is_ready() || !self.leads() {
                return std::task::Poll::Ready(Err(NotLeading));
            }
            write.as_mut().poll(context).map(Ok)
        })
        .await
    }

    fn term(&self) -> Option<Instant> {
        self.state.borrow().term_at(Instant::now())
    }
}
