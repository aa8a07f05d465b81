//! Many who share one session: whose answer is held back, until when, and what wakes them.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

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
