//! The Job of a run: one pod for each share of the load, restricted, without rights in the cluster.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{
    Job, JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapProjection, ConfigMapVolumeSource, Container, EnvVar, EnvVarSource, KeyToPath,
    LocalObjectReference, ObjectFieldSelector, PodSecurityContext, PodSpec, PodTemplateSpec,
    ProjectedVolumeSource, ResourceRequirements, SeccompProfile, SecretKeySelector, SecurityContext,
    ServiceAccountTokenProjection, Toleration, TopologySpreadConstraint, Volume, VolumeMount,
    VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::ResourceExt;

use super::config_maps::{AUTHORITY_KEY, SPEC_KEY};
use super::metadata;
use crate::api::{self, LoadTest, Run};
use crate::ingest::leaving;
use crate::operator::names;
use crate::plan::{Plan, data, secrets};

/// The user that a worker runs as: the image's own.
const USER: i64 = 65532;
/// Where a worker finds its spec.
const SPEC_FOLDER: &str = "/etc/loadgate";
/// Where a worker finds what ConfigMaps hold of the test's data.
const DATA_FOLDER: &str = "/etc/loadgate-data";
/// Where a worker finds its token.
const TOKEN_FOLDER: &str = "/var/run/loadgate";
/// How long a token holds; the kubelet renews it before.
const TOKEN_SECONDS: i64 = 600;
/// How long a worker that is told to go may take: it only stops the load.
const GRACE_SECONDS: i64 = 10;
/// What the Job's own deadline adds to those of the run: workers keep what they measured for so long.
const BACKSTOP_SECONDS: u64 = 900;

/// What the operator's own configuration decides of a Job.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The operator's own image.
    pub image: String,
    /// When it is pulled.
    pub pull_policy: String,
    /// Secrets in the test's namespace that let it be pulled.
    pub pull_secrets: Vec<String>,
    /// Where workers report: `https://loadgate.loadgate-system.svc:8443`.
    pub ingest_url: String,
    /// Whether the ingest's authority stands beside the spec.
    pub has_authority: bool,
}

/// The Job of `run`, whose load is that of `plan`.
#[must_use]
pub fn job(test: &LoadTest, run: &Run, plan: &Plan, setting: &Setting) -> Job {
    let name = names::job(&test.name_any(), run.number);
    let workers = i32::try_from(plan.workers).unwrap_or(i32::MAX);
    let deadline = plan.deadlines.start.as_secs() + plan.deadlines.run.as_secs() + BACKSTOP_SECONDS;
    Job {
        metadata: metadata(test, run, name, "workers"),
        spec: Some(JobSpec {
            completion_mode: Some("Indexed".to_owned()),
            completions: Some(workers),
            parallelism: Some(workers),
            backoff_limit_per_index: Some(1),
            pod_replacement_policy: Some("Failed".to_owned()),
            pod_failure_policy: Some(failure_policy()),
            active_deadline_seconds: Some(i64::try_from(deadline).unwrap_or(i64::MAX)),
            template: template(test, run, plan, setting),
            ..JobSpec::default()
        }),
        ..Job::default()
    }
}

/// A worker that can't begin for a reason that another attempt wouldn't change fails the Job; one that comes too
/// late fails only its index.
fn failure_policy() -> PodFailurePolicy {
    let on_codes = |action: &str, codes: &[u8]| PodFailurePolicyRule {
        action: action.to_owned(),
        on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
            container_name: Some(names::WORKER.to_owned()),
            operator: "In".to_owned(),
            values: codes.iter().map(|code| i32::from(*code)).collect(),
        }),
        ..PodFailurePolicyRule::default()
    };
    PodFailurePolicy {
        rules: vec![
            on_codes("FailJob", &[leaving::INVALID, leaving::NOT_STARTED]),
            on_codes("FailIndex", &[leaving::FENCED]),
        ],
    }
}

fn template(test: &LoadTest, run: &Run, plan: &Plan, setting: &Setting) -> PodTemplateSpec {
    let labels = names::labels(&test.name_any(), &run.uid, "workers");
    let placement = test.spec.workers.clone().unwrap_or_default();
    PodTemplateSpec {
        metadata: Some(ObjectMeta { labels: Some(labels.clone()), ..ObjectMeta::default() }),
        spec: Some(PodSpec {
            restart_policy: Some("Never".to_owned()),
            automount_service_account_token: Some(false),
            enable_service_links: Some(false),
            termination_grace_period_seconds: Some(GRACE_SECONDS),
            containers: vec![container(run, plan, &placement, setting)],
            volumes: Some(
                [spec_volume(test, run), token_volume()].into_iter().chain(data_volume(plan)).collect(),
            ),
            node_selector: (!placement.node_selector.is_empty()).then(|| placement.node_selector.clone()),
            tolerations: tolerations(&placement.tolerations),
            topology_spread_constraints: Some(vec![spread(labels)]),
            image_pull_secrets: pull_secrets(&setting.pull_secrets),
            security_context: Some(pod_security()),
            ..PodSpec::default()
        }),
    }
}

fn pod_security() -> PodSecurityContext {
    let seccomp = SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() };
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(USER),
        run_as_group: Some(USER),
        fs_group: Some(USER),
        seccomp_profile: Some(seccomp),
        ..PodSecurityContext::default()
    }
}

fn container(run: &Run, plan: &Plan, placement: &api::Workers, setting: &Setting) -> Container {
    let capabilities = Capabilities { drop: Some(vec!["ALL".to_owned()]), ..Capabilities::default() };
    Container {
        name: names::WORKER.to_owned(),
        image: Some(setting.image.clone()),
        image_pull_policy: Some(setting.pull_policy.clone()),
        args: Some(arguments(run, plan, setting)),
        env: Some(environment(plan)),
        resources: Some(resources(placement)),
        volume_mounts: Some(mounts(plan)),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(capabilities),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

fn mounts(plan: &Plan) -> Vec<VolumeMount> {
    let data = reads_config_maps(plan).then(|| mount("data", DATA_FOLDER));
    [mount("spec", SPEC_FOLDER), mount("token", TOKEN_FOLDER)].into_iter().chain(data).collect()
}

fn reads_config_maps(plan: &Plan) -> bool {
    !data::config_maps(plan).is_empty()
}

fn arguments(run: &Run, plan: &Plan, setting: &Setting) -> Vec<String> {
    let mut arguments = vec![
        "worker".to_owned(),
        format!("--coordinator={}", setting.ingest_url),
        format!("--run={}", run.uid),
        format!("--spec={SPEC_FOLDER}/{SPEC_KEY}"),
        format!("--token={TOKEN_FOLDER}/token"),
    ];
    if setting.has_authority {
        arguments.push(format!("--ca={SPEC_FOLDER}/{AUTHORITY_KEY}"));
    }
    if reads_config_maps(plan) {
        arguments.push(format!("--data={DATA_FOLDER}"));
    }
    arguments
}

/// What a worker is told by its environment: which pod it is, and the Secrets that the plan refers to.
fn environment(plan: &Plan) -> Vec<EnvVar> {
    let references = secrets::references(plan).into_iter().enumerate();
    let secrets = references.map(|(place, reference)| {
        let selector = SecretKeySelector { name: reference.name, key: reference.key, optional: None };
        let source = EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() };
        EnvVar { name: secrets::environment_name(place), value_from: Some(source), ..EnvVar::default() }
    });
    let uid = ObjectFieldSelector { field_path: "metadata.uid".to_owned(), api_version: None };
    let uid = EnvVar {
        name: "POD_UID".to_owned(),
        value_from: Some(EnvVarSource { field_ref: Some(uid), ..EnvVarSource::default() }),
        ..EnvVar::default()
    };
    [uid].into_iter().chain(secrets).collect()
}

fn resources(placement: &api::Workers) -> ResourceRequirements {
    let given = placement.resources.clone().unwrap_or_default();
    let mut requests = given.requests;
    for (name, quantity) in [("cpu", "100m"), ("memory", "64Mi")] {
        // A request above the limit is refused: where only the limit is given, it is the request.
        let default = given.limits.get(name).cloned().unwrap_or_else(|| Quantity(quantity.to_owned()));
        requests.entry(name.to_owned()).or_insert(default);
    }
    let limits = (!given.limits.is_empty()).then_some(given.limits);
    ResourceRequirements { requests: Some(requests), limits, ..ResourceRequirements::default() }
}

fn spec_volume(test: &LoadTest, run: &Run) -> Volume {
    let name = names::config_map(&test.name_any(), run.number, "spec");
    Volume {
        name: "spec".to_owned(),
        config_map: Some(ConfigMapVolumeSource { name, ..ConfigMapVolumeSource::default() }),
        ..Volume::default()
    }
}

fn token_volume() -> Volume {
    let token = ServiceAccountTokenProjection {
        audience: Some(names::AUDIENCE.to_owned()),
        expiration_seconds: Some(TOKEN_SECONDS),
        path: "token".to_owned(),
    };
    let source = VolumeProjection { service_account_token: Some(token), ..VolumeProjection::default() };
    let projected = ProjectedVolumeSource { sources: Some(vec![source]), ..ProjectedVolumeSource::default() };
    Volume { name: "token".to_owned(), projected: Some(projected), ..Volume::default() }
}

/// What ConfigMaps hold of the test's data, read by the kubelet with its own rights. Each is optional: the pod of a worker
/// that finds one missing can say which, and a pod that waits for it can't.
fn data_volume(plan: &Plan) -> Option<Volume> {
    let references = data::config_maps(plan);
    let source = |(place, reference): (usize, api::ConfigMapKeyRef)| {
        let item = KeyToPath { key: reference.key, path: place.to_string(), mode: None };
        let map = ConfigMapProjection { name: reference.name, items: Some(vec![item]), optional: Some(true) };
        VolumeProjection { config_map: Some(map), ..VolumeProjection::default() }
    };
    let sources: Vec<_> = references.into_iter().enumerate().map(source).collect();
    let is_needed = !sources.is_empty();
    let projected = ProjectedVolumeSource { sources: Some(sources), ..ProjectedVolumeSource::default() };
    is_needed.then(|| Volume { name: "data".to_owned(), projected: Some(projected), ..Volume::default() })
}

fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

/// Over the nodes where that can be: two generators on one node get in each other's way.
fn spread(labels: BTreeMap<String, String>) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "kubernetes.io/hostname".to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }),
        ..TopologySpreadConstraint::default()
    }
}

fn tolerations(given: &[api::Toleration]) -> Option<Vec<Toleration>> {
    let tolerations =
        given.iter().cloned().map(|api::Toleration { key, operator, value, effect }| Toleration {
            key,
            operator: operator.map(|operator| format!("{operator:?}")),
            value,
            effect: effect.map(|effect| format!("{effect:?}")),
            toleration_seconds: None,
        });
    (!given.is_empty()).then(|| tolerations.collect())
}

fn pull_secrets(names: &[String]) -> Option<Vec<LocalObjectReference>> {
    let secrets = names.iter().map(|name| LocalObjectReference { name: name.clone() });
    (!names.is_empty()).then(|| secrets.collect())
}
