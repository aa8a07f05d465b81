//! A worker and a coordinator that begins anew in the middle.

use std::sync::Mutex;

use async_trait::async_trait;

use super::super::*;
use super::{alone, quiet};
use crate::ingest::{Admission, Answer, Registration, Report, Session, SharedSession};
use crate::plan::Plan;

/// A coordinator that begins anew, and knows nothing any more, when a worker first tells that it is through.
struct Forgetful {
    plan: Arc<Plan>,
    known: Mutex<SharedSession>,
    admitted: Mutex<Option<Registration>>,
}

impl Forgetful {
    fn new(plan: &Arc<Plan>) -> Self {
        let known = Mutex::new(SharedSession::new(Session::new(plan, 1).without_record()));
        Forgetful { plan: Arc::clone(plan), known, admitted: Mutex::default() }
    }

    fn now(&self) -> SharedSession {
        self.known.lock().expect("no test panicked with it").clone()
    }
}

#[async_trait]
impl Coordinator for Forgetful {
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable> {
        *self.admitted.lock().expect("no test panicked with it") = Some(registration.clone());
        self.now().register(registration).await
    }

    async fn report(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        let admitted = self
            .admitted
            .lock()
            .expect("no test panicked with it")
            .take_if(|_| report.stage == Stage::Finished);
        if let Some(Registration { process, .. }) = admitted {
            let anew = SharedSession::resume(&self.plan, 2, &[process], Duration::ZERO);
            anew.release();
            *self.known.lock().expect("no test panicked with it") = anew;
        }
        self.now().report(report, patience).await
    }
}

#[tokio::test]
async fn a_worker_leaves_only_when_the_coordinator_of_now_has_all_it_measured() {
    let plan = quiet();
    let coordinator = Arc::new(Forgetful::new(&plan));
    let told: Arc<dyn Coordinator> = Arc::clone(&coordinator) as _;
    run(alone(&plan), told, "p0".to_owned()).await.expect("it is let go");
    let ended: Vec<_> = coordinator.now().aggregate().phases.iter().map(|phase| phase.ended).collect();
    assert_eq!(ended, [1, 1], "phases whose end the coordinator of now was told of");
}
