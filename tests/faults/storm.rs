//! What befalls one run of the campaign: drawn from its seed, so that the same seed brings the same again.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use loadgate::api::LoadTest;
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::NAME;
use crate::stage::Stage;
use crate::weather::{Dice, Trouble, Weather};

/// So long after its beginning the last deed is done and the weather clears up.
const LASTS: Duration = Duration::from_secs(8);

/// What somebody does to a run at some moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Deed {
    /// The operator is killed, and another one comes so much later.
    KillOperator(Duration),
    /// The operator is asked to stop, and another one comes.
    EndOperator,
    /// The operator's process stands still for so long.
    HoldOperator(Duration),
    /// A worker is killed: which one, a number tells.
    KillWorker(u64),
    /// A worker's process stands still for so long.
    HoldWorker(u64, Duration),
    /// Others write the object again and again for so long.
    Write(Duration),
    /// Somebody writes a verdict of their own.
    Forge,
    /// The Job is taken away.
    DeleteJob,
    /// `spec.abort` is set.
    Abort,
    /// The object is deleted.
    Delete,
}

/// Several faults at once.
#[derive(Clone, Debug)]
pub(crate) struct Storm {
    pub(crate) seed: u64,
    pub(crate) api: Vec<Trouble>,
    pub(crate) pushes: Vec<Trouble>,
    /// What is done, and when, in order.
    pub(crate) deeds: Vec<(Duration, Deed)>,
}

/// What a storm may consist of.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Api,
    Pushes,
    Operator,
    Worker,
    Others,
    Course,
}

impl Storm {
    pub(crate) fn of(seed: u64) -> Self {
        // Seeds that follow each other differ in a few bits only.
        let mut dice = Dice::of(seed);
        let mut storm = Storm { seed, api: Vec::new(), pushes: Vec::new(), deeds: Vec::new() };
        for _ in 0..2 + dice.below(4) {
            // Losing workers or the run's course ends what the others are about: those are rarer.
            let kinds = [
                Kind::Api,
                Kind::Api,
                Kind::Api,
                Kind::Pushes,
                Kind::Pushes,
                Kind::Pushes,
                Kind::Operator,
                Kind::Operator,
                Kind::Others,
                Kind::Worker,
                Kind::Course,
            ];
            storm.add(dice.one_of(&kinds), &mut dice);
        }
        storm.deeds.sort_by_key(|(at, _)| *at);
        storm
    }

    fn add(&mut self, kind: Kind, dice: &mut Dice) {
        use Trouble::{Copies, Cuts, Darkness, Delays, Errors, Gaps, Gossip, Halves, Staleness};
        match kind {
            Kind::Api => {
                self.api
                    .push(dice.one_of(&[Errors, Cuts, Delays, Copies, Darkness, Gaps, Gossip, Staleness]));
            }
            Kind::Pushes => {
                self.pushes.push(dice.one_of(&[Errors, Cuts, Delays, Copies, Darkness, Halves]));
            }
            Kind::Operator => {
                let pause = dice.within(0..2500);
                let deeds = [Deed::KillOperator(pause), Deed::EndOperator, Deed::HoldOperator(pause)];
                self.does(dice.one_of(&deeds), dice);
            }
            Kind::Worker => {
                let (pick, pause) = (dice.number(), dice.within(0..3000));
                self.does(dice.one_of(&[Deed::KillWorker(pick), Deed::HoldWorker(pick, pause)]), dice);
            }
            Kind::Others => {
                let pause = dice.within(500..3000);
                self.does(dice.one_of(&[Deed::Write(pause), Deed::Forge]), dice);
            }
            Kind::Course => self.does(dice.one_of(&[Deed::DeleteJob, Deed::Abort, Deed::Delete]), dice),
        }
    }

    fn does(&mut self, deed: Deed, dice: &mut Dice) {
        self.deeds.push((dice.within(0..5000), deed));
    }

    pub(crate) fn has(&self, is: impl Fn(Deed) -> bool) -> bool {
        self.deeds.iter().any(|(_, deed)| is(*deed))
    }

    /// Whether what the test asks for can't be met: one run in four, so that a pass of it is seen to be false.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.seed.is_multiple_of(4)
    }

    /// Makes it ask for what it can't get, where there is no hope.
    pub(crate) fn asks(&self, spec: &mut Value) {
        if self.is_hopeless() {
            spec["requirements"][0]["target"] = json!("> 50%");
        }
    }

    /// Lets the weather loose that it brings.
    pub(crate) fn breaks(&self, stage: &Stage) {
        stage.proxy.weather(Weather::new(self.seed, self.api.clone(), LASTS));
        if let Some(post) = &stage.post {
            post.weather(Weather::new(!self.seed, self.pushes.clone(), LASTS));
        }
    }

    /// Does its deeds; gives when other operators came.
    pub(crate) async fn rages(&self, stage: &Stage) -> Vec<Instant> {
        let began = Instant::now();
        let mut came = Vec::new();
        for (at, deed) in &self.deeds {
            sleep_until(began + *at).await;
            came.extend(done(*deed, stage).await);
        }
        came
    }
}

/// Does it; gives when another operator came, if one did.
async fn done(deed: Deed, stage: &Stage) -> Option<Instant> {
    match deed {
        Deed::KillOperator(pause) => {
            stage.operator.kill().await;
            sleep(pause).await;
            stage.start_another().await;
            return Some(Instant::now());
        }
        Deed::EndOperator => {
            stage.operator.end().await;
            stage.start_another().await;
            return Some(Instant::now());
        }
        Deed::HoldOperator(pause) => {
            stage.operator.signal(Signal::STOP);
            sleep(pause).await;
            stage.operator.signal(Signal::CONT);
        }
        Deed::KillWorker(pick) => {
            stage.kubelet.signal(pick, Signal::KILL);
        }
        Deed::HoldWorker(pick, pause) => {
            if let Some(held) = stage.kubelet.signal(pick, Signal::STOP) {
                sleep(pause).await;
                // It may have been killed meanwhile.
                let _ = kill_process(held, Signal::CONT);
            }
        }
        Deed::Write(lasts) => others_write(stage, lasts).await,
        Deed::Forge => forge(stage).await,
        Deed::DeleteJob => {
            gone(stage.api::<Job>().delete(&format!("{NAME}-run-1"), &DeleteParams::background()).await);
        }
        Deed::Abort => patched(stage, json!({"spec": {"abort": true}})).await,
        Deed::Delete => gone(stage.api::<LoadTest>().delete(NAME, &DeleteParams::default()).await),
    }
    None
}

/// Fifty times a second.
pub(crate) async fn others_write(stage: &Stage, lasts: Duration) {
    let ends = Instant::now() + lasts;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for number in 0.. {
        ticks.tick().await;
        if Instant::now() >= ends {
            break;
        }
        patched(stage, json!({"metadata": {"annotations": {"loadgate.test/number": number.to_string()}}}))
            .await;
    }
}

async fn forge(stage: &Stage) {
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True", "reason": "Forged", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z"})
    };
    let status = json!({"phase": "Passed", "verdict": "Pass",
        "conditions": [condition("Complete"), condition("Passed"), condition("Ready")]});
    let tests: Api<LoadTest> = stage.api();
    let forged =
        tests.patch_status(NAME, &PatchParams::default(), &Patch::Merge(json!({"status": status}))).await;
    gone(forged);
}

/// The object may be gone by then.
async fn patched(stage: &Stage, patch: Value) {
    gone(stage.api::<LoadTest>().patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await);
}

fn gone<T>(done: Result<T, kube::Error>) {
    match done {
        Err(kube::Error::Api(status)) if status.is_not_found() => {}
        done => drop(done.unwrap()),
    }
}
