//! Many who share one session: whose answer is held back, until when, and what wakes them.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};

use super::*;

const LONG: Duration = Duration::from_secs(30);

/// A session with a record that both workers have registered with.
fn shared() -> SharedSession {
    SharedSession::new(with_workers(Session::new(&plan(), 7)))
}

async fn report(session: &SharedSession, report: Report) -> Answer {
    session.report(report, Duration::ZERO).await.expect("it is taken")
}

/// Whether an answer is held back: it isn't there after everything that can be done was done.
async fn is_held_back(answer: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *answer).poll(context).is_pending()))
        .await
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_nothing_to_do_is_held_back_until_there_is_something() {
    let session = shared();
    let mut first = pin!(session.report(told(0, Stage::Ready(0)), LONG));
    assert!(is_held_back(&mut first).await);
    report(&session, told(1, Stage::Ready(0))).await;
    assert!(is_held_back(&mut first).await, "it isn't permitted yet");
    assert!(session.permit(&owners()));
    let answer = first.await.expect("it is taken");
    assert!(matches!(answer.directive, Directive::Begin { phase: 0, .. }), "{answer:?}");
}

/// Counts how often it is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_moves_on_wakes_nobody_who_has_to_wait_all_the_same() {
    let (plan, many) = (plan_of(100), 100);
    let session = SharedSession::new(Session::new(&plan, 7).without_record());
    for worker in 0..many {
        let registration = registration(&plan, worker, &format!("p{worker}"));
        session.register(registration).await.expect("it is admitted");
    }
    let wakes = Arc::new(Wakes::default());
    let mut held = pin!(session.report(told(0, Stage::Arrived(0)), LONG));
    assert!(held.as_mut().poll(&mut Context::from_waker(&Arc::clone(&wakes).into())).is_pending());
    for worker in 1..many - 1 {
        report(&session, told(worker, Stage::Arrived(0))).await;
    }
    assert_eq!(wakes.0.load(Ordering::SeqCst), 0, "one is still on its way");
    report(&session, told(many - 1, Stage::Arrived(0))).await;
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    assert_eq!(held.await.expect("it is taken").directive, Directive::Prepare { phase: 0 });
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_held_back_no_longer_than_its_worker_has_patience() {
    let session = shared();
    let began = tokio::time::Instant::now();
    let answer = session.report(told(0, Stage::Ready(0)), LONG).await.expect("it is taken");
    assert_eq!((answer.directive, began.elapsed()), (Directive::Wait, LONG));
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_another_epoch_is_told_at_once() {
    let session = SharedSession::resume(&plan(), 8, &owners(), SECOND);
    let began = tokio::time::Instant::now();
    let answer = session.report(told(0, Stage::Ready(1)), LONG).await.expect("it is taken");
    assert_eq!((answer.epoch, began.elapsed()), (8, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn what_is_measured_wakes_nobody() {
    let session = SharedSession::new(session());
    for stage in [Stage::Ready(0), Stage::Running(0)] {
        for worker in [0, 1] {
            report(&session, told(worker, stage.clone())).await;
        }
    }
    let changes = session.changes();
    report(&session, Report { snapshot: Some(snapshot(1, 1)), ..told(0, Stage::Running(0)) }).await;
    assert_eq!(changes.has_changed().ok(), Some(false));
    assert_eq!(session.aggregate().phases[0].state.books.completed, 1);
    report(&session, told(0, Stage::Arrived(1))).await;
    assert_eq!(changes.has_changed().ok(), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_closes_answers_those_who_wait_and_nobody_after() {
    let session = shared();
    let mut held = pin!(session.report(told(0, Stage::Ready(0)), LONG));
    assert!(is_held_back(&mut held).await);
    let began = tokio::time::Instant::now();
    session.close();
    assert_eq!(held.await.map(|answer| answer.directive).ok(), Some(Directive::Wait));
    assert_eq!(began.elapsed(), Duration::ZERO);
    for worker in [0, 1] {
        let told = session.report(told(worker, Stage::Ready(0)), LONG).await;
        assert!(matches!(told, Err(Unreachable::Silent(_))), "{told:?}");
    }
    let told = session.register(registration(&plan(), 0, "p0")).await;
    assert!(matches!(told, Err(Unreachable::Silent(_))), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_leaves_nothing_behind() {
    let session = shared();
    let given_up = tokio::time::timeout(SECOND, session.report(told(0, Stage::Ready(0)), LONG)).await;
    assert!(given_up.is_err());
    assert_eq!(session.waiting(), 0);
}
