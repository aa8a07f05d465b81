//! The ingest's certificates in a Secret of a real API server.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::Api;
use loadgate::operator::tls::{Keeper, Place, Tls, service_names};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::LONG;
use crate::rights::{create, with_few_rights};
use crate::support::cluster::in_own_namespace;

fn keep(client: &Client, namespace: &str) -> (Tls, watch::Sender<bool>) {
    let place = Place::secret(client.clone(), namespace, "ingest-tls");
    let (keeper, tls) = Keeper::new(place, service_names("ingest", namespace)).unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(keeper.run(stopped));
    (tls, stop)
}

pub(crate) async fn operators_that_start_at_once_fill_the_empty_secret_and_trust_the_same() {
    in_own_namespace(|own| async move {
        let client = with_few_rights(&own).await;
        create::<Secret>(&own, json!({"metadata": {"name": "ingest-tls", "labels": {"of": "chart"}}})).await;
        let mut keepers: Vec<_> = (0..5).map(|_| keep(&client, &own.namespace)).collect();
        for (tls, _) in &mut keepers {
            assert!(timeout(LONG, tls.ready()).await.expect("certificates are there in time"));
        }
        let trusted = keepers[0].0.trusted().unwrap();
        assert!(keepers.iter().all(|(tls, _)| tls.trusted().as_ref() == Some(&trusted)));
        let secrets: Api<Secret> = Api::namespaced(own.client.clone(), &own.namespace);
        let secret = secrets.get("ingest-tls").await.unwrap();
        assert_eq!(secret.data.unwrap()["ca.crt"].0, trusted.as_bytes());
        assert_eq!(secret.metadata.labels.unwrap()["of"], "chart");
    })
    .await;
}

pub(crate) async fn an_operator_that_finds_no_secret_goes_on_when_there_is_one() {
    in_own_namespace(|own| async move {
        let client = with_few_rights(&own).await;
        let (mut tls, _keeper) = keep(&client, &own.namespace);
        assert!(timeout(Duration::from_secs(1), tls.ready()).await.is_err());
        create::<Secret>(&own, json!({"metadata": {"name": "ingest-tls"}})).await;
        assert!(timeout(LONG, tls.ready()).await.expect("it is tried again"));
    })
    .await;
}
