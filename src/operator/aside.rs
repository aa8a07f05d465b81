//! Puts aside the tests at rest that a list tells of: whoever has work to do comes first, and these after them, a few at once. A
//! leader that is new to ten thousand of them begins and leads runs meanwhile as if they weren't there.
//!
//! Only the order goes by what their statuses say, which anybody may have written: each of them has its turn. Whatever happens to
//! one meanwhile, or to its Job, is looked at at once, as ever.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::Stream;
use kube::ResourceExt;
use kube::runtime::controller::{Action, Error};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::{self, Event};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::context::Context;
use super::decide::{is_complete, is_told};
use super::judging::JudgingError;
use super::names::FINALIZER;
use super::reading::Watched;
use super::reconcile::AGAIN;
use super::survey;

/// So many have their turn at once: few enough for the API server to answer each, and everybody else, soon.
const AT_ONCE: usize = 4;

/// What came of one look.
pub(super) type Looked = Result<(ObjectRef<Watched>, Action), Error<JudgingError, watcher::Error>>;

/// The tests that are put aside; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Aside(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    tests: Mutex<Tests>,
    /// Something has changed in them.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Tests {
    /// Those that wait, in the order of the list.
    waiting: VecDeque<ObjectRef<Watched>>,
    /// Whether more may still be told of, with work to do.
    is_being_listed: bool,
    /// Those whose turn it is.
    out: HashSet<ObjectRef<Watched>>,
}

impl Aside {
    /// The test that an event tells of, if it is to be looked at now.
    pub(super) fn pass(&self, event: Event<Watched>) -> Option<Watched> {
        match event {
            Event::Init => self.change(|tests| {
                tests.waiting.clear();
                tests.is_being_listed = true;
            }),
            Event::InitApply(test) if is_at_rest(&test) => {
                let test = ObjectRef::from_obj(&test);
                self.change(|tests| tests.waiting.push_back(test));
            }
            Event::InitApply(test) | Event::Apply(test) => return Some(test),
            Event::InitDone => self.change(|tests| tests.is_being_listed = false),
            Event::Delete(_) => {}
        }
        None
    }

    /// Those that were put aside, each when its turn has come.
    pub(super) fn turns(
        &self,
        context: Arc<Context>,
    ) -> impl Stream<Item = ObjectRef<Watched>> + Send + use<> {
        futures_util::stream::unfold((self.clone(), context), |(aside, context)| async move {
            let test = aside.turn().await;
            if !context.survey.has(&test)
                && let Err(error) = context.survey.ask(&context.client, &aside.with_next(&test)).await
            {
                tracing::debug!(%error, "each test is asked for by itself");
            }
            Some((test, (aside, context)))
        })
    }

    /// The test and those of its namespace whose turns are next.
    fn with_next(&self, test: &ObjectRef<Watched>) -> Vec<ObjectRef<Watched>> {
        let tests = self.tests();
        let next = tests.waiting.iter().take_while(|next| next.namespace == test.namespace);
        std::iter::once(test).chain(next).take(survey::AT_ONCE).cloned().collect()
    }

    async fn turn(&self) -> ObjectRef<Watched> {
        loop {
            // Who changes something from now on is heard.
            let changed = self.0.changed.notified();
            if let Some(test) = self.tests().next() {
                return test;
            }
            changed.await;
        }
    }

    /// Whether a look at this test is tried again, when it has failed, as one of those that are put aside.
    pub(super) fn tries_again(&self, test: &Watched) -> bool {
        is_at_rest(test) && self.tests().out.contains(&ObjectRef::from_obj(test))
    }

    /// Takes note that somebody was looked at, whoever it was: another has its turn.
    pub(super) fn note(&self, looked: &Looked) {
        match looked {
            Ok((test, _)) => self.is_back(test, false),
            Err(Error::ObjectNotFound(test)) => {
                self.is_back(&test.as_ref().clone().into_kind_unchecked(()), false);
            }
            Err(Error::ReconcilerFailed(_, test)) => {
                let (aside, test) = (self.clone(), test.as_ref().clone().into_kind_unchecked(()));
                // Its turn lasts until then: where all of them fail, few of them try at once.
                drop(tokio::spawn(async move {
                    sleep(AGAIN).await;
                    aside.is_back(&test, true);
                }));
            }
            Err(Error::QueueError(_) | Error::RunnerError(_)) => {}
        }
    }

    /// The turn of this one, if it had one, is over; it may have to wait for another.
    fn is_back(&self, test: &ObjectRef<Watched>, waits: bool) {
        self.change(|tests| {
            if tests.out.remove(test) && waits {
                tests.waiting.push_back(test.clone());
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Tests)) {
        change(&mut self.tests());
        self.0.changed.notify_one();
    }

    fn tests(&self) -> MutexGuard<'_, Tests> {
        // Each change is whole before anything can go wrong.
        self.0.tests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tests {
    /// The one whose turn it is now; none: it is nobody's.
    fn next(&mut self) -> Option<ObjectRef<Watched>> {
        if self.is_being_listed || self.out.len() >= AT_ONCE {
            return None;
        }
        let test = self.waiting.pop_front()?;
        self.out.insert(test.clone());
        Some(test)
    }
}

/// Whether nothing is to be done for the test, as far as its status goes.
fn is_at_rest(test: &Watched) -> bool {
    test.0.as_ref().is_ok_and(|test| {
        let is_held = test.finalizers().iter().any(|name| name == FINALIZER);
        is_complete(test) && is_told(test) && !is_held && test.metadata.deletion_timestamp.is_none()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::StreamExt;
    use kube::core::DeserializeGuard;
    use tokio::time::timeout;

    use super::*;
    use crate::api::LoadTestStatus;
    use crate::operator::fake_api::FakeApi;
    use crate::operator::tests::desk::{Desk, MAPS};
    use crate::operator::tests::makers::{ATest, a_test};

    fn watched(test: &ATest) -> Watched {
        DeserializeGuard(Ok(test.object().clone()))
    }

    fn named(number: usize) -> Watched {
        let mut test = a_test().complete().object().clone();
        test.metadata.name = Some(number.to_string());
        DeserializeGuard(Ok(test))
    }

    fn failed(test: &ObjectRef<Watched>) -> Looked {
        let test = Box::new(test.clone().erase());
        Err(Error::ReconcilerFailed(JudgingError::Missing("patience"), test))
    }

    /// Those whose turn it is by now.
    async fn due(turns: &mut (impl Stream<Item = ObjectRef<Watched>> + Unpin)) -> Vec<ObjectRef<Watched>> {
        let moment = Duration::from_millis(100);
        let mut due = Vec::new();
        while let Ok(Some(test)) = timeout(moment, turns.next()).await {
            due.push(test);
        }
        due
    }

    #[test]
    fn only_who_is_at_rest_by_all_that_a_list_tells_is_put_aside() {
        let done = || a_test().complete();
        let unfinished: Vec<(&str, ATest)> = vec![
            ("new", a_test()),
            ("numbered", a_test().with_run()),
            ("under way", a_test().begun()),
            ("to be cleared", done().with_finalizer()),
            ("to be let go", done().deleted()),
            ("changed", done().with_other_load()),
            ("to be ended", done().with_abort()),
            ("without a status", a_test().with_status(|_| LoadTestStatus::default())),
        ];
        for (what, test) in unfinished {
            assert!(Aside::default().pass(Event::InitApply(watched(&test))).is_some(), "{what}");
        }
        let done = watched(&done());
        assert!(Aside::default().pass(Event::InitApply(done.clone())).is_none());
        assert!(Aside::default().pass(Event::Apply(done)).is_some(), "something has happened to it");
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_are_put_aside_come_after_the_list_a_few_at_once_and_all_of_them() {
        const ALL: usize = 3 * AT_ONCE;
        let aside = Aside::default();
        let desk = Desk::new(&FakeApi::default());
        let mut turns = Box::pin(aside.turns(Arc::clone(&desk.context)));
        drop(aside.pass(Event::Init));
        for number in 0..ALL {
            drop(aside.pass(Event::InitApply(named(number))));
        }
        assert_eq!(due(&mut turns).await, [], "others may still be told of");
        drop(aside.pass(Event::InitDone));
        let mut had = Vec::new();
        while had.len() < ALL {
            let now = due(&mut turns).await;
            assert_eq!(now.len(), AT_ONCE);
            assert_eq!(due(&mut turns).await, [], "nobody is back yet");
            let gone = Box::new(now[0].clone().erase());
            aside.note(&Err(Error::ObjectNotFound(gone)));
            for test in &now[1..] {
                aside.note(&Ok((test.clone(), Action::await_change())));
            }
            had.extend(now);
        }
        let lists = desk.calls(&format!("GET {MAPS}"));
        assert_eq!(lists.len(), 1, "what is stored of them is asked for once");
        let names: Vec<String> = had.into_iter().map(|test| test.name).collect();
        assert_eq!(names, (0..ALL).map(|number| number.to_string()).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_fails_is_tried_again_after_the_others_and_lets_nobody_in_before_its_time() {
        let aside = Aside::default();
        let desk = Desk::new(&FakeApi::default());
        let mut turns = Box::pin(aside.turns(Arc::clone(&desk.context)));
        for number in 0..=AT_ONCE {
            drop(aside.pass(Event::InitApply(named(number))));
        }
        let first = due(&mut turns).await;
        for test in &first {
            aside.note(&failed(test));
        }
        assert!(aside.tries_again(&named(0)) && !aside.tries_again(&named(AT_ONCE)));
        let changed = DeserializeGuard(Ok(a_test().complete().with_other_load().object().clone()));
        assert!(!aside.tries_again(&changed), "there is work to do");
        assert_eq!(due(&mut turns).await, [], "few try at once");
        sleep(AGAIN).await;
        let then = due(&mut turns).await;
        assert_eq!((then[0].name.clone(), &then[1..]), (AT_ONCE.to_string(), &first[..AT_ONCE - 1]));
    }

    #[tokio::test(start_paused = true)]
    async fn who_listens_hears_of_those_that_are_put_aside_later() {
        let aside = Aside::default();
        let desk = Desk::new(&FakeApi::default());
        let mut turns = Box::pin(aside.turns(Arc::clone(&desk.context)));
        let heard = tokio::spawn(async move { turns.next().await });
        tokio::task::yield_now().await;
        drop(aside.pass(Event::InitApply(named(7))));
        let heard = timeout(Duration::from_secs(1), heard).await.expect("nothing was heard");
        assert_eq!(heard.unwrap().unwrap().name, "7");
    }
}
