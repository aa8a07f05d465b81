//! `loadgate run FILE`: runs a test in this process, judges it and reports.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use uuid::Uuid;

use super::exit::Exit;
use super::local::{self, Means, NotStarted, Outcome};
use super::options::RunOptions;
use super::output::Output;
use super::progress::Live;
use super::{descriptors, load, secrets, signals};
use crate::ingest::SharedSession;
use crate::plan::secrets::Secrets;
use crate::plan::{Checked, Plan};
use crate::report::progress::{Moment, glance};
use crate::report::{Report, RunFacts};
use crate::verdict::{Circumstances, judge};

/// Runs a test in this process, judges it and reports.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    options: RunOptions,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let options = &arguments.options;
    let checked = load::load(&options.test)?;
    let secrets = secrets::read(&checked.plan, &options.secret)?;
    let output = Output::prepare(&options.output)?;
    execute(checked, secrets, &output)
}

/// Runs a checked test and writes its report.
pub(super) fn execute(checked: Checked, secrets: Secrets, output: &Output) -> anyhow::Result<Exit> {
    let Checked { name, spec, plan } = checked;
    let plan = Arc::new(plan);
    let means = Means { run_uid: Uuid::new_v4().to_string(), secrets };
    descriptors::raise_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let (outcome, started_at) = match runtime.block_on(observed(&plan, &means)) {
        Ok(done) => done,
        Err(NotStarted::Aborted) => {
            eprintln!("{}", NotStarted::Aborted);
            return Ok(Exit::Aborted);
        }
        Err(error) => return Err(error.into()),
    };
    let circumstances = Circumstances {
        aborted: outcome.view.aborted.clone(),
        workers_lost: outcome.view.lost,
        not_started: None,
    };
    let judgement = judge(&plan, &outcome.aggregate, &circumstances);
    let facts = RunFacts {
        number: 1,
        uid: means.run_uid,
        started_at: Some(started_at),
        finished_at: Timestamp::now(),
        workers_desired: outcome.view.desired,
        workers_ready: outcome.view.admitted,
        circumstances,
        results: output.folder().map(|folder| folder.display().to_string()),
        ..RunFacts::default()
    };
    output.write(&Report::new(&name, &spec, &plan, &outcome.aggregate, &judgement, &facts))?;
    Ok(Exit::of_run(judgement.verdict, judgement.gate_closed, outcome.view.aborted.is_some()))
}

/// Runs the plan and shows how it goes; tells when its first phase began.
async fn observed(plan: &Arc<Plan>, means: &Means) -> Result<(Outcome, Timestamp), NotStarted> {
    let mut live = Live::start(plan);
    let mut started_at = None;
    let outcome = local::run(Arc::clone(plan), means, signals::stopped(), |coordinator| {
        // Asked first: what happens in between puts the start a little earlier, never later.
        let now = Timestamp::now();
        if let Some((moment, since_start)) = moment(coordinator) {
            started_at.get_or_insert(now - since_start);
            live.show(&glance(plan, &coordinator.aggregate(), moment));
        }
    })
    .await;
    live.finish();
    Ok((outcome?, started_at.unwrap_or_else(Timestamp::now)))
}

/// Where the run stands, once its first phase has begun.
fn moment(coordinator: &SharedSession) -> Option<(Moment, std::time::Duration)> {
    let (phase, elapsed) = coordinator.view().phase?;
    Some((Moment { phase, elapsed }, coordinator.since_start()?))
}
