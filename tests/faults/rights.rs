//! The operator's rights: those that the chart gives, less what a test takes away.

use std::time::Duration;

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::core::v1::{Namespace, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::cluster::Own;
use crate::support::path;
use crate::{LIMIT, within};

/// The names that the chart's rules speak of.
pub(crate) const SECRET: &str = "loadgate-tls";
pub(crate) const LEASE: &str = "loadgate";
/// The `ServiceAccount`, its Role and its binding.
const NAME: &str = "operator";

/// The operator's `ServiceAccount` with what the chart gives it, and its empty Secret; a client that is it.
pub(crate) async fn granted(own: &Own) -> Client {
    grant(own).await;
    client(own).await
}

/// The same without a client.
pub(crate) async fn grant(own: &Own) {
    let metadata = json!({"name": NAME});
    create::<ServiceAccount>(own, json!({"metadata": metadata})).await;
    create::<Secret>(own, json!({"metadata": {"name": SECRET}})).await;
    create::<Role>(own, json!({"metadata": metadata, "rules": rules("Role")})).await;
    create::<RoleBinding>(
        own,
        json!({"metadata": metadata, "roleRef": reference("Role", NAME), "subjects": [subject(own)]}),
    )
    .await;
    grant_reviews(own).await;
}

/// Another client that is the operator.
pub(crate) async fn client(own: &Own) -> Client {
    own.cluster.client_with_token(&token(own).await).await
}

/// What the operator shows who it is with.
pub(crate) async fn token(own: &Own) -> String {
    let accounts: Api<ServiceAccount> = Api::namespaced(own.client.clone(), &own.namespace);
    let token = accounts.create_token_request(NAME, &PostParams::default(), &TokenRequest::default()).await;
    token.unwrap().status.unwrap().token
}

/// Takes a verb away, `create jobs`, until [`give_back`].
pub(crate) async fn take_away(own: &Own, verb: &str, resource: &str) {
    let mut left = rules(kind(resource));
    let mut is_there = false;
    for rule in left.as_array_mut().unwrap() {
        // A rule may name several resources: all of ours name one.
        if rule["resources"] == json!([resource]) {
            let verbs = rule["verbs"].as_array_mut().unwrap();
            is_there |= verbs.iter().any(|given| given == verb);
            verbs.retain(|given| given != verb);
        }
    }
    assert!(is_there, "the chart doesn't give {verb} {resource}");
    left.as_array_mut().unwrap().retain(|rule| rule["verbs"] != json!([]));
    allow(own, resource, &left).await;
    until_in_effect(own, verb, resource, false).await;
}

/// Gives all that the chart gives, this verb among it.
pub(crate) async fn give_back(own: &Own, verb: &str, resource: &str) {
    allow(own, resource, &rules(kind(resource))).await;
    until_in_effect(own, verb, resource, true).await;
}

/// Which kind of role gives it: what belongs to no namespace, no Role can give.
fn kind(resource: &str) -> &'static str {
    if resource == "tokenreviews" { "ClusterRole" } else { "Role" }
}

async fn allow(own: &Own, resource: &str, rules: &Value) {
    let (parameters, patch) = (PatchParams::default(), Patch::Merge(json!({"rules": rules})));
    if kind(resource) == "ClusterRole" {
        let api: Api<ClusterRole> = Api::all(own.client.clone());
        api.patch(&own.namespace, &parameters, &patch).await.unwrap();
    } else {
        let api: Api<Role> = Api::namespaced(own.client.clone(), &own.namespace);
        api.patch(NAME, &parameters, &patch).await.unwrap();
    }
}

/// The API server reads Roles from a watch of its own, and tells nobody when it knows: it is asked until it does.
async fn until_in_effect(own: &Own, verb: &str, resource: &str, allowed: bool) {
    let group = match resource {
        "jobs" => "batch",
        "configmaps" | "pods" => "",
        "tokenreviews" => "authentication.k8s.io",
        _ => "loadgate.dev",
    };
    let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
    let user = format!("system:serviceaccount:{}:{NAME}", own.namespace);
    let review: SubjectAccessReview = read(
        json!({"metadata": {}, "spec": {"user": user, "resourceAttributes":
        {"namespace": own.namespace, "verb": verb, "group": group, "resource": resource, "subresource": part}}}),
    );
    let reviews: Api<SubjectAccessReview> = Api::all(own.client.clone());
    let asked = async {
        let parameters = PostParams::default();
        while reviews.create(&parameters, &review).await.unwrap().status.unwrap().allowed != allowed {
            sleep(Duration::from_millis(20)).await;
        }
    };
    within(LIMIT, &format!("{verb} {resource} is allowed: {allowed}"), asked).await;
}

/// A review belongs to no namespace, nor does the right to it. It goes with the namespace that owns it.
async fn grant_reviews(own: &Own) {
    let namespaces: Api<Namespace> = Api::all(own.client.clone());
    let namespace = namespaces.get(&own.namespace).await.unwrap();
    let name = namespace.name_any();
    let metadata = json!({"name": name, "ownerReferences": [namespace.owner_ref(&())]});
    let role = json!({"metadata": metadata, "rules": rules("ClusterRole")});
    let binding =
        json!({"metadata": metadata, "roleRef": reference("ClusterRole", &name), "subjects": [subject(own)]});
    let roles: Api<ClusterRole> = Api::all(own.client.clone());
    let bindings: Api<ClusterRoleBinding> = Api::all(own.client.clone());
    roles.create(&PostParams::default(), &read(role)).await.unwrap();
    bindings.create(&PostParams::default(), &read(binding)).await.unwrap();
}

/// The rules of this kind for a namespaced operator whose tests are where it is itself.
fn rules(kind: &str) -> Value {
    let text = std::fs::read_to_string(path("tests/golden/chart.roles-namespaced.yaml")).unwrap();
    let objects =
        serde_yaml::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap());
    // The same for each namespace that is watched.
    let wanted = |object: &Value| object["kind"] == kind && object["metadata"]["namespace"] != "bank";
    objects.filter(wanted).flat_map(|object| object["rules"].as_array().cloned().unwrap()).collect()
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name})
}

fn subject(own: &Own) -> Value {
    json!({"kind": "ServiceAccount", "name": NAME, "namespace": own.namespace})
}

fn read<K: DeserializeOwned>(object: Value) -> K {
    serde_json::from_value(object).unwrap()
}

/// Makes an object in the namespace.
pub(crate) async fn create<K>(own: &Own, object: Value) -> K
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + serde::Serialize
        + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(own.client.clone(), &own.namespace);
    api.create(&PostParams::default(), &read(object)).await.unwrap()
}
