//! Makes a phase of the plan ready to be sent: static bytes, slots, and which headers and bodies are needed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde_json::Value;

use super::compiled::{
    CompiledCache, CompiledCheck, CompiledClassify, CompiledCondition, CompiledExtract, CompiledFeeder,
    CompiledOrigin, CompiledPhase, CompiledScenario, CompiledSource, CompiledStep, Cookies, Guard, Wants,
};
use super::pieces::{Pieces, Place};
use super::render::CompiledRequest;
use super::stretch::stretches;
use crate::plan::figure::Figure;
use crate::plan::secrets::Secrets;
use crate::plan::template::Name;
use crate::plan::{self, Condition, Data, Method, Origin, Plan, RowOrder, SecretKeyRef, Source, condition};

/// What keeps a phase from being made ready.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A header refers to a Secret whose value isn't known.
    #[error(
        "{path}: the Secret {name:?} has no value for key {key:?} here; give it with --secret {name}/{key}=env:VARIABLE or file:PATH"
    )]
    MissingSecret {
        /// The field.
        path: String,
        /// The Secret.
        name: String,
        /// The key in it.
        key: String,
    },
    /// A Secret's value can't stand in a header.
    #[error(
        "{path}: the value of key {key:?} of the Secret {name:?} has a line break or another control character, which a header can't hold"
    )]
    UnfitSecret {
        /// The field.
        path: String,
        /// The Secret.
        name: String,
        /// The key in it.
        key: String,
    },
}

/// What is the same throughout a phase and so becomes part of the static bytes.
pub(super) struct Constants<'a> {
    pub(super) variables: &'a BTreeMap<String, Value>,
    pub(super) phase: &'a str,
    pub(super) run_uid: &'a str,
    pub(super) iterations: u64,
    pub(super) data: &'a Data,
    pub(super) level: Value,
}

impl Constants<'_> {
    /// The place of a field. Where the rows were read, it was looked at that they have it.
    pub(super) fn column(&self, feeder: usize, field: &str) -> usize {
        self.data.table(feeder).and_then(|table| table.column(field)).unwrap_or(usize::MAX)
    }
}

impl CompiledPhase {
    /// Makes a phase ready.
    ///
    /// # Errors
    /// When a header refers to a Secret that isn't known or doesn't fit.
    pub fn new(
        plan: &Plan,
        phase: &plan::Phase,
        secrets: &Secrets,
        data: &Data,
        run_uid: &str,
    ) -> Result<Self, CompileError> {
        let constants = Constants {
            variables: &phase.variables,
            phase: &phase.name,
            run_uid,
            iterations: phase.executor.total_iterations().unwrap_or(0),
            data,
            level: phase.level.as_ref().map_or_else(|| Value::from(0), |rung| level(&rung.figure)),
        };
        let classify = CompiledClassify::new(&plan.classify, &constants);
        let compiler = Compiler { plan, secrets, constants: &constants, classify: &classify };
        let scenarios: Result<Vec<_>, _> =
            phase.scenarios.iter().map(|scenario| compiler.scenario(phase, *scenario)).collect();
        let weights = phase.scenarios.iter().map(|scenario| plan.scenarios[*scenario].weight).collect();
        Ok(CompiledPhase { scenarios: scenarios?, weights, classify, data: data.clone() })
    }
}

/// A whole number where it is one.
fn level(figure: &Figure) -> Value {
    match i64::try_from(figure.numerator()) {
        Ok(whole) if figure.denominator() == 1 => Value::from(whole),
        _ => Value::from(figure.to_f64()),
    }
}

struct Compiler<'a> {
    plan: &'a Plan,
    secrets: &'a Secrets,
    constants: &'a Constants<'a>,
    classify: &'a CompiledClassify,
}

impl Compiler<'_> {
    fn scenario(&self, phase: &plan::Phase, index: usize) -> Result<CompiledScenario, CompileError> {
        let scenario = &self.plan.scenarios[index];
        let feeders: Vec<_> = scenario.feeders.iter().map(|feeder| self.feeder(*feeder)).collect();
        let once = feeders.iter().filter(|feeder| feeder.order == RowOrder::Once);
        let steps = |range: &Range<usize>| -> Result<Vec<_>, _> {
            range.clone().map(|step| self.step(step)).collect()
        };
        Ok(CompiledScenario {
            pace_micros: self.plan.pace(phase, index).map(micros),
            slots: scenario.slots.len(),
            rows_left_below: once.map(|feeder| feeder.rows as u64).min().unwrap_or(u64::MAX),
            feeders,
            held: scenario.held,
            setup: steps(&scenario.setup)?,
            steps: steps(&scenario.steps)?,
            stretches: stretches(scenario, &self.plan.steps, |block| self.guard(block.when.as_ref())),
            teardown: steps(&scenario.teardown)?,
        })
    }

    fn feeder(&self, index: usize) -> CompiledFeeder {
        let rows = self.constants.data.table(index).map_or(0, |table| table.rows());
        CompiledFeeder { index, order: self.plan.data[index].order, rows: rows.max(1) }
    }

    fn step(&self, index: usize) -> Result<CompiledStep, CompileError> {
        let step = &self.plan.steps[index];
        let mut wants = self.classify.wants.clone();
        wants.head_only = step.request.method == Method::Head;
        wants.cookies = self.cookies(step);
        let checks = step.checks.iter().map(|check| self.check(check, &mut wants)).collect();
        let extract = step.extract.iter().map(|extract| extracted(extract, &mut wants)).collect();
        Ok(CompiledStep {
            index,
            probability_ppm: step.probability_ppm,
            think: step.think,
            request: self.request(&step.request)?,
            checks,
            when: self.guard(step.when.as_ref()),
            extract,
            wants,
        })
    }

    /// None: nothing has to have a value, or it has one throughout the phase.
    fn guard(&self, name: Option<&Name>) -> Option<Guard> {
        match name? {
            Name::Extracted(slot) => Some(Guard::Extracted(*slot)),
            Name::Data { feeder, field } => Some(Guard::Cell(*feeder, self.constants.column(*feeder, field))),
            Name::Variable(name) => {
                let is_empty = self.constants.variables.get(name).is_none_or(condition::is_empty);
                is_empty.then_some(Guard::Never)
            }
            Name::User
            | Name::Iteration
            | Name::Index
            | Name::Round
            | Name::Phase
            | Name::Iterations
            | Name::Level
            | Name::RunUid
            | Name::Uuid
            | Name::Random(..)
            | Name::Now => None,
        }
    }

    fn check(&self, check: &plan::Check, wants: &mut Wants) -> CompiledCheck {
        match check {
            plan::Check::Status(patterns) => CompiledCheck::Status(patterns.clone()),
            plan::Check::BelowFourHundred => CompiledCheck::BelowFourHundred,
            plan::Check::JsonPath(path, condition) => {
                let source = wants.source(&Source::JsonPath(path.clone()));
                CompiledCheck::Value(source, self.condition(condition))
            }
            plan::Check::Header(name, condition) => {
                let source = wants.source(&Source::Header(name.clone()));
                CompiledCheck::Value(source, self.condition(condition))
            }
            plan::Check::BodyContains(text) => {
                wants.body = true;
                CompiledCheck::BodyContains(Pieces::new(text, Place::Anywhere, self.constants))
            }
            plan::Check::Latency(limit) => CompiledCheck::Latency(*limit),
        }
    }

    fn condition(&self, condition: &Condition) -> CompiledCondition {
        CompiledCondition::new(condition, self.constants)
    }

    fn request(&self, request: &plan::Request) -> Result<CompiledRequest, CompileError> {
        let inherited = self.plan.target.headers.iter().filter(|header| !request.replaces(&header.name));
        let mut headers = Vec::new();
        for header in request.headers.iter().chain(inherited) {
            headers.push((header.name.as_str(), self.header_value(header)?));
        }
        Ok(CompiledRequest::new(&self.plan.target, request, &headers, self.constants))
    }

    fn cookies(&self, step: &plan::Step) -> Cookies {
        let mut headers = step.request.headers.iter().chain(&self.plan.target.headers);
        match self.plan.scenarios[step.scenario].cookies {
            false => Cookies::Ignored,
            true if headers.any(|header| header.name.eq_ignore_ascii_case("cookie")) => Cookies::Kept,
            true => Cookies::Sent,
        }
    }

    fn header_value(&self, header: &plan::Header) -> Result<Pieces, CompileError> {
        match &header.value {
            plan::HeaderValue::Template(template) => Ok(Pieces::new(template, Place::Header, self.constants)),
            plan::HeaderValue::Token => Ok(Pieces::authorization()),
            plan::HeaderValue::Secret(reference, scheme) => {
                let SecretKeyRef { name, key } = reference.clone();
                let path = header.path.clone();
                let Some(value) = self.secrets.get(reference) else {
                    return Err(CompileError::MissingSecret { path, name, key });
                };
                if value.chars().any(|c| c.is_control() && c != '\t') {
                    return Err(CompileError::UnfitSecret { path, name, key });
                }
                Ok(Pieces::fixed(&scheme.written(value)))
            }
        }
    }
}

fn extracted(extract: &plan::Extract, wants: &mut Wants) -> CompiledExtract {
    let from = match &extract.from {
        Origin::JsonPath(path) => CompiledOrigin::Value(wants.source(&Source::JsonPath(path.clone()))),
        Origin::Header(name, None) => CompiledOrigin::Value(CompiledSource::Header(wants.header(name))),
        Origin::Header(name, Some(regex)) => CompiledOrigin::InHeader(wants.header(name), regex.clone()),
        Origin::Regex(regex) => {
            wants.body = true;
            CompiledOrigin::InBody(regex.clone())
        }
    };
    CompiledExtract { slot: extract.slot, from }
}

impl CompiledCondition {
    fn new(condition: &Condition, constants: &Constants<'_>) -> Self {
        let text = match condition {
            Condition::EqualsText(text) => Some(Pieces::new(text, Place::Anywhere, constants)),
            Condition::Exists(_) | Condition::Equals(_) | Condition::Matches(_) | Condition::Is(_) => None,
        };
        CompiledCondition { rule: condition.clone(), text }
    }
}

impl CompiledClassify {
    fn new(classify: &plan::Classify, constants: &Constants<'_>) -> Self {
        let mut wants = Wants::default();
        let cache = classify.cache.as_ref().map(|rule| CompiledCache {
            source: wants.source(&rule.source),
            hit: rule.hit.clone(),
            miss: rule.miss.clone(),
            layer: rule.layer_header.as_ref().map(|name| wants.header(name)),
        });
        let groups = classify.groups.iter().map(|group| wants.source(&group.of)).collect();
        let errors = classify.errors.iter().map(|error| {
            let (source, condition) = &error.of;
            (wants.source(source), CompiledCondition::new(condition, constants))
        });
        let errors = errors.collect();
        let values = classify.values.iter().map(|value| wants.source(&value.of.0)).collect();
        CompiledClassify { cache, groups, errors, values, wants }
    }
}

impl Wants {
    fn source(&mut self, source: &Source) -> CompiledSource {
        match source {
            Source::Header(name) => CompiledSource::Header(self.header(name)),
            Source::JsonPath(path) => {
                self.json = true;
                self.body = true;
                CompiledSource::JsonPath(path.clone())
            }
        }
    }

    fn header(&mut self, name: &str) -> usize {
        self.headers.iter().position(|known| known == name).unwrap_or_else(|| {
            self.headers.push(name.to_owned());
            self.headers.len() - 1
        })
    }
}

/// A duration in whole microseconds.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
