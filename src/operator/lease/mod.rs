//! Who of several operators writes: leader election by a Lease of the cluster.
//!
//! An [`Election`] is run beside the operator's work; a [`Standing`] is what that work asks. Who leads does its
//! writes through [`Standing::guard`]: behind the end of the term, by this machine's monotonic clock, nothing of
//! them goes on, even if the process was stopped meanwhile and nobody has told it. Who loses a term never gets
//! another one: the process ends, and a new one begins with nothing in its memory.
//!
//! Of the cluster it needs `get` and `update` of that Lease, and `create` of Leases.

mod candidate;
mod record;
mod standing;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, PostParams};
use kube::{Client, Error};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use candidate::{Candidate, LastStep, Step};
use record::Record;

pub use record::ADDRESS;
pub use standing::{NotLeading, Standing};

/// Giving the Lease back may take so long, API calls included.
const RELEASE: Duration = Duration::from_millis(900);

/// Between two attempts to give it back.
const PAUSE: Duration = Duration::from_millis(20);

/// Takes part in the election until it loses or is stopped.
#[derive(Debug)]
pub struct Election {
    leases: Leases,
    candidate: Candidate,
    standing: watch::Sender<standing::State>,
}

/// What one candidate is called and how it behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The namespace of the Lease.
    pub namespace: String,
    /// The name of the Lease.
    pub name: String,
    /// The name of this process; see [`identity`].
    pub identity: String,
    /// Where workers reach this process's ingest, told to the other candidates.
    pub address: String,
    /// How long things may take.
    pub timing: Timing,
}

/// The times of the election; each is shorter than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Others take the Lease when its holder has been silent for so long; whole seconds.
    pub lease: Duration,
    /// The holder gives up when it couldn't renew for so long.
    pub renew_deadline: Duration,
    /// Between two renewals of the holder, and between two looks of the others.
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            lease: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// Who leads, as far as this candidate knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Its process.
    pub identity: String,
    /// Where workers reach its ingest.
    pub address: String,
}

/// Why a term ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// The API server couldn't be reached, refused, or the process stood still.
    #[error("the lease was not renewed within the renew deadline")]
    NotRenewed,
    /// Another holds it.
    #[error("the lease was taken away, and is held by {}", by.as_deref().unwrap_or("nobody"))]
    Taken {
        /// Who; nobody, if somebody emptied it.
        by: Option<String>,
    },
    /// It is gone.
    #[error("the lease was deleted")]
    Deleted,
}

/// A name for this process: that of its pod, and the pod's UID where it is given. Then a process that is started again
/// in the same pod takes up its own Lease at once, and needn't wait until it has run out. So it may be given only to the
/// one process of the pod that can't be there twice: the first of its container, which is dead before the next begins.
/// Without it, the name has a part that no other process has.
#[must_use]
pub fn identity(pod: &str, uid: Option<&str>) -> String {
    uid.map_or_else(|| format!("{pod}_{}", uuid::Uuid::new_v4()), |uid| format!("{pod}_{uid}"))
}

impl Election {
    /// A candidate, and the view that the rest of the operator has of it. Nothing is sent before
    /// [`Election::run`].
    #[must_use]
    pub fn new(client: Client, settings: Settings) -> (Self, Standing) {
        let candidate = Candidate::new(settings.identity.clone(), settings.timing);
        let (standing, seen) = watch::channel(standing::State::default());
        let leases = Leases { api: Api::namespaced(client, &settings.namespace), settings };
        (Election { leases, candidate, standing }, Standing::new(seen))
    }

    /// Takes part until `stop` is true or gone; then gives the Lease back, if this candidate holds it.
    /// An error is the loss of a term: then the process must end without writing anything more.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), Loss> {
        let ended = tokio::select! {
            loss = self.take_part() => Err(loss),
            _ = stop.wait_for(|stop| *stop) => Ok(()),
        };
        self.standing.send_modify(standing::State::end);
        match &ended {
            Err(loss) => tracing::error!(%loss, "leads no more"),
            // What isn't released in time runs out by itself.
            Ok(()) => drop(timeout(RELEASE, self.release()).await),
        }
        ended
    }

    async fn take_part(&mut self) -> Loss {
        loop {
            match self.candidate.next(Instant::now()) {
                Step::Read => self.read().await,
                Step::Claim(current) => self.claim(current).await,
                Step::Rest(until) => sleep_until(until).await,
                Step::Lose(loss) => return loss,
            }
            self.publish();
        }
    }

    async fn read(&mut self) {
        let patience = self.candidate.patience(Instant::now());
        match timeout(patience, self.leases.read()).await {
            Ok(Ok(record)) => self.candidate.saw(record, Instant::now()),
            Ok(Err(error)) => self.failed("read", &error),
            Err(late) => self.failed("read", &late),
        }
    }

    async fn claim(&mut self, current: Option<Record>) {
        let sent = Instant::now();
        let patience = self.candidate.patience(sent);
        match timeout(patience, self.leases.claim(current)).await {
            Ok(Ok(record)) => self.candidate.won(record, sent, Instant::now()),
            Ok(Err(Error::Api(status))) if status.is_conflict() || status.is_not_found() => {
                self.candidate.was_refused(Instant::now());
            }
            Ok(Err(error)) => self.failed("claimed", &error),
            Err(late) => self.failed("claimed", &late),
        }
    }

    fn failed(&mut self, what: &str, error: &dyn std::error::Error) {
        let Settings { namespace, name, .. } = &self.leases.settings;
        tracing::warn!(%error, "the lease {namespace}/{name} could not be {what}");
        self.candidate.failed(Instant::now());
    }

    fn publish(&self) {
        let term = self.candidate.term();
        let leader = self.candidate.leader();
        self.standing.send_if_modified(|state| state.change(term, leader));
    }

    async fn release(&mut self) {
        loop {
            match self.candidate.leave() {
                LastStep::Read => {
                    // What fails at once would be tried again at once, and the time for all of it never run out.
                    sleep(PAUSE).await;
                    self.read().await;
                }
                LastStep::Release(record) => drop(self.leases.release(record).await),
                LastStep::Leave => return,
            }
        }
    }
}

/// The one Lease, at the API server.
#[derive(Debug)]
struct Leases {
    api: Api<Lease>,
    settings: Settings,
}

impl Leases {
    async fn read(&self) -> Result<Option<Record>, Error> {
        Ok(self.api.get_opt(&self.settings.name).await?.map(Record::new))
    }

    /// Who creates what another has created meanwhile gets a conflict, as who updates what another has updated.
    async fn claim(&self, current: Option<Record>) -> Result<Record, Error> {
        let is_new = current.is_none();
        let lease = record::claimed(current, &self.settings, Timestamp::now());
        let written = if is_new {
            self.api.create(&PostParams::default(), &lease).await?
        } else {
            self.api.replace(&self.settings.name, &PostParams::default(), &lease).await?
        };
        Ok(Record::new(written))
    }

    async fn release(&self, record: Record) -> Result<(), Error> {
        let lease = record::released(record, Timestamp::now());
        self.api.replace(&self.settings.name, &PostParams::default(), &lease).await?;
        Ok(())
    }
}
