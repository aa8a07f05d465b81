//! What is kept of a run after its pods are gone: enough to judge it again by other requirements.

use serde::{Deserialize, Serialize};

use super::{Report, RunFacts};
use crate::api::{LoadTestSpec, LoadTestStatus};
use crate::metrics::Aggregate;
use crate::plan::{Fault, Options, Plan};
use crate::verdict::judge;

/// The version of this form.
const FORM: u32 = 1;

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRun {
    form: u32,
    /// The object's name.
    pub name: String,
    /// The spec that it was judged by.
    pub spec: LoadTestSpec,
    /// What the figures don't tell.
    pub facts: RunFacts,
    /// What was measured.
    pub aggregate: Aggregate,
    /// What was told of it, where what was measured can't be kept.
    #[serde(default)]
    pub told: Option<Box<LoadTestStatus>>,
}

/// Bytes that aren't a kept run.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// They can't be read.
    #[error("the stored result can't be read: {0}")]
    Unreadable(#[from] rmp_serde::decode::Error),
    /// Another release wrote them.
    #[error("the stored result has form {0}, this release reads form {FORM}")]
    OtherForm(u32),
}

impl KeptRun {
    /// What is to be kept of a run.
    #[must_use]
    pub fn new(name: &str, spec: &LoadTestSpec, facts: RunFacts, aggregate: Aggregate) -> Self {
        KeptRun { form: FORM, name: name.to_owned(), spec: spec.clone(), facts, aggregate, told: None }
    }

    /// The same run without what was measured, but with what is told of it.
    ///
    /// # Errors
    /// When its spec can't be read as a plan.
    pub fn without_figures(&self) -> Result<Self, Vec<Fault>> {
        let told = self.report(&self.spec, self.facts.generation)?.status;
        Ok(KeptRun::told_only(&self.name, &self.spec, self.facts.clone(), told))
    }

    /// What is to be kept of a run of which nothing can be kept but what is told of it.
    #[must_use]
    pub fn told_only(name: &str, spec: &LoadTestSpec, facts: RunFacts, told: LoadTestStatus) -> Self {
        KeptRun { told: Some(Box::new(told)), ..KeptRun::new(name, spec, facts, Aggregate::default()) }
    }

    /// Whether `spec` judges it as the spec does that it was judged by.
    #[must_use]
    pub fn is_judged_by(&self, spec: &LoadTestSpec) -> bool {
        let judging = |spec: &LoadTestSpec| LoadTestSpec { abort: None, history: None, ..spec.clone() };
        judging(&self.spec) == judging(spec)
    }

    /// The same run, judged by `spec`, whose load must be the same.
    ///
    /// # Errors
    /// When the spec can't be read as a plan.
    pub fn report(&self, spec: &LoadTestSpec, generation: Option<i64>) -> Result<Report, Vec<Fault>> {
        let plan = Plan::from_spec(&self.name, spec, &Options::default())?;
        let facts = RunFacts { generation, ..self.facts.clone() };
        let judgement = judge(&plan, &self.aggregate, &facts.circumstances);
        Ok(Report::new(&self.name, spec, &plan, &self.aggregate, &judgement, &facts))
    }

    /// Its bytes, in MessagePack.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match rmp_serde::to_vec_named(self) {
            Ok(bytes) => bytes,
            Err(_) => unreachable!("a kept run consists of numbers, texts, lists and maps"),
        }
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// When they aren't a kept run of this form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeptError> {
        let kept: KeptRun = rmp_serde::from_slice(bytes)?;
        if kept.form == FORM { Ok(kept) } else { Err(KeptError::OtherForm(kept.form)) }
    }
}
