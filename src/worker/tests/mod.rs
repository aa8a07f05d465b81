//! Workers and their coordinator, whatever becomes of what they say to each other.

mod faults;
mod forgetful;
mod silent;

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::engine::Setup;
use crate::plan::secrets::Secrets;
use crate::plan::{Document, Options, Plan, Share};

/// Two phases in which nothing is sent.
fn quiet() -> Arc<Plan> {
    let text = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: quiet}
spec:
  target: {baseUrl: "http://127.0.0.1:1"}
  phases: [{name: one, load: {idle: {duration: 1ms}}}, {name: two, load: {idle: {duration: 1ms}}}]
"#;
    let checked = Document::parse(text).and_then(|document| document.check(&Options::default()));
    Arc::new(checked.expect("it is sound").plan)
}

/// What the only worker of a plan needs.
fn alone(plan: &Arc<Plan>) -> Setup {
    Setup {
        plan: Arc::clone(plan),
        share: Share::WHOLE,
        addresses: Arc::new([]),
        secrets: Secrets::default(),
        run_uid: String::new(),
        shards: NonZeroU32::MIN,
    }
}
