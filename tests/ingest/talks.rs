//! The contract of a coordinator, held against each way to it: calls, HTTP, HTTP over TLS.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use loadgate::ingest::{
    Answer, Begun, Coordinator, Directive, Refusal, Report, SharedSession, Stage, Unreachable,
};

use super::house::{Authority, Files, House, Ingest, RUN};
use super::{LIMIT, PROTOCOL, plan, recorded, registration, snapshot, told, unrecorded};

/// How workers reach the session.
enum Transport {
    Calls,
    Http(Box<Http>),
}

struct Http {
    house: Arc<House>,
    ingest: Ingest,
    files: Files,
    authority: Option<Authority>,
}

impl Transport {
    /// Each way to `session`.
    async fn all(session: &SharedSession) -> Vec<(&'static str, Transport)> {
        vec![
            ("calls", Transport::Calls),
            ("HTTP", Transport::http(session, None).await),
            ("TLS", Transport::http(session, Some(Authority::new())).await),
        ]
    }

    async fn http(session: &SharedSession, authority: Option<Authority>) -> Self {
        let house = House::of(session);
        let ingest = Ingest::serve(&house, authority.as_ref()).await;
        Transport::Http(Box::new(Http { house, ingest, files: Files::new(), authority }))
    }
}

/// A session and a way to it.
struct Scene {
    session: SharedSession,
    transport: Transport,
}

impl Scene {
    /// The coordinator as one process of a worker has it.
    fn worker(&self, worker: u32, process: &str) -> Arc<dyn Coordinator> {
        match &self.transport {
            Transport::Calls => Arc::new(self.session.clone()),
            Transport::Http(http) => {
                let token = http.house.token(RUN, worker, process);
                http.files.client(http.ingest.address.port(), &token, http.authority.as_ref())
            }
        }
    }

    /// Both workers, registered.
    async fn both(&self) -> [Arc<dyn Coordinator>; 2] {
        let workers = [self.worker(0, "p0"), self.worker(1, "p1")];
        for (index, worker) in (0..).zip(&workers) {
            let admission = worker.register(registration(index, &format!("p{index}"))).await.unwrap();
            assert_eq!((admission.epoch, admission.interval), (7, Duration::from_secs(1)));
        }
        workers
    }
}

/// What a worker is answered at once.
async fn now(worker: &Arc<dyn Coordinator>, report: Report) -> Answer {
    worker.report(report, Duration::ZERO).await.unwrap()
}

async fn directive(worker: &Arc<dyn Coordinator>, report: Report) -> Directive {
    now(worker, report).await.directive
}

/// What a worker is answered in the end, while `meanwhile` is done as soon as it waits.
async fn held(
    scene: &Scene,
    worker: &Arc<dyn Coordinator>,
    report: Report,
    meanwhile: impl AsyncFnOnce(),
) -> Answer {
    let waiting = scene.session.waiting();
    let then = async {
        while scene.session.waiting() == waiting {
            tokio::task::yield_now().await;
        }
        meanwhile().await;
    };
    let (answer, ()) = tokio::join!(worker.report(report, LIMIT), then);
    answer.unwrap()
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, Unreachable>) -> Refusal {
    match answer {
        Err(Unreachable::Refused(refusal)) => refusal,
        other => panic!("it isn't refused: {other:?}"),
    }
}

type Talk = for<'a> fn(&'a Scene) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Holds a conversation each way, each time in a session of its own.
async fn each_way(session: fn() -> SharedSession, talk: Talk) {
    for place in 0..3 {
        let session = session();
        let (name, transport) = Transport::all(&session).await.swap_remove(place);
        let scene = Scene { session, transport };
        let over = tokio::time::timeout(LIMIT, talk(&scene)).await;
        assert!(over.is_ok(), "by {name}: it hangs");
    }
}

#[tokio::test]
async fn who_does_not_belong_hears_why() {
    each_way(recorded, |scene| {
        Box::pin(async move {
            let first = scene.worker(0, "p0");
            let other = |change: fn(&mut loadgate::ingest::Registration)| {
                let mut registration = registration(0, "p0");
                change(&mut registration);
                first.register(registration)
            };
            let protocol = refusal(other(|it| it.protocol = 99).await);
            assert_eq!(protocol, Refusal::Protocol { expected: PROTOCOL, told: 99 });
            let hash = refusal(other(|it| it.plan_hash = "x".to_owned()).await);
            assert_eq!(hash, Refusal::Plan { expected: plan().hash, told: "x".to_owned() });
            let third = scene.worker(2, "p2").register(registration(2, "p2")).await;
            assert_eq!(refusal(third), Refusal::NoSuchShare { worker: 2, workers: 2 });
            let stranger = first.report(told(0, Stage::Ready(0)), Duration::ZERO).await;
            assert_eq!(refusal(stranger), Refusal::Unknown { worker: 0 });
            scene.both().await;
            let second = scene.worker(0, "q0").register(registration(0, "q0")).await;
            assert_eq!(refusal(second), Refusal::Taken { worker: 0 });
        })
    })
    .await;
}

#[tokio::test]
async fn phases_are_barriers() {
    each_way(unrecorded, |scene| {
        Box::pin(async move {
            let [first, second] = scene.both().await;
            for phase in [0, 1] {
                let prepare = Directive::Prepare { phase };
                let answer = held(scene, &first, told(0, Stage::Arrived(phase)), async || {
                    assert_eq!(directive(&second, told(1, Stage::Arrived(phase))).await, prepare);
                })
                .await;
                assert_eq!(answer.directive, prepare);
                let begins =
                    |told: Directive| matches!(told, Directive::Begin { phase: it, .. } if it == phase);
                let answer = held(scene, &first, told(0, Stage::Ready(phase)), async || {
                    assert!(begins(directive(&second, told(1, Stage::Ready(phase))).await));
                })
                .await;
                assert!(begins(answer.directive));
                assert_eq!(directive(&first, told(0, Stage::Running(phase))).await, Directive::Continue);
                assert_eq!(directive(&second, told(1, Stage::Running(phase))).await, Directive::Continue);
            }
            assert_eq!(directive(&first, told(0, Stage::Finished)).await, Directive::Leave);
            assert_eq!(directive(&second, told(1, Stage::Finished)).await, Directive::Leave);
            assert!(scene.session.view().finished);
        })
    })
    .await;
}

#[tokio::test]
async fn a_run_begins_with_permission_and_is_left_after_release() {
    each_way(recorded, |scene| {
        Box::pin(async move {
            let [first, second] = scene.both().await;
            let owners = ["p0".to_owned(), "p1".to_owned()];
            assert_eq!(directive(&second, told(1, Stage::Ready(0))).await, Directive::Wait);
            let answer = held(scene, &first, told(0, Stage::Ready(0)), async || {
                assert_eq!(scene.session.gathered().as_deref(), Some(&owners[..]));
                assert!(scene.session.permit(&owners));
            })
            .await;
            assert!(matches!(answer.directive, Directive::Begin { phase: 0, .. }));
            assert_eq!(directive(&second, told(1, Stage::Finished)).await, Directive::Wait);
            let last = Report { snapshot: Some(snapshot(1, 10)), ..told(0, Stage::Finished) };
            let answer = held(scene, &first, last, async || {
                assert!(scene.session.view().finished);
                scene.session.release();
            })
            .await;
            assert_eq!((answer.acknowledged, answer.directive), (1, Directive::Leave));
            assert_eq!(scene.session.aggregate().phases[0].state.books.completed, 10);
            assert_eq!(directive(&second, told(1, Stage::Finished)).await, Directive::Leave);
        })
    })
    .await;
}

#[tokio::test]
async fn an_abort_reaches_who_waits_and_who_comes() {
    each_way(recorded, |scene| {
        Box::pin(async move {
            let [first, second] = scene.both().await;
            let answer =
                held(scene, &first, told(0, Stage::Arrived(0)), async || scene.session.abort("enough")).await;
            assert_eq!(answer.directive, Directive::Abort);
            assert_eq!(directive(&second, told(1, Stage::Ready(0))).await, Directive::Abort);
        })
    })
    .await;
}

#[tokio::test]
async fn what_is_measured_is_acknowledged_and_what_cannot_be_is_refused() {
    each_way(unrecorded, |scene| {
        Box::pin(async move {
            let [first, second] = scene.both().await;
            for (index, worker) in (0..).zip([&first, &second]) {
                directive(worker, told(index, Stage::Ready(0))).await;
            }
            let with = |snapshot| Report { snapshot, ..told(0, Stage::Running(0)) };
            for (number, acknowledged) in [(1, 1), (3, 3), (2, 3), (3, 3)] {
                assert_eq!(
                    now(&first, with(Some(snapshot(number, number * 10)))).await.acknowledged,
                    acknowledged
                );
            }
            for bytes in [vec![0xc1], vec![0xde; 40], Vec::new()] {
                let told = refusal(first.report(with(Some(bytes)), Duration::ZERO).await);
                assert!(matches!(told, Refusal::Unreadable(_)), "{told:?}");
            }
            assert_eq!(scene.session.aggregate().phases[0].state.books.completed, 30);
        })
    })
    .await;
}

#[tokio::test]
async fn a_new_epoch_is_told_and_then_goes_on_from_where_the_run_is() {
    let resumed = || {
        let owners = ["p0".to_owned(), "p1".to_owned()];
        SharedSession::resume(&plan(), 8, &owners, Duration::from_mins(1))
    };
    each_way(resumed, |scene| {
        Box::pin(async move {
            let first = scene.worker(0, "p0");
            let begun = vec![Begun { phase: 0, micros_ago: 5_000_000 }];
            let old = Report { snapshot: Some(snapshot(4, 40)), begun, ..told(0, Stage::Running(0)) };
            let answer = first.report(old.clone(), LIMIT).await.unwrap();
            assert_eq!((answer.epoch, answer.acknowledged), (8, 0));
            assert_eq!(scene.session.since_start(), None, "nothing of it counted");
            let answer = now(&first, Report { epoch: 8, ..old }).await;
            assert_eq!((answer.acknowledged, answer.directive), (4, Directive::Continue));
            assert!(scene.session.since_start() >= Some(Duration::from_secs(5)));
            let late = scene.worker(1, "q1").register(registration(1, "q1")).await;
            assert_eq!(refusal(late), Refusal::Taken { worker: 1 });
        })
    })
    .await;
}
