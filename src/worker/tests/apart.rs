//! Many workers whose phase began at the same moment: they tell of it one after the other.

use std::sync::Mutex;

use async_trait::async_trait;
use tokio::task::JoinSet;

use super::super::*;
use super::played::{Played, Takes, Truth};
use crate::ingest::{Admission, Answer, Registration, Report, Session, SharedSession};
use crate::plan::{Document, Options};

const WORKERS: u32 = 100;

/// Notes when reports of the load come.
struct Clerk {
    session: SharedSession,
    came: Mutex<Vec<Instant>>,
}

#[async_trait]
impl Coordinator for Clerk {
    async fn register(&self, registration: Registration) -> Result<Admission, Unreachable> {
        self.session.register(registration).await
    }

    async fn report(&self, report: Report, patience: Duration) -> Result<Answer, Unreachable> {
        if matches!(report.stage, Stage::Running(_)) {
            self.came.lock().expect("no test panicked with it").push(Instant::now());
        }
        self.session.report(report, patience).await
    }
}

fn many() -> Arc<Plan> {
    let text = format!(
        r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: many}}
spec:
  target: {{baseUrl: "http://127.0.0.1:1"}}
  phases: [{{name: one, load: {{idle: {{duration: 20s}}}}}}]
  workers: {{count: {WORKERS}}}
"#
    );
    let checked = Document::parse(&text).and_then(|document| document.check(&Options::default()));
    Arc::new(checked.expect("it is sound").plan)
}

#[tokio::test(start_paused = true)]
async fn workers_tell_of_a_phase_one_after_the_other_although_they_begin_it_together() {
    let plan = many();
    let session = SharedSession::new(Session::new(&plan, 1).without_record());
    let clerk = Arc::new(Clerk { session, came: Mutex::default() });
    let takes = vec![Takes { making_ready: Duration::from_millis(1), length: Duration::from_secs(20) }];
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let played = Played::new(worker, takes.clone(), &Truth::default());
        let (plan, clerk) = (Arc::clone(&plan), Arc::clone(&clerk));
        workers.spawn(async move { played.works(&plan, clerk).await });
    }
    for ended in workers.join_all().await {
        ended.expect("it is let go");
    }
    let came = clerk.came.lock().expect("no test panicked with it");
    let began = came[0];
    let second = |number: u64| came.iter().filter(|at| (**at - began).as_secs() == number).count();
    // All say that they have begun; from then on each tells every two seconds.
    assert!(second(0) >= WORKERS as usize);
    for number in 1..19 {
        assert!((45..=55).contains(&second(number)), "second {number}: {}", second(number));
    }
    let at_once = came.iter().filter(|at| **at - began > Duration::from_millis(5));
    let most = at_once.map(|at| came.iter().filter(|other| *other == at).count()).max();
    assert!(most.is_some_and(|most| most <= 2), "{most:?} at the same moment");
}
