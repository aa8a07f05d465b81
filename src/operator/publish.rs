//! Publishes: replaces the whole status, guarded by the version that was decided on. A forged one disappears by it.

use kube::ResourceExt;
use kube::api::PostParams;

use super::api::{CallError, Objects};
use super::context::Context;
use super::events;
use crate::api::{LoadTest, LoadTestStatus};

/// Replaces the status of `test`, unless it is the same already, and tells the events that this is worth.
pub async fn publish(context: &Context, test: &LoadTest, status: LoadTestStatus) -> Result<(), CallError> {
    if test.status.as_ref() == Some(&status) {
        return Ok(());
    }
    let tests = Objects::<LoadTest>::new(&context.client, &test.namespace().unwrap_or_default());
    let mut next = test.clone();
    next.metadata.managed_fields = None;
    next.status = Some(status.clone());
    let name = test.name_any();
    let write = tests.api().replace_status(&name, &PostParams::default(), &next);
    tests.call("update the status of", &name, write).await?;
    events::publish(context, test, &status).await;
    Ok(())
}
