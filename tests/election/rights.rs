//! A client with the rights that the chart gives, and no more.

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

use crate::support::cluster::Own;

/// What the chart allows the operator for this.
fn rules() -> Value {
    json!([
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["operator"],
            "verbs": ["get", "update"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["ingest-tls"],
            "verbs": ["get", "update"]},
    ])
}

/// A client that may do what `rules` say and nothing else.
pub(crate) async fn with_few_rights(own: &Own) -> Client {
    let Own { cluster, client, namespace } = own;
    let metadata = json!({"name": "operator"});
    let account = json!({"kind": "ServiceAccount", "name": "operator", "namespace": namespace});
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"});
    create::<ServiceAccount>(own, json!({"metadata": metadata})).await;
    create::<Role>(own, json!({"metadata": metadata, "rules": rules()})).await;
    create::<RoleBinding>(own, json!({"metadata": metadata, "roleRef": role, "subjects": [account]})).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let request = TokenRequest::default();
    let token = accounts.create_token_request("operator", &PostParams::default(), &request).await.unwrap();
    cluster.client_with_token(&token.status.unwrap().token).await
}

pub(crate) async fn create<K>(own: &Own, object: Value)
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + serde::Serialize
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(own.client.clone(), &own.namespace);
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
}
