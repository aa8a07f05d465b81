//! Lets workers in: a token is checked once by the API server, then matched with the pod, its Job and the run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus};
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::{Api, Client, Resource, ResourceExt};
use sha2::{Digest, Sha256};

use super::api::{CallError, Objects};
use super::lease::Standing;
use super::names;
use super::runs::Runs;
use super::telemetry::Telemetry;
use crate::ingest::SharedSession;
use crate::ingest::server::{Denial, Door, Visitor};

/// How long a checked token is believed: no longer than tokens hold.
const BELIEVED: Duration = Duration::from_mins(10);
/// The longest that the check of a token may take.
const LIMIT: Duration = Duration::from_secs(10);
/// So many messages a second are taken of one worker.
const MOST_PER_SECOND: u32 = 50;
/// So many tokens are kept; more than any operator leads workers.
const MOST_TOKENS: usize = 20_000;

/// Knows the workers of the runs that this process leads.
pub struct WorkersDoor {
    client: Client,
    runs: Runs,
    standing: Standing,
    telemetry: Arc<Telemetry>,
    known: Mutex<BTreeMap<[u8; 32], Known>>,
}

/// A token that was checked: whose it is and how often it comes.
#[derive(Clone, Debug)]
struct Known {
    run: String,
    visitor: Visitor,
    until: Instant,
    second: Instant,
    messages: u32,
}

impl WorkersDoor {
    /// A door to `runs`.
    #[must_use]
    pub fn new(client: Client, runs: Runs, standing: Standing, telemetry: Arc<Telemetry>) -> Self {
        WorkersDoor { client, runs, standing, telemetry, known: Mutex::default() }
    }

    /// Whose token it is, if it was checked before; counts the visit.
    fn recall(&self, digest: &[u8; 32]) -> Option<Result<Known, Denial>> {
        let mut known = self.known();
        let entry = known.get_mut(digest)?;
        let now = Instant::now();
        if entry.until <= now {
            known.remove(digest);
            return None;
        }
        if now.duration_since(entry.second) >= Duration::from_secs(1) {
            entry.second = now;
            entry.messages = 0;
        }
        entry.messages += 1;
        Some(if entry.messages > MOST_PER_SECOND { Err(Denial::TooMany) } else { Ok(entry.clone()) })
    }

    fn remember(&self, digest: [u8; 32], run: &str, visitor: &Visitor) {
        let mut known = self.known();
        let now = Instant::now();
        known.retain(|_, entry| entry.until > now);
        if known.len() < MOST_TOKENS {
            let entry = Known {
                run: run.to_owned(),
                visitor: visitor.clone(),
                until: now + BELIEVED,
                second: now,
                messages: 1,
            };
            known.insert(digest, entry);
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Known>> {
        // Each change is one insert, remove or count.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the API server whose token it is: the namespace, name and UID of its pod.
    async fn review(&self, run: &str, token: &str) -> Result<PodIdentity, Denial> {
        let reviews = Api::<TokenReview>::all(self.client.clone());
        let spec = TokenReviewSpec {
            token: Some(token.to_owned()),
            audiences: Some(vec![names::AUDIENCE.to_owned()]),
        };
        let review = TokenReview { spec, ..TokenReview::default() };
        let parameters = PostParams::default();
        let asked = tokio::time::timeout(LIMIT, reviews.create(&parameters, &review)).await;
        match asked {
            Ok(Ok(review)) => identity(&review.status.unwrap_or_default()).ok_or(Denial::NoIdentity),
            Ok(Err(source)) => {
                let what = "TokenReview of a worker's token".to_owned();
                self.tell(run, &CallError::Failed { verb: "create", what, source: Box::new(source) });
                Err(Denial::NotNow("the token can't be checked now"))
            }
            Err(_) => Err(Denial::NotNow("the token can't be checked now")),
        }
    }

    /// What keeps the run's workers out. A right that is missing is somebody's to give: that is told on the object too.
    fn tell(&self, run: &str, error: &CallError) {
        tracing::warn!(%error, run, "a worker can't be let in");
        if error.is_forbidden() {
            self.runs.shut_out(run, Some(error.to_string()));
        }
    }

    /// The pod's share, if it is a pod of the Job with this UID.
    async fn share(&self, run: &str, identity: &PodIdentity, job_uid: &str) -> Result<u32, Denial> {
        let pods = Objects::<Pod>::new(&self.client, &identity.namespace);
        let pod = pods.get(&identity.name).await.map_err(|error| {
            self.tell(run, &error);
            Denial::NotNow("the pod can't be looked up now")
        })?;
        let pod = pod.filter(|pod| pod.uid().as_ref() == Some(&identity.uid)).ok_or(Denial::NotOfThisRun)?;
        let owner = pod.owner_references().iter().find(|owner| owner.controller == Some(true));
        if owner.is_none_or(|owner| owner.uid != job_uid) || pod.meta().deletion_timestamp.is_some() {
            return Err(Denial::NotOfThisRun);
        }
        let index = pod.labels().get(names::INDEX_LABEL).and_then(|index| index.parse().ok());
        index.ok_or(Denial::NotOfThisRun)
    }
}

#[async_trait]
impl Door for WorkersDoor {
    async fn admit(&self, run: &str, token: &str) -> Result<(Visitor, SharedSession), Denial> {
        if !self.standing.leads() {
            return Err(Denial::NotLeading(self.standing.leader().map(|leader| leader.address)));
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        let live = self.runs.get(run);
        if let Some(known) = self.recall(&digest) {
            let known = known?;
            let live = live.ok_or(Denial::NotNow("the run isn't open here"))?;
            return if known.run == run {
                Ok((known.visitor, live.session))
            } else {
                Err(Denial::NotOfThisRun)
            };
        }
        // Who it is comes first: what runs there are is nobody's business without a token.
        let identity = self.review(run, token).await?;
        let live = live.ok_or(Denial::NotNow("the run isn't open here"))?;
        let worker = self.share(run, &identity, &live.job_uid).await?;
        self.runs.shut_out(run, None);
        let visitor = Visitor { worker, process: identity.uid };
        self.remember(digest, run, &visitor);
        Ok((visitor, live.session))
    }

    fn note(&self, _run: &str, status: u16) {
        self.telemetry.push_answered(status);
    }
}

/// The pod that a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PodIdentity {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
}

/// The pod in a review; none: the token isn't valid, isn't meant for us, or is bound to no pod.
pub(super) fn identity(review: &TokenReviewStatus) -> Option<PodIdentity> {
    let is_ours = review.audiences.as_ref()?.iter().any(|audience| audience == names::AUDIENCE);
    if review.authenticated != Some(true) || !is_ours {
        return None;
    }
    let user = review.user.as_ref()?;
    // `system:serviceaccount:NAMESPACE:NAME`
    let namespace = user.username.as_ref()?.strip_prefix("system:serviceaccount:")?.split(':').next()?;
    let one = |key: &str| user.extra.as_ref()?.get(key)?.first().cloned();
    Some(PodIdentity {
        namespace: namespace.to_owned(),
        name: one("authentication.kubernetes.io/pod-name")?,
        uid: one("authentication.kubernetes.io/pod-uid")?,
    })
}
