//! Tokens of pods, as a kubelet asks for them.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

use std::time::Duration;

use k8s_openapi::api::authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::Api;
use kube::api::PostParams;
use loadgate::operator::names::AUDIENCE;

/// A token for the operator that is bound to the pod, and holds for so long.
pub(crate) async fn of_pod(accounts: &Api<ServiceAccount>, pod: &Pod, holds: Duration) -> String {
    let bound = BoundObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        name: pod.metadata.name.clone(),
        uid: pod.metadata.uid.clone(),
    };
    let spec = TokenRequestSpec {
        audiences: vec![AUDIENCE.to_owned()],
        bound_object_ref: Some(bound),
        expiration_seconds: Some(holds.as_secs().cast_signed()),
    };
    let request = TokenRequest { spec, ..TokenRequest::default() };
    let token = accounts.create_token_request("default", &PostParams::default(), &request).await.unwrap();
    token.status.unwrap().token
}
