//! An operator that looks at tests of an API server in memory, one look at a time.

use std::sync::Arc;
use std::time::Duration;

use kube::core::DeserializeGuard;
use kube::runtime::controller::Action;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::makers::ATest;
use crate::api::LoadTest;
use crate::operator::Setting;
use crate::operator::context::Context;
use crate::operator::fake_api::FakeApi;
use crate::operator::judging::JudgingError;
use crate::operator::known::Known;
use crate::operator::lease::Standing;
use crate::operator::reconcile::reconcile;
use crate::operator::runs::Runs;
use crate::operator::storing::Storing;
use crate::operator::survey::Survey;
use crate::operator::telemetry::Telemetry;

/// Where the test is.
pub(crate) const PATH: &str = "/apis/loadgate.dev/v1alpha1/namespaces/shops/loadtests/shop";
/// Where `ConfigMap`s are.
pub(crate) const MAPS: &str = "/api/v1/namespaces/shops/configmaps";
/// Where Jobs are.
pub(crate) const JOBS: &str = "/apis/batch/v1/namespaces/shops/jobs";

/// An operator that leads, and its API server.
pub(crate) struct Desk {
    pub(crate) api: FakeApi,
    pub(crate) context: Arc<Context>,
    _keeper: Box<dyn std::any::Any>,
}

impl Desk {
    /// A new operator.
    pub(crate) fn new(api: &FakeApi) -> Self {
        Self::until(api, Instant::now() + Duration::MAX / 4)
    }

    /// One whose term ends then.
    pub(crate) fn until(api: &FakeApi, end: Instant) -> Self {
        let (keeper, standing) = Standing::until(end);
        let setting = Setting {
            image: "loadgate".to_owned(),
            pull_policy: "Never".to_owned(),
            pull_secrets: Vec::new(),
            ingest_url: "https://loadgate:8443".to_owned(),
            has_authority: false,
        };
        let context = Context {
            client: api.client(),
            setting,
            authority: Arc::new(|| None),
            runs: Runs::new(broadcast::Sender::new(16)),
            known: Known::default(),
            survey: Survey::default(),
            storing: Storing::default(),
            recorder: Context::recorder(&api.client(), None),
            telemetry: Telemetry::new().unwrap(),
            standing,
        };
        Desk { api: api.clone(), context: Arc::new(context), _keeper: Box::new(keeper) }
    }

    /// One whose API server has this test.
    pub(crate) fn with(test: &ATest) -> Self {
        let api = FakeApi::default();
        api.put(PATH, json!(test.object()));
        Self::new(&api)
    }

    /// One look at the test, which the watch tells of as it is.
    pub(crate) async fn looks(&self) -> Result<Action, JudgingError> {
        let known = self.api.object(PATH).unwrap_or_else(|| json!(super::makers::a_test().object()));
        let watched = serde_json::from_value::<LoadTest>(known);
        let watched = watched.unwrap_or_else(|_| super::makers::a_test().object().clone());
        reconcile(Arc::new(DeserializeGuard(Ok(watched))), Arc::clone(&self.context)).await
    }

    /// The status as it is there.
    pub(crate) fn status(&self) -> Value {
        self.api.object(PATH).unwrap()["status"].clone()
    }

    /// Changes the test past all guards.
    pub(crate) fn changes(&self, change: impl FnOnce(&mut Value)) {
        let mut object = self.api.object(PATH).unwrap();
        change(&mut object);
        self.api.put(PATH, object);
    }

    /// The methods and paths that were called since this was asked last, and begin so.
    pub(crate) fn calls(&self, beginning: &str) -> Vec<String> {
        self.api.calls().into_iter().filter(|call| call.starts_with(beginning)).collect()
    }
}
