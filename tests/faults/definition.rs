//! The definition of `LoadTest`s in the cluster: brought where it is missing, and taken away again.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, PostParams};
use kube::runtime::conditions::{is_crd_established, is_deleted};
use kube::runtime::wait::await_condition;
use loadgate::api::crd;

use crate::support::cluster::Cluster;
use crate::within;

const LIMIT: Duration = Duration::from_secs(30);
/// What these tests have brought has this label; another's isn't touched.
const MARK: &str = "loadgate.test/faults";

/// Brings it, if nobody has. False: this machine can't hold a cluster.
pub(crate) async fn bring() -> bool {
    brought(crd(), true).await
}

/// Brings another release's, where there is none.
#[allow(dead_code, reason = "one of the two test binaries that share this needs it")]
pub(crate) async fn bring_as(definition: CustomResourceDefinition) -> bool {
    brought(definition, false).await
}

async fn brought(mut definition: CustomResourceDefinition, may_be_there: bool) -> bool {
    let Some(cluster) = Cluster::up() else { return false };
    let definitions: Api<CustomResourceDefinition> = Api::all(cluster.client().await);
    definition.labels_mut().insert(MARK.to_owned(), "true".to_owned());
    match definitions.create(&PostParams::default(), &definition).await {
        Err(kube::Error::Api(status)) if may_be_there && status.is_already_exists() => {}
        made => drop(made.unwrap()),
    }
    let name = definition.name_any();
    let is_there = await_condition(definitions, &name, is_crd_established());
    within(LIMIT, "the definition is established", is_there).await.unwrap();
    true
}

/// Takes it away, if these tests have brought it.
pub(crate) async fn take_away() {
    let Some(cluster) = Cluster::up() else { return };
    let definitions: Api<CustomResourceDefinition> = Api::all(cluster.client().await);
    let name = crd().name_any();
    let Some(there) = definitions.get_opt(&name).await.unwrap() else { return };
    if there.labels().contains_key(MARK) {
        definitions.delete(&name, &DeleteParams::default()).await.unwrap();
        let uid = there.uid().unwrap();
        let gone = await_condition(definitions, &name, is_deleted(&uid));
        within(LIMIT, "the definition is gone", gone).await.unwrap();
    }
}
