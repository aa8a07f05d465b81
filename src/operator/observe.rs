//! Observes: reads the children of a test's latest run from the API server and tells its session who is gone.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, ContainerStateTerminated, Event, Pod};
use kube::ResourceExt;
use kube::api::ListParams;

use super::api::{CallError, Namespaced, Objects};
use super::author::author;
use super::build::config_maps::read_spec;
use super::context::Context;
use super::decide::{is_complete, run_of};
use super::judging::is_result_of;
use super::names;
use super::reading::Read;
use super::record::Record;
use super::runs::LiveRun;
use super::seen::{Author, Child, Lasted, PodState, Seen, SeenJob, SeenPod, SeenRun, SeenSession};
use crate::api::{LoadTest, Run};
use crate::plan::{Fault, Options, Plan, data};

/// All that decides what comes next for `test`.
pub async fn observe(context: &Context, read: Read) -> Result<Seen, CallError> {
    let Read { test, faults } = read;
    let plan = if faults.is_empty() { planned(&test) } else { Err(faults) };
    let author = author(context, &test).await?;
    let run = match run_of(&test) {
        Some(run) if has_left_something(context, &test, &author) => {
            Some(Box::pin(children(context, &test, run)).await?)
        }
        _ => None,
    };
    Ok(Seen { test, author, plan, run })
}

/// The plan of a test that is to run here, where its workers find no file of anybody's.
fn planned(test: &LoadTest) -> Result<Plan, Vec<Fault>> {
    let plan = Plan::from_spec(&test.name_any(), &test.spec, &Options::default())?;
    let files = data::files(&plan);
    if files.is_empty() { Ok(plan) } else { Err(files) }
}

/// The finalizer goes last: without it, a judged run has left nothing. Who may write a status that isn't so may take
/// the finalizer away too, and anybody who may change the object; a run that was cleared is led no longer.
fn has_left_something(context: &Context, test: &LoadTest, author: &Author) -> bool {
    let is_led = || run_of(test).is_some_and(|run| context.runs.get(&run.uid).is_some());
    !is_complete(test)
        || !test.finalizers().is_empty()
        || is_led()
        || matches!(author, Author::Anybody { is_on: true, .. })
}

async fn children(context: &Context, test: &LoadTest, run: &Run) -> Result<SeenRun, CallError> {
    let namespace = test.namespace().unwrap_or_default();
    let name = test.name_any();
    let maps = Objects::<ConfigMap>::new(&context.client, &namespace);
    let spec = child(&maps, &names::config_map(&name, run.number, "spec"), run).await?;
    let record = child(&maps, &names::config_map(&name, run.number, "record"), run).await?;
    let result = child(&maps, &names::result(&name, run.number, &run.uid), run).await?;
    let jobs = Objects::<Job>::new(&context.client, &namespace);
    let job = child(&jobs, &names::job(&name, run.number), run).await?;
    let made_ago = job.ours().and_then(made_ago).unwrap_or_default();
    let job = read(job, |job| Some(seen_job(job)));
    let live = context.runs.get(&run.uid);
    // Whoever registers after this may not be in the list yet.
    let owners = live.as_ref().map(|live| live.session.owners()).unwrap_or_default();
    // Also those whose Job was taken away: they may still tell what they have measured.
    let pods = pods(context, &namespace, run).await?;
    if let Some(live) = &live {
        tell_who_is_gone(live, &owners, &pods);
    }
    let mut seen = SeenRun {
        spec: read(spec, read_spec),
        record: read(record, |map| Record::from_data(map.data.as_ref()?)),
        job,
        result: match of_this_load(result, run) {
            // What is on its way is there, for all that is decided on it.
            Child::Absent if context.storing.left(&run.uid).is_some() => Child::Ours(()),
            result => result,
        },
        waited: if is_complete(test) { Lasted::default() } else { context.runs.waited(&run.uid, made_ago) },
        pods,
        session: live.as_ref().map(seen_session),
    };
    note_hindrance(context, &namespace, &mut seen).await?;
    Ok(seen)
}

/// What is to be seen of a session.
#[must_use]
pub fn seen_session(live: &LiveRun) -> SeenSession {
    SeenSession {
        view: live.session.view(),
        gathered: live.session.gathered(),
        has_begun: live.session.has_begun(),
        load: load(live),
        aborted_for: live.aborted_at.map(|at| at.elapsed()),
        shut_out: live.shut_out.clone(),
    }
}

/// For how long the load has been on: as its workers tell, where it began under another process. That one's time of day
/// and this one's may differ.
fn load(live: &LiveRun) -> Lasted {
    let lasted = live.load.map(|clock| clock.lasted()).unwrap_or_default();
    Lasted { in_all: live.session.since_start().unwrap_or(lasted.in_all), ..lasted }
}

/// A Job that can't make its pods (a quota, an admission) says so in events only.
async fn note_hindrance(context: &Context, namespace: &str, seen: &mut SeenRun) -> Result<(), CallError> {
    let desired = seen.session.as_ref().map_or(0, |session| session.view.desired as usize);
    let Child::Ours(job) = &mut seen.job else { return Ok(()) };
    if seen.pods.len() >= desired || seen.record != Child::Absent {
        return Ok(());
    }
    let events = Objects::<Event>::new(&context.client, namespace);
    let of_job = ListParams::default().fields(&format!("involvedObject.uid={},reason=FailedCreate", job.uid));
    let told = events.call("list", "of the Job", events.api().list(&of_job)).await?;
    job.hindered = told.items.into_iter().filter_map(|event| event.message).next_back();
    Ok(())
}

fn of_this_load(result: Child<ConfigMap>, run: &Run) -> Child<()> {
    match result {
        Child::Absent => Child::Absent,
        Child::Ours(map) if is_result_of(&map.metadata, run) => Child::Ours(()),
        Child::Ours(map) => Child::Foreign(format!("ConfigMap {}", map.name_any())),
        Child::Foreign(name) => Child::Foreign(name),
    }
}

/// How long ago a Job was made, as of now.
fn made_ago(job: &Job) -> Option<Duration> {
    Duration::try_from(Timestamp::now().duration_since(job.creation_timestamp()?.0)).ok()
}

/// The child of this name: it is that of the run only if it says so.
async fn child<K: Namespaced>(objects: &Objects<K>, name: &str, run: &Run) -> Result<Child<K>, CallError> {
    Ok(match objects.get(name).await? {
        None => Child::Absent,
        Some(object) if object.labels().get(names::RUN_LABEL) == Some(&run.uid) => Child::Ours(object),
        Some(_) => Child::Foreign(format!("{} {name}", K::kind(&()))),
    })
}

fn read<K, T>(child: Child<K>, read: impl FnOnce(&K) -> Option<T>) -> Child<T> {
    match child {
        Child::Absent => Child::Absent,
        Child::Ours(object) => read(&object).map_or_else(
            || Child::Foreign("a ConfigMap whose content isn't what this release writes".to_owned()),
            Child::Ours,
        ),
        Child::Foreign(name) => Child::Foreign(name),
    }
}

fn seen_job(job: &Job) -> SeenJob {
    let conditions = job.status.as_ref().and_then(|status| status.conditions.clone()).unwrap_or_default();
    let failed =
        conditions.iter().find(|condition| condition.type_ == "Failed" && condition.status == "True");
    SeenJob {
        uid: job.uid().unwrap_or_default(),
        failed: failed.map(|condition| {
            let reason = condition.reason.clone().unwrap_or_default();
            format!("{reason}: {}", condition.message.clone().unwrap_or_default())
        }),
        hindered: None,
    }
}

async fn pods(context: &Context, namespace: &str, run: &Run) -> Result<Vec<SeenPod>, CallError> {
    let pods = Objects::<Pod>::new(&context.client, namespace);
    let list = pods.list(&format!("{}={}", names::RUN_LABEL, run.uid)).await?;
    Ok(list.iter().filter_map(seen_pod).collect())
}

fn seen_pod(pod: &Pod) -> Option<SeenPod> {
    let index = pod.labels().get(names::INDEX_LABEL)?.parse().ok()?;
    Some(SeenPod { index, uid: pod.uid()?, state: state(pod) })
}

/// What a pod is at.
pub(super) fn state(pod: &Pod) -> PodState {
    let status = pod.status.clone().unwrap_or_default();
    // A service mesh may have put containers of its own beside it.
    let mut containers = status.container_statuses.iter().flatten();
    let container = containers.find(|container| container.name == names::WORKER);
    let container = container.and_then(|container| container.state.clone()).unwrap_or_default();
    if let Some(ended) = container.terminated {
        return PodState::Ended { code: Some(ended.exit_code), message: last_words(ended) };
    }
    match status.phase.as_deref() {
        Some("Failed" | "Succeeded") => {
            let message =
                [status.reason, status.message].into_iter().flatten().collect::<Vec<_>>().join(": ");
            PodState::Ended { code: None, message }
        }
        Some("Running") if container.waiting.is_none() => PodState::Running,
        _ => PodState::Waiting(waiting(&status, container.waiting)),
    }
}

/// The longest that last words may be.
const LONGEST_WORDS: usize = 512;

/// What the worker said last. Where it said nothing that is the end of its log: its last line tells why, except where
/// its memory was gone and it was in the midst of something else.
fn last_words(ended: ContainerStateTerminated) -> String {
    let told = ended.message.unwrap_or_default();
    let last = told.trim().lines().next_back().unwrap_or_default();
    match ended.reason.as_deref() {
        Some("OOMKilled") => format!("OOMKilled (exit code {})", ended.exit_code),
        reason if last.is_empty() => {
            format!("{} (exit code {})", reason.unwrap_or("it ended"), ended.exit_code)
        }
        _ => last[..last.floor_char_boundary(LONGEST_WORDS)].to_owned(),
    }
}

/// Why a pod waits: what keeps its container, or what keeps it from a node. Ordinary steps are no reason.
fn waiting(
    status: &k8s_openapi::api::core::v1::PodStatus,
    container: Option<k8s_openapi::api::core::v1::ContainerStateWaiting>,
) -> Option<String> {
    let told = |reason: Option<String>, message: Option<String>| {
        let parts: Vec<String> =
            [reason, message].into_iter().flatten().filter(|part| !part.is_empty()).collect();
        parts.join(": ")
    };
    if let Some(waiting) = container {
        let is_ordinary =
            matches!(waiting.reason.as_deref(), None | Some("ContainerCreating" | "PodInitializing"));
        return (!is_ordinary).then(|| told(waiting.reason, waiting.message));
    }
    let unscheduled = status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False")?;
    Some(told(unscheduled.reason.clone(), unscheduled.message.clone()))
}

/// A share whose pod has ended or isn't there any more is run by nobody.
fn tell_who_is_gone(live: &LiveRun, owners: &[Option<String>], pods: &[SeenPod]) {
    let alive =
        |uid: &str| pods.iter().any(|pod| pod.uid == uid && !matches!(pod.state, PodState::Ended { .. }));
    for (worker, owner) in (0..).zip(owners) {
        if let Some(owner) = owner.as_deref().filter(|owner| !alive(owner)) {
            live.session.gone(worker, owner);
        }
    }
    live.session.lose_the_silent();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workers_last_words_are_its_reason_and_not_the_end_of_its_log() {
        let ended = |exit_code, reason: &str, message: &str| {
            let message = Some(message.to_owned());
            let reason = Some(reason.to_owned());
            last_words(ContainerStateTerminated { exit_code, reason, message, ..Default::default() })
        };
        for (reason, code, message, told) in [
            ("OOMKilled", 137, "INFO started\nINFO registered", "OOMKilled (exit code 137)"),
            ("Error", 4, "target: connection refused", "target: connection refused"),
            ("Error", 139, "INFO started\nINFO registered\n", "INFO registered"),
            ("Error", 139, "", "Error (exit code 139)"),
            ("StartError", 128, "failed to start: stopped", "failed to start: stopped"),
        ] {
            assert_eq!(ended(code, reason, message), told);
        }
    }
}
