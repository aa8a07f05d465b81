//! Workers and their coordinator, whatever becomes of what they say to each other.

mod alone;
mod apart;
mod busy;
mod cut_off;
mod faults;
mod forgetful;
mod played;
mod script;
mod silent;
mod world;

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::engine::Setup;
use crate::plan::executor::{Burst, ConstantRate, ConstantUsers, Idle, Iterations};
use crate::plan::secrets::Secrets;
use crate::plan::units::Rate;
use crate::plan::{Data, Document, Executor, Options, Phase, Plan, Share, Spread};

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
        tls: None,
        authorization: None,
        secrets: Secrets::default(),
        data: Data::default(),
        run_uid: String::new(),
        shards: NonZeroU32::MIN,
    }
}

/// A kind of phase, and how long it takes where that is known.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Idle(u64),
    /// So many seconds, and so many more for what is under way then.
    Users(u64, u64),
    Rate(u64, u64),
    Burst,
    Iterations,
}

impl Kind {
    fn executor(self) -> Executor {
        let rate = Rate::parse("1/s").expect("a rate");
        match self {
            Kind::Idle(seconds) => Idle { duration: Duration::from_secs(seconds) }.into(),
            Kind::Users(seconds, _) => {
                let duration = Duration::from_secs(seconds);
                ConstantUsers { users: 3, duration, ramp_up: Duration::ZERO, judge_ramp_up: false }.into()
            }
            Kind::Rate(seconds, _) => {
                let length = Duration::from_secs(seconds);
                ConstantRate { rate, total: seconds, length, spread: Spread::Uniform, max_users: 3 }.into()
            }
            Kind::Burst => Burst { iterations: 3 }.into(),
            Kind::Iterations => Iterations { users: 3, per_user: 1 }.into(),
        }
    }

    fn deadline(self) -> Duration {
        Duration::from_secs(match self {
            Kind::Idle(seconds) => seconds,
            Kind::Users(seconds, graceful) | Kind::Rate(seconds, graceful) => seconds + graceful,
            Kind::Burst | Kind::Iterations => 3600,
        })
    }
}

/// A plan of these phases.
fn plan_of(workers: u32, kinds: &[Kind]) -> Arc<Plan> {
    static ONE: LazyLock<Arc<Plan>> = LazyLock::new(quiet);
    let mut plan = Plan::clone(&ONE);
    let phase =
        |kind: &Kind| Phase { executor: kind.executor(), deadline: kind.deadline(), ..ONE.phases[0].clone() };
    plan.phases = kinds.iter().map(phase).collect();
    plan.workers = workers;
    plan.deadlines.run = Duration::from_hours(1);
    Arc::new(plan)
}
