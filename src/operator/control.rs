//! Calls for a look at tests: whenever one or its Job has changed, whenever its session rings, and again after a while.

use std::future::ready;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::aside::Aside;
use super::context::Context;
use super::ends::keep_ending;
use super::judging::JudgingError;
use super::lease::Standing;
use super::reading::Watched;
use super::reconcile::{after_failure, reconcile};
use super::stop::{soon_over, stopped};
use super::watched::watched;
use crate::api::LoadTest;

/// So many tests are looked at at once. With hundreds of them the API server would answer so late that the Lease ran out.
const AT_ONCE: u16 = 16;
/// How long one watch lasts.
const WATCH_SECONDS: u32 = 60;

/// Reconciles tests while this process leads: those of all namespaces, or of each that is watched.
pub(super) async fn control(
    context: Arc<Context>,
    watched: Vec<String>,
    bell: broadcast::Sender<ObjectRef<LoadTest>>,
    mut standing: Standing,
    mut stop: watch::Receiver<bool>,
) {
    tokio::select! {
        led = standing.led() => if led.is_err() { return },
        () = stopped(&mut stop) => return,
    }
    let namespaces =
        if watched.is_empty() { vec![None] } else { watched.into_iter().map(Some).collect::<Vec<_>>() };
    let all = namespaces
        .into_iter()
        .map(|namespace| control_in(Arc::clone(&context), namespace, bell.subscribe(), stop.clone()));
    futures_util::future::join_all(all).await;
}

/// Reconciles the tests of one namespace; none: of all.
async fn control_in(
    context: Arc<Context>,
    namespace: Option<String>,
    rings: broadcast::Receiver<ObjectRef<LoadTest>>,
    stop: watch::Receiver<bool>,
) {
    let client = || context.client.clone();
    let (tests, jobs) = match &namespace {
        Some(namespace) => {
            (Api::<Watched>::namespaced(client(), namespace), Api::<Job>::namespaced(client(), namespace))
        }
        None => (Api::all(client()), Api::all(client())),
    };
    let mut word = stop.clone();
    let ours = watching().labels("app.kubernetes.io/managed-by=loadgate");
    let aside = Aside::default();
    let of_those = aside.clone();
    let (tests, kept) = watched(tests, watching(), aside.clone());
    let ending = keep_ending(context.runs.clone(), kept.clone());
    let control = Controller::for_stream(tests, kept)
        .with_config(Config::default().concurrency(AT_ONCE))
        .owns(jobs, ours)
        .reconcile_on(heard(rings, namespace))
        .reconcile_on(aside.turns(Arc::clone(&context)))
        .graceful_shutdown_on(async move { stopped(&mut word).await })
        .run(reconcile, move |test, error, _| again(&of_those, &test, error), context)
        .for_each(|looked| {
            aside.note(&looked);
            ready(())
        });
    // It would wait for its first list, which never comes where the definition isn't installed.
    tokio::select! {
        () = soon_over(control, stop) => {}
        () = ending => {}
    }
}

/// When a test is looked at again after a look has failed.
fn again(aside: &Aside, test: &Watched, error: &JudgingError) -> Action {
    let again = after_failure(test, error);
    if aside.tries_again(test) { Action::await_change() } else { again }
}

/// A watch is asked for anew so often: where the network swallows what it has to tell, nothing else shows that.
fn watching() -> watcher::Config {
    watcher::Config::default().timeout(WATCH_SECONDS)
}

/// The rings for tests of one namespace; none: for all.
fn heard(
    rings: broadcast::Receiver<ObjectRef<LoadTest>>,
    namespace: Option<String>,
) -> impl Stream<Item = ObjectRef<Watched>> {
    futures_util::stream::unfold((rings, namespace), |(mut rings, namespace)| async {
        loop {
            match rings.recv().await {
                Ok(test) if namespace.is_none() || test.namespace == namespace => {
                    return Some((test.into_kind_unchecked(()), (rings, namespace)));
                }
                // Those that were missed are looked at soon anyway.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
}
