//! Plays a worker on the wire: with its pod's token, by the client that workers have.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::Api;
use loadgate::ingest::client::{Address, RemoteCoordinator};
use loadgate::ingest::{
    Admission, Answer, Begun, Coordinator, Directive, PATIENCE, PROTOCOL, Registration, Report, Stage,
    Unreachable,
};
use loadgate::metrics::PhaseEnd;
use loadgate::operator::names::INDEX_LABEL;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, sleep_until};

use crate::load::Load;
use crate::support::cluster::Own;
use crate::support::tokens;

/// After what pause one that got no answer asks again.
const RETRY: Duration = Duration::from_millis(500);

/// How long tokens hold: longer than any measurement.
const TOKENS_HOLD: Duration = Duration::from_hours(1);

/// What all of them are told.
pub(crate) struct Run {
    accounts: Api<ServiceAccount>,
    address: Address,
    plan_hash: String,
    lasts: Duration,
    folder: TempDir,
}

/// One that is registered.
pub(crate) struct Played {
    coordinator: Arc<RemoteCoordinator>,
    admission: Admission,
    worker: u32,
    workers: u32,
    process: String,
    lasts: Duration,
    begun: Option<Instant>,
    told: Told,
}

/// What it told, and how it was answered.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) requests: u64,
    pub(crate) busy: u64,
    pub(crate) silent: u64,
    /// How long it took while the load was on.
    pub(crate) during: Vec<Duration>,
    /// The same at its beginning and its end, where all tell at the same moment.
    pub(crate) at_once: Vec<Duration>,
}

impl Run {
    pub(crate) fn new(
        own: &Own,
        uid: String,
        plan_hash: String,
        url: &str,
        ca: String,
        lasts: Duration,
    ) -> Self {
        let accounts = Api::namespaced(own.client.clone(), &own.namespace);
        let folder = tempfile::tempdir().unwrap();
        let (url, token) = (url.parse().unwrap(), folder.path().to_owned());
        let address = Address { url, run: uid, token, authority: Some(ca.into_bytes()) };
        Run { accounts, address, plan_hash, lasts, folder }
    }

    /// The worker of this pod, registered.
    pub(crate) async fn worker(&self, pod: Pod) -> Played {
        let token = self.folder.path().join(pod.metadata.name.as_ref().unwrap());
        std::fs::write(&token, tokens::of_pod(&self.accounts, &pod, TOKENS_HOLD).await).unwrap();
        let address = Address { token, ..self.address.clone() };
        let coordinator = Arc::new(RemoteCoordinator::new(address).unwrap());
        let worker: u32 = pod.metadata.labels.as_ref().unwrap()[INDEX_LABEL].parse().unwrap();
        let (process, plan_hash) = (pod.metadata.uid.unwrap(), self.plan_hash.clone());
        let registration = Registration {
            protocol: PROTOCOL,
            plan_hash,
            data_hash: String::new(),
            worker,
            process: process.clone(),
        };
        let mut told = Told::default();
        let admission = loop {
            if let Some(admission) = told.note(coordinator.register(registration.clone()).await).await {
                break admission;
            }
        };
        let workers = u32::try_from(admission.interval.as_secs() * 50).unwrap();
        Played { coordinator, admission, worker, workers, process, lasts: self.lasts, begun: None, told }
    }
}

impl Told {
    /// What it was answered; none: it is to ask again, and has waited for that.
    async fn note<T>(&mut self, told: Result<T, Unreachable>) -> Option<T> {
        match told {
            Ok(answer) => return Some(answer),
            Err(Unreachable::Busy(after)) => {
                self.busy += 1;
                sleep(after).await;
            }
            Err(Unreachable::Silent(why)) => {
                if self.silent == 0 {
                    eprintln!("no answer: {why}");
                }
                self.silent += 1;
                sleep(RETRY).await;
            }
            Err(refused) => panic!("{refused}"),
        }
        None
    }
}

impl Played {
    /// From where it is to the end.
    pub(crate) async fn runs(mut self) -> Told {
        self.until(Stage::Arrived(0), |directive| matches!(directive, Directive::Prepare { .. })).await;
        let told =
            self.until(Stage::Ready(0), |directive| matches!(directive, Directive::Begin { .. })).await;
        let Directive::Begin { in_micros, .. } = told else { unreachable!("it waited for that") };
        let start = Instant::now() + Duration::from_micros(in_micros);
        sleep_until(start).await;
        self.begun = Some(start);
        let (mut load, end) = (Load::new(), start + self.lasts);
        let first = self.measures(&mut load, Stage::Running(0), None).await;
        self.told.at_once.push(first);
        let mut next = start + self.admission.interval * (self.worker + 1) / self.workers.max(1);
        while next < end {
            sleep_until(next).await;
            let took = self.measures(&mut load, Stage::Running(0), None).await;
            self.told.during.push(took);
            next += self.admission.interval;
        }
        sleep_until(end).await;
        let last = self.measures(&mut load, Stage::Finished, Some(PhaseEnd::Completed)).await;
        self.told.at_once.push(last);
        self.until(Stage::Finished, |directive| *directive == Directive::Leave).await;
        self.told.requests = load.requests;
        self.told
    }

    /// Tells what there is by now. How long the answer took that isn't held back.
    async fn measures(&mut self, load: &mut Load, stage: Stage, end: Option<PhaseEnd>) -> Duration {
        let snapshot = load.snapshot(self.begun.unwrap().elapsed().min(self.lasts), end);
        let began = Instant::now();
        self.tells(stage, Some(snapshot), Duration::ZERO).await;
        began.elapsed()
    }

    async fn until(&mut self, stage: Stage, is: impl Fn(&Directive) -> bool) -> Directive {
        loop {
            let Answer { directive, .. } = self.tells(stage.clone(), None, PATIENCE).await;
            if is(&directive) {
                return directive;
            }
        }
    }

    async fn tells(&mut self, stage: Stage, snapshot: Option<Vec<u8>>, patience: Duration) -> Answer {
        let report = Report {
            protocol: PROTOCOL,
            worker: self.worker,
            process: self.process.clone(),
            epoch: self.admission.epoch,
            stage,
            clock_ahead: 0,
            begun: Vec::new(),
            snapshot,
        };
        loop {
            let begun = self.begun.map(|start| Begun {
                phase: 0,
                micros_ago: u64::try_from(start.elapsed().as_micros()).unwrap(),
            });
            let report = Report { begun: begun.into_iter().collect(), ..report.clone() };
            let told = self.coordinator.report(report, patience).await;
            if let Some(answer) = self.told.note(told).await {
                return answer;
            }
        }
    }
}
