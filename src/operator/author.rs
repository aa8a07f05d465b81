//! Says whose a status is, and where it is anybody's, what there is of the test's runs: nobody can write that by a status.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::ListParams;
use kube::{Client, ResourceExt};

use super::api::{CallError, Namespaced, Objects};
use super::build::{history, read_run};
use super::context::Context;
use super::names;
use super::seen::Author;
use crate::api::{LoadTest, Run};

/// Whose the status of `test` is.
pub async fn author(context: &Context, test: &LoadTest) -> Result<Author, CallError> {
    if context.known.is_own(test) {
        return Ok(Author::Own);
    }
    let mut stored = match surveyed(context, test) {
        Some(stored) => stored,
        None => metadata::<ConfigMap>(&context.client, test).await?,
    };
    // The finalizer is there before the Job is.
    if !test.finalizers().is_empty() {
        stored.extend(metadata::<Job>(&context.client, test).await?);
    }
    Ok(anybody(test, &stored, context.known.run(test)))
}

/// What was found to be stored when it was asked for many tests. It may have been more since only where a run was on, or where
/// this process has told of one.
fn surveyed(context: &Context, test: &LoadTest) -> Option<Vec<ObjectMeta>> {
    let stored = context.survey.take(test)?;
    (test.finalizers().is_empty() && context.known.run(test).is_none()).then_some(stored)
}

/// The metadata of all of this kind that is there of the runs of `test`, or of one that had its name before.
async fn metadata<K: Namespaced>(client: &Client, test: &LoadTest) -> Result<Vec<ObjectMeta>, CallError> {
    let objects = Objects::<K>::new(client, &test.namespace().unwrap_or_default());
    let of_test = format!("{}={}", names::TEST_LABEL, names::label_value(&test.name_any()));
    let parameters = ListParams::default().labels(&of_test);
    let found = objects.call("list", &of_test, objects.api().list_metadata(&parameters)).await?;
    Ok(found.items.into_iter().map(|object| object.metadata).collect())
}

/// The latest of the runs that something is stored of, or that was `told` of by this process: its result may not be
/// stored yet. Those of another object that had its name before don't count.
fn anybody(test: &LoadTest, stored: &[ObjectMeta], told: Option<Run>) -> Author {
    let runs = stored.iter().filter_map(read_run).filter(|run| names::is_run_of(test, run));
    // What this process says of a run that is stored too says more.
    let latest = runs.chain(told).max_by_key(|run| run.number);
    let label = |map: &ObjectMeta, name: &str| map.labels.as_ref()?.get(name).cloned();
    let of_latest =
        |map: &&ObjectMeta| label(map, names::RUN_LABEL) == latest.as_ref().map(|run| run.uid.clone());
    let is_left = |map: &ObjectMeta| label(map, names::ROLE_LABEL).is_some_and(|role| role != "result");
    let is_on = latest.is_some() && stored.iter().filter(of_latest).any(is_left);
    Author::Anybody { is_on, past: history::stored_runs(test, stored), latest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{PastRun, Verdict};
    use crate::operator::build::config_maps;
    use crate::operator::decide::run_of;
    use crate::operator::tests::makers::a_test;

    #[test]
    fn the_latest_run_is_found_by_what_is_stored_of_it() {
        let first = a_test().with_run_id("a").with_run();
        let second = first.clone().with_run_id("b").with_run();
        let test = second.object();
        let spec = |test: &LoadTest| config_maps::spec(test, run_of(test).unwrap(), None).metadata;
        let result = |test: &LoadTest| {
            config_maps::result(test, run_of(test).unwrap(), Verdict::Fail, vec![1]).metadata
        };
        let mut other = test.clone();
        other.metadata.uid = Some("1b8f1d2e-3c4d-4e5f-8a9b-0c1d2e3f4a5b".to_owned());
        let run = |test: &LoadTest| run_of(test).cloned();
        for (what, test, stored, told, latest, is_on) in [
            ("nothing", test, vec![], None, None, false),
            ("both are over", test, vec![result(test), result(first.object())], None, run(test), false),
            ("the second is on", test, vec![result(first.object()), spec(test)], None, run(test), true),
            ("another object had the name", &other, vec![spec(test)], None, None, false),
            ("its result isn't stored", test, vec![result(first.object())], run(test), run(test), false),
            ("a later one was made since", test, vec![spec(test)], run(first.object()), run(test), true),
        ] {
            let found = anybody(test, &stored, told);
            let is_result = |run: &PastRun| run.verdict == Some(Verdict::Fail);
            let Author::Anybody { latest: found_latest, is_on: found_on, past } = found else {
                panic!("{what}")
            };
            assert_eq!((found_latest, found_on), (latest, is_on), "{what}");
            assert!(past.iter().all(is_result), "{what}");
        }
    }
}
