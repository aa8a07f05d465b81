//! Lets workers in: a token is checked once by the API server, then matched with the pod, its Job and the run. However
//! many come with tokens of their own making, few are checked at once, and none of them again and again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus};
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::{Api, Client, Resource, ResourceExt};
use tokio::sync::Semaphore;

use super::api::{CallError, Objects};
use super::lease::Standing;
use super::names;
use super::runs::{LiveRun, Runs};
use super::telemetry::Telemetry;
use super::tokens::{Tokens, is_well_formed};
use crate::ingest::SharedSession;
use crate::ingest::server::{Denial, Door, Visitor};

const NOT_CHECKED: Denial = Denial::NotNow("the token can't be checked now");
const NOT_OPEN: Denial = Denial::NotNow("the run isn't open here");
/// The longest that the check of a token may take, the wait for its turn included.
const LIMIT: Duration = Duration::from_secs(10);
/// So many tokens are checked at once for runs that are open here: the workers of a large run are through in seconds.
const AT_ONCE: usize = 16;
/// So many for others. Who knows no run's UID can't keep those waiting who do.
const AT_ONCE_FOR_OTHERS: usize = 2;

/// Knows the workers of the runs that this process leads.
pub struct WorkersDoor {
    client: Client,
    runs: Runs,
    standing: Standing,
    telemetry: Arc<Telemetry>,
    tokens: Tokens,
    for_runs: Semaphore,
    for_others: Semaphore,
}

impl WorkersDoor {
    /// A door to `runs`.
    #[must_use]
    pub fn new(client: Client, runs: Runs, standing: Standing, telemetry: Arc<Telemetry>) -> Self {
        WorkersDoor {
            client,
            runs,
            standing,
            telemetry,
            tokens: Tokens::default(),
            for_runs: Semaphore::new(AT_ONCE),
            for_others: Semaphore::new(AT_ONCE_FOR_OTHERS),
        }
    }

    /// Who it is, by what is known of its token.
    fn recall(&self, run: &str, token: &str) -> Option<Result<Visitor, Denial>> {
        let known = match self.tokens.recall(token, run)? {
            Ok(known) => known,
            Err(denial) => return Some(Err(denial)),
        };
        Some(if known.run == run { Ok(known.visitor) } else { Err(Denial::NotOfThisRun) })
    }

    /// Who it is: as known, or as the API server says when it is this one's turn to ask.
    async fn identify(&self, run: &str, token: &str, live: Option<&LiveRun>) -> Result<Visitor, Denial> {
        let turns = if live.is_some() { &self.for_runs } else { &self.for_others };
        let Ok(_turn) = turns.acquire().await else { unreachable!("the turns are never closed") };
        // While it waited, another message with the same token may have had its turn.
        if let Some(known) = self.recall(run, token) {
            return known;
        }
        let checked = self.check(run, token, live).await;
        match &checked {
            Ok(visitor) => self.tokens.believe(token, run, visitor),
            Err(denial) => self.tokens.refuse(token, run, denial),
        }
        checked
    }

    /// Who it is comes first: what runs there are is nobody's business without a token.
    async fn check(&self, run: &str, token: &str, live: Option<&LiveRun>) -> Result<Visitor, Denial> {
        let identity = self.review(run, token).await?;
        let live = live.ok_or(NOT_OPEN)?;
        let worker = self.share(run, &identity, &live.job_uid).await?;
        self.runs.shut_out(run, None);
        Ok(Visitor { worker, process: identity.uid })
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
        match reviews.create(&parameters, &review).await {
            Ok(review) => identity(&review.status.unwrap_or_default()).ok_or(Denial::NoIdentity),
            Err(source) => {
                let what = "TokenReview of a worker's token".to_owned();
                self.tell(run, &CallError::Failed { verb: "create", what, source: Box::new(source) });
                Err(NOT_CHECKED)
            }
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
        if !is_well_formed(token) {
            return Err(Denial::NoIdentity);
        }
        let live = self.runs.get(run);
        let visitor = if let Some(known) = self.recall(run, token) {
            known?
        } else {
            let identified = tokio::time::timeout(LIMIT, self.identify(run, token, live.as_ref()));
            identified.await.unwrap_or(Err(NOT_CHECKED))?
        };
        Ok((visitor, live.ok_or(NOT_OPEN)?.session))
    }

    fn note(&self, _run: &str, status: u16) {
        self.telemetry.push_answered(status);
    }

    fn taken(&self, _run: &str, after: Duration) {
        self.telemetry.push_taken(after);
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
