//! Watches tests and keeps of each no more than is needed while nobody looks at it: what it is called, and what ends a load. What is
//! decided is decided on what is read anew, so that ten thousand tests at rest cost next to nothing.

use std::future::ready;

use futures_util::{Stream, TryStreamExt};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Api;
use kube::runtime::reflector::{Store, reflector, store};
use kube::runtime::{WatchStreamExt, watcher};

use super::aside::Aside;
use super::reading::Watched;
use crate::api::{LoadTestSpec, LoadTestStatus};

/// A watch of `tests`, without those that it puts `aside`, and what is kept of all of them.
pub(super) fn watched(
    tests: Api<Watched>,
    how: watcher::Config,
    aside: Aside,
) -> (impl Stream<Item = Result<Watched, watcher::Error>> + Send + 'static, Store<Watched>) {
    let (reader, writer) = store();
    let events = reflector(writer, watcher(tests, how).modify(shorten));
    (events.try_filter_map(move |event| ready(Ok(aside.pass(event)))), reader)
}

/// Drops all but the metadata, without who manages what, the word to end the load, and of the status which run is the
/// latest, of which spec it speaks, and whether the run is over.
fn shorten(watched: &mut Watched) {
    match &mut watched.0 {
        Ok(test) => {
            test.metadata.managed_fields = None;
            test.metadata.annotations = None;
            test.spec = LoadTestSpec { abort: test.spec.abort, ..LoadTestSpec::default() };
            test.status = test.status.take().map(shortened);
        }
        Err(unread) => {
            unread.metadata.managed_fields = None;
            unread.metadata.annotations = None;
        }
    }
}

fn shortened(status: LoadTestStatus) -> LoadTestStatus {
    let LoadTestStatus { run, observed_generation, conditions, .. } = status;
    let over = conditions.into_iter().filter(|told| told.type_ == "Complete");
    let bare = |told: Condition| Condition { message: String::new(), reason: String::new(), ..told };
    LoadTestStatus {
        run,
        observed_generation,
        conditions: over.map(bare).collect(),
        ..LoadTestStatus::default()
    }
}

#[cfg(test)]
mod tests {
    use kube::core::DeserializeGuard;

    use super::*;
    use crate::operator::decide::{is_complete, is_told, run_of};
    use crate::operator::tests::makers::a_test;

    #[test]
    fn what_is_kept_of_a_test_is_what_it_is_called_what_ends_it_its_latest_run_and_whether_that_is_over() {
        for test in [
            a_test().begun().with_abort().deleted(),
            a_test().complete(),
            a_test().complete().with_run_id("2"),
        ] {
            let test = test.object().clone();
            let mut kept = DeserializeGuard(Ok(test.clone()));
            shorten(&mut kept);
            let kept = kept.0.unwrap();
            assert_eq!(run_of(&kept), run_of(&test));
            assert_eq!((is_complete(&kept), is_told(&kept)), (is_complete(&test), is_told(&test)));
            assert_eq!((kept.spec.abort, &kept.metadata.uid), (test.spec.abort, &test.metadata.uid));
            assert_eq!(kept.metadata.deletion_timestamp, test.metadata.deletion_timestamp);
            let bytes = serde_json::to_vec(&kept).unwrap().len();
            assert!(bytes < 1024, "{bytes} bytes: {}", serde_json::to_string_pretty(&kept).unwrap());
        }
    }
}
