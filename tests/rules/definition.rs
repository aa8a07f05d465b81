//! The definition under a name of its own on the API server: a cluster may have another one, which others use.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use kube::core::GroupVersionKind;
use kube::runtime::conditions::is_crd_established;
use kube::runtime::wait::await_condition;
use loadgate::api;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::cluster::Own;
use crate::support::kubectl::Kubectl;
use crate::table::Said;

const PLURAL: &str = "ruledtests";
/// Longer than anything here takes, unless it hangs.
const LIMIT: Duration = Duration::from_mins(2);

/// What the definition says of a spec.
pub(crate) fn spec_schema() -> Value {
    let definition = serde_json::to_value(api::crd()).unwrap();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].clone()
}

/// A definition in a group of its own. Dropped, it is removed.
pub(crate) struct Definition {
    kubectl: Kubectl,
    name: String,
    api_version: String,
    objects: Api<DynamicObject>,
}

impl Definition {
    /// None where this machine has no kubectl.
    pub(crate) async fn new(own: &Own) -> Option<Self> {
        let kubectl = Kubectl::new(&own.cluster, &own.namespace)?;
        let group = format!("{}.loadgate.test", own.namespace);
        let resource =
            ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(&group, "v1alpha1", "LoadTest"), PLURAL);
        let defined = Definition {
            kubectl,
            name: format!("{PLURAL}.{group}"),
            api_version: resource.api_version.clone(),
            objects: Api::namespaced_with(own.client.clone(), &own.namespace, &resource),
        };
        defined.install(&group, own.client.clone()).await;
        Some(defined)
    }

    /// The API server refuses rules that could cost too much, and warns of what it doesn't know.
    async fn install(&self, group: &str, client: Client) {
        let mut definition = serde_json::to_value(api::crd()).unwrap();
        definition["metadata"]["name"] = json!(self.name);
        definition["spec"]["group"] = json!(group);
        definition["spec"]["names"] = json!({"kind": "LoadTest", "listKind": "LoadTestList", "plural": PLURAL, "singular": "ruledtest"});
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), definition.to_string()).unwrap();
        let file = file.path().to_string_lossy().into_owned();
        self.kubectl.run(&["create", "--warnings-as-errors", "--filename", &file]);
        let definitions: Api<CustomResourceDefinition> = Api::all(client);
        let established = await_condition(definitions, &self.name, is_crd_established());
        timeout(LIMIT, established).await.expect("established in time").unwrap();
    }

    /// What the API server says of an object, as if it were created.
    pub(crate) async fn tries(&self, object: &Value) -> Vec<Said> {
        let dry = PostParams { dry_run: true, ..PostParams::default() };
        match self.objects.create(&dry, &self.own(object)).await {
            Ok(_) => Vec::new(),
            Err(kube::Error::Api(status)) => {
                let causes = status.details.iter().flat_map(|details| details.causes.clone());
                let said = causes.map(|one| Said { at: one.field, message: one.message });
                let said: Vec<Said> = said.collect();
                assert!(!said.is_empty(), "{}", status.message);
                said
            }
            Err(error) => panic!("{object}: {error}"),
        }
    }

    /// An object as it reads once it is stored.
    pub(crate) async fn stores(&self, object: &Value) -> Value {
        let created = self.objects.create(&PostParams::default(), &self.own(object)).await.unwrap();
        let stored = self.objects.get(&created.metadata.name.unwrap()).await.unwrap();
        serde_json::to_value(stored).unwrap()
    }

    /// What `kubectl explain` tells of a field. Nothing tells when the API server has
    /// published the definition: it is asked until it has.
    pub(crate) async fn explains(&self, field: &str) -> String {
        let field = format!("{PLURAL}.{field}");
        let explain = ["explain", &field, "--api-version", &self.api_version];
        let said = timeout(LIMIT, async {
            loop {
                match self.kubectl.tries(&explain) {
                    Ok(said) => return said,
                    Err(_) => sleep(Duration::from_millis(200)).await,
                }
            }
        });
        said.await.unwrap_or_else(|_| self.kubectl.run(&explain))
    }

    fn own(&self, object: &Value) -> DynamicObject {
        let mut object = object.clone();
        object["apiVersion"] = json!(self.api_version);
        serde_json::from_value(object).unwrap()
    }
}

impl Drop for Definition {
    fn drop(&mut self) {
        // The first failure is the one to look at.
        if let Err(said) = self.kubectl.tries(&["delete", "crd", &self.name, "--wait=false"]) {
            eprintln!("not removed: {said}");
        }
    }
}
