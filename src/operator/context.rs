//! What every reconcile needs: the client, the configuration, the live runs, the reporter of events.

use std::sync::Arc;

use kube::Client;
use kube::runtime::events::{Recorder, Reporter};

use super::build::job::Setting;
use super::known::Known;
use super::lease::Standing;
use super::runs::Runs;
use super::storing::Storing;
use super::survey::Survey;
use super::telemetry::Telemetry;

/// What every reconcile needs.
#[derive(Clone)]
pub struct Context {
    /// The API server's client.
    pub client: Client,
    /// What the configuration decides of Jobs.
    pub setting: Setting,
    /// The authority that workers are to trust, as it is now; none: plain HTTP.
    pub authority: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    /// The runs that this process leads.
    pub runs: Runs,
    /// Results that aren't stored yet.
    pub storing: Storing,
    /// The statuses that this process answers for.
    pub known: Known,
    /// What is stored of tests at rest that are about to be looked at.
    pub survey: Survey,
    /// Publishes events.
    pub recorder: Recorder,
    /// What the operator tells of itself.
    pub telemetry: Arc<Telemetry>,
    /// Whether this process leads: only then may it write.
    pub standing: Standing,
}

impl Context {
    /// The recorder of events of this controller.
    #[must_use]
    pub fn recorder(client: &Client, instance: Option<String>) -> Recorder {
        Recorder::new(client.clone(), Reporter { controller: "loadgate.dev/operator".to_owned(), instance })
    }
}
