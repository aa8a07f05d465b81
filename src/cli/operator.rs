//! `loadgate operator`: runs the tests that a cluster holds.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Args;
use tokio::sync::watch;
use url::Url;

use super::exit::{Exit, Refused};
use super::signals;
use crate::operator::{Configuration, Setting, run as run_operator};

/// Runs the tests that a cluster holds. The chart starts it.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Where workers' messages are taken.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    ingest_listen: SocketAddr,
    /// Where probes and metrics are served.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    http_listen: SocketAddr,
    /// Where workers report: https://, or http:// where that is meant.
    #[arg(long, value_name = "URL")]
    ingest_url: Url,
    /// The Secret that holds the ingest's certificates. Without it they are made anew at each start.
    #[arg(long, value_name = "NAME")]
    tls_secret: Option<String>,
    /// The Lease by which several operators agree on one that writes.
    #[arg(long, value_name = "NAME", default_value = "loadgate")]
    lease_name: String,
    /// The namespace of the Lease and the Secret.
    #[arg(long, value_name = "NAMESPACE", env = "POD_NAMESPACE")]
    namespace: String,
    /// This pod's name.
    #[arg(long, value_name = "NAME", env = "POD_NAME", default_value = "loadgate")]
    pod_name: String,
    /// This pod's UID. The first process of a container is known by it when it is started again, and goes on at once.
    #[arg(long, value_name = "UID", env = "POD_UID")]
    pod_uid: Option<String>,
    /// This pod's address, at which the other operators' workers find it.
    #[arg(long, value_name = "IP", env = "POD_IP", default_value = "127.0.0.1")]
    pod_ip: std::net::IpAddr,
    /// The image of workers: the operator's own.
    #[arg(long, value_name = "IMAGE")]
    worker_image: String,
    /// When it is pulled: `Always`, `IfNotPresent` or `Never`.
    #[arg(long, value_name = "POLICY", default_value = "IfNotPresent")]
    worker_image_pull_policy: String,
    /// Secrets in the tests' namespaces by which it is pulled.
    #[arg(long, value_name = "NAME")]
    worker_image_pull_secret: Vec<String>,
    /// The namespace whose tests are run. Default: all.
    #[arg(long, value_name = "NAMESPACE")]
    watch_namespace: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let configuration = configuration(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(async {
        let client = kube::Client::try_default().await.context("no way to the API server")?;
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            let reason = signals::stopped().await;
            tracing::info!(reason, "the operator stops");
            stop.send_replace(true);
            // Whoever waits for the word must still be able to hear it.
            std::future::pending::<()>().await;
        });
        run_operator(client, configuration, stopped).await?;
        Ok(Exit::Pass)
    })
}

fn configuration(arguments: &Arguments) -> Result<Configuration, Refused> {
    let url = &arguments.ingest_url;
    let host = url.host_str().ok_or_else(|| Refused::one("--ingest-url: it names no host"))?;
    let is_plain = match url.scheme() {
        "https" => false,
        "http" => true,
        other => {
            return Err(Refused::one(format!("--ingest-url: {other}:// is neither https:// nor http://")));
        }
    };
    Ok(Configuration {
        setting: Setting {
            image: arguments.worker_image.clone(),
            pull_policy: arguments.worker_image_pull_policy.clone(),
            pull_secrets: arguments.worker_image_pull_secret.clone(),
            ingest_url: url.as_str().trim_end_matches('/').to_owned(),
            has_authority: !is_plain,
        },
        ingest_listen: arguments.ingest_listen,
        http_listen: arguments.http_listen,
        namespace: arguments.namespace.clone(),
        lease: arguments.lease_name.clone(),
        pod: arguments.pod_name.clone(),
        pod_uid: own_uid(arguments.pod_uid.clone(), std::process::id()),
        address: SocketAddr::new(arguments.pod_ip, arguments.ingest_listen.port()).to_string(),
        tls_secret: arguments.tls_secret.clone(),
        ingest_names: names(host),
        is_plain,
        watched: arguments.watch_namespace.clone(),
    })
}

/// The first process of a container has it to itself. Any other, such as one that was started beside it by `kubectl exec`,
/// may not go by the pod's UID: there might be two of that name.
fn own_uid(pod_uid: Option<String>, process: u32) -> Option<String> {
    pod_uid.filter(|uid| process == 1 && !uid.is_empty())
}

/// The name by which workers call the ingest, and of a Service its longer form.
fn names(host: &str) -> Vec<String> {
    let mut names = vec![host.to_owned()];
    if host.rsplit_once('.').is_some_and(|(_, last)| last == "svc") {
        names.push(format!("{host}.cluster.local"));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_process_of_a_container_goes_by_its_pods_uid() {
        for (given, process, goes_by) in
            [(Some("uid"), 1, Some("uid")), (Some("uid"), 37, None), (Some(""), 1, None), (None, 1, None)]
        {
            assert_eq!(own_uid(given.map(str::to_owned), process).as_deref(), goes_by);
        }
    }
}
