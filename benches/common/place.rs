//! A namespace of a real API server with an operator in it that asks it directly, with the rights that the chart gives.

use std::sync::Arc;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::config::Kubeconfig;
use kube::runtime::wait::await_condition;
use serde_json::json;

use crate::operator::Operator;
use crate::support::cluster::Own;
use crate::{LIMIT, rights, within};

/// An operator of the namespace that isn't started yet.
pub(crate) async fn operator(own: &Own) -> Result<Arc<Operator>> {
    let accounts: Api<ServiceAccount> = Api::namespaced(own.client.clone(), &own.namespace);
    let is_there = |account: Option<&ServiceAccount>| account.is_some();
    // Pods are refused until it is there.
    within(LIMIT, "ServiceAccount default", await_condition(accounts, "default", is_there)).await?;
    rights::grant(own).await;
    let kubeconfig = Kubeconfig::read_from(own.cluster.kubeconfig())?;
    let cluster = kubeconfig.clusters.into_iter().next().and_then(|named| named.cluster);
    let cluster = serde_json::to_value(cluster.context("the kubeconfig names no cluster")?)?;
    let user = json!({"token": rights::token(own).await});
    Ok(Arc::new(Operator::of(&own.namespace, &cluster, &user)))
}
