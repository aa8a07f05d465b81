//! `loadgate run FILE`: runs a test in this process, judges it and reports.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use tracing::info;
use uuid::Uuid;

use super::ended::Ended;
use super::exit::Exit;
use super::local::{self, Means, NotStarted, Outcome};
use super::options::RunOptions;
use super::output::Output;
use super::progress::Live;
use super::{data, descriptors, load, secrets, signals};
use crate::ingest::SharedSession;
use crate::plan::secrets::Secrets;
use crate::plan::{Checked, Data, Document, Plan};
use crate::report::escape::printable;
use crate::report::progress::{Moment, glance};
use crate::report::{Report, RunFacts};
use crate::verdict::judge;

/// Runs a test in this process, judges it and reports.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    options: RunOptions,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let options = &arguments.options;
    // First of all: whatever goes wrong from here on, the report of an earlier run is no longer there.
    let output = Output::prepare(&options.output)?;
    let checked = load::load(&options.test)?;
    let secrets = secrets::read(&checked.plan, &options.secret)?;
    let data = data::read(&checked.plan, &options.test.file, &options.config_map)?;
    execute(checked, secrets, data, &output)
}

/// Runs a checked test and writes its report.
pub(super) fn execute(
    checked: Checked,
    secrets: Secrets,
    data: Data,
    output: &Output,
) -> anyhow::Result<Exit> {
    let Checked { name, spec, plan } = checked;
    let plan = Arc::new(plan);
    Document::end_of_checks();
    let means = Means { run_uid: Uuid::new_v4().to_string(), secrets, data };
    descriptors::raise_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let phases = plan.phases_to_run().count();
    info!(
        test = name,
        run = means.run_uid,
        target = plan.target.authority,
        workers = plan.workers,
        phases,
        "run begins"
    );
    let run = runtime.block_on(observed(&plan, &means));
    let ended = match run {
        Ok((outcome, started_at)) => Ended::of_outcome(outcome, started_at),
        Err(not_started) => {
            eprintln!("error: {}", printable(&not_started.to_string()));
            Ended::before_the_load(&plan, &not_started)
        }
    };
    let judgement = judge(&plan, &ended.aggregate, &ended.facts.circumstances);
    let facts = RunFacts {
        number: 1,
        uid: means.run_uid,
        results: output.folder().map(|folder| folder.display().to_string()),
        ..ended.facts
    };
    info!(verdict = ?judgement.verdict, gate_closed = judgement.gate_closed, "run judged");
    let report = Report::new(&name, &spec, &plan, &ended.aggregate, &judgement, &facts);
    if facts.started_at.is_some() {
        output.write(&report)?;
    } else {
        output.write_for_programs(&report)?;
    }
    Ok(Exit::of_run(judgement.verdict, judgement.gate_closed, &facts.circumstances))
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
