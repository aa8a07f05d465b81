//! Watches tests and keeps of each no more than is needed while nobody looks at it: what it is called, and what ends a load. What is
//! decided is decided on what is read anew, so that ten thousand tests at rest cost next to nothing.

use futures_util::Stream;
use kube::Api;
use kube::runtime::reflector::{Store, reflector, store};
use kube::runtime::{WatchStreamExt, watcher};

use super::reading::Watched;
use crate::api::{LoadTestSpec, LoadTestStatus};

/// A watch of `tests`, and what is kept of them.
pub(super) fn watched(
    tests: Api<Watched>,
    how: watcher::Config,
) -> (impl Stream<Item = Result<Watched, watcher::Error>> + Send + 'static, Store<Watched>) {
    let (reader, writer) = store();
    let stream = reflector(writer, watcher(tests, how).modify(shorten)).applied_objects();
    (stream, reader)
}

/// Drops all but the metadata, without who manages what, the word to end the load, and which run is the latest.
fn shorten(watched: &mut Watched) {
    match &mut watched.0 {
        Ok(test) => {
            test.metadata.managed_fields = None;
            test.metadata.annotations = None;
            test.spec = LoadTestSpec { abort: test.spec.abort, ..LoadTestSpec::default() };
            let run = test.status.take().and_then(|status| status.run);
            test.status = run.map(|run| LoadTestStatus { run: Some(run), ..LoadTestStatus::default() });
        }
        Err(unread) => {
            unread.metadata.managed_fields = None;
            unread.metadata.annotations = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::core::DeserializeGuard;

    use super::*;
    use crate::operator::decide::run_of;
    use crate::operator::tests::makers::a_test;

    #[test]
    fn what_is_kept_of_a_test_is_what_it_is_called_what_ends_it_and_its_latest_run() {
        let test = a_test().begun().with_abort().deleted().object().clone();
        let mut kept = DeserializeGuard(Ok(test.clone()));
        shorten(&mut kept);
        let kept = kept.0.unwrap();
        assert_eq!(run_of(&kept), run_of(&test));
        assert_eq!((kept.spec.abort, &kept.metadata.uid), (Some(true), &test.metadata.uid));
        assert!(kept.metadata.deletion_timestamp.is_some());
        let bytes = serde_json::to_vec(&kept).unwrap().len();
        assert!(bytes < 1024, "{bytes} bytes: {}", serde_json::to_string_pretty(&kept).unwrap());
    }
}
