//! `spec.requirements` and `spec.phases[].expect`: measures, what they are narrowed to, and their limits.

use crate::api::{self, LoadTestSpec, Over, Where};
use crate::plan::fault::At;
use crate::plan::figure::Dimension;
use crate::plan::model::{PhaseIndex, StepIndex};
use crate::plan::near;
use crate::plan::objective::{Expectations, Measure, Narrowed, Requirement};
use crate::plan::tier::{TierField, Tiers};

use super::metric;
use super::phase::is_idle;

/// The requirements of the whole test.
pub(super) fn requirements(spec: &LoadTestSpec, at: &At) -> Option<Vec<Requirement>> {
    let rows: Vec<Option<Requirement>> = (spec.requirements.iter().enumerate())
        .map(|(index, row)| {
            let place = Place { spec, phase: None, at: at.item(index) };
            place.row(&row.objective).map(|row_of| Requirement { id: Some(row.id.clone()), ..row_of })
        })
        .collect();
    rows.into_iter().collect()
}

/// What is expected of phase number `phase`.
pub(super) fn expectations(phase: PhaseIndex, spec: &LoadTestSpec, at: &At) -> Option<Expectations> {
    let expect = &spec.phases[phase].expect;
    let is_silent = is_idle(&spec.phases[phase]);
    at.require(expect.is_empty() || !is_silent, "an idle phase sends nothing that could be measured; leave it out");
    let rows: Vec<Option<Requirement>> = (expect.iter().enumerate())
        .map(|(index, row)| Place { spec, phase: Some(phase), at: at.item(index) }.row(row))
        .collect();
    rows.into_iter().collect()
}

/// A row in the spec.
struct Place<'a> {
    spec: &'a LoadTestSpec,
    /// The phase that is implied, for an expectation.
    phase: Option<PhaseIndex>,
    at: At<'a>,
}

impl Place<'_> {
    fn row(&self, row: &api::Objective) -> Option<Requirement> {
        let measure = self.measure(row);
        let tiers = measure.as_ref().and_then(|(_, dimension)| self.tiers(row, *dimension));
        self.check_judged(row);
        self.check_over(row);
        self.at.field("minSamples").require(row.min_samples != Some(0), "must be above 0");
        let (measure, _) = measure?;
        Some(Requirement {
            id: None,
            title: row.title.clone().unwrap_or_else(|| title(row)),
            measure,
            over: row.over.unwrap_or_default(),
            tiers: tiers?,
            weight: row.weight.unwrap_or(1),
            must: row.must.unwrap_or(false),
            min_samples: row.min_samples,
            names_phases: self.phase.is_some() || row.narrow.as_ref().is_some_and(|by| !by.phases.is_empty()),
            path: self.at.path().to_owned(),
        })
    }

    fn measure(&self, row: &api::Objective) -> Option<(Measure, Dimension)> {
        let narrow = row.narrow.clone().unwrap_or_default();
        match (&row.metric, &row.ratio) {
            (Some(text), None) => {
                let narrowed = self.narrowed(text, &narrow, &self.at)?;
                let dimension = narrowed.metric.dimension();
                Some((Measure::Metric(narrowed), dimension))
            }
            (None, Some(parts)) => self.ratio(parts, &narrow),
            (Some(_), Some(_)) => {
                self.at.fault("has both metric and ratio; keep one");
                None
            }
            (None, None) => {
                self.at.fault("needs a metric or a ratio");
                None
            }
        }
    }

    fn ratio(&self, parts: &[api::RatioPart], row: &Where) -> Option<(Measure, Dimension)> {
        let at = self.at.field("ratio");
        let [above, below] = parts else {
            at.fault(format!("has {} parts; give it two, the first is divided by the second", parts.len()));
            return None;
        };
        let part = |part: &api::RatioPart, index| {
            let narrow = completed(part.narrow.clone().unwrap_or_default(), row);
            self.narrowed(&part.metric, &narrow, &at.item(index))
        };
        let (above, below) = (part(above, 0), part(below, 1));
        let (above, below) = (above?, below?);
        let (upper, lower) = (above.metric.dimension(), below.metric.dimension());
        let quotient = upper.divided_by(lower);
        at.require(
            quotient.is_some(),
            format!("{} can't be divided by {}: the result has no unit", upper.name(), lower.name()),
        );
        Some((Measure::Ratio(above, below), quotient?))
    }

    fn narrowed(&self, text: &str, narrow: &Where, at: &At) -> Option<Narrowed> {
        let metric = metric::known(text, self.spec, &at.field("metric"));
        let at = at.field("where");
        let phases = self.phases(narrow, &at.field("phases"));
        let steps = self.steps(narrow, &at.field("steps"));
        let metric = metric?;
        metric::check_narrowing(&metric, text, narrow, &at);
        Some(Narrowed { metric, phases: phases?, steps: steps?, outcome: narrow.outcome })
    }

    /// The phases named; else the one implied, or all that are judged.
    fn phases(&self, narrow: &Where, at: &At) -> Option<Vec<PhaseIndex>> {
        if let Some(phase) = self.phase {
            at.require(narrow.phases.is_empty(), "an expectation is about its own phase; leave it out");
            return Some(vec![phase]);
        }
        let phases = &self.spec.phases;
        let named = |index: &PhaseIndex| match narrow.phases.is_empty() {
            true => phases[*index].judge.unwrap_or(true) && !is_idle(&phases[*index]),
            false => narrow.phases.contains(&phases[*index].name),
        };
        for (index, name) in narrow.phases.iter().enumerate() {
            self.check_phase(name, &at.item(index));
        }
        let covered: Vec<PhaseIndex> = (0..phases.len()).filter(named).collect();
        let all_unknown = covered.is_empty() && !narrow.phases.is_empty();
        at.require(!covered.is_empty() || all_unknown, "no phase is judged; name the phases that this is about");
        (!covered.is_empty()).then_some(covered)
    }

    fn check_phase(&self, name: &str, at: &At) {
        let known = || self.spec.phases.iter().map(|phase| phase.name.as_str());
        match self.spec.phases.iter().find(|phase| phase.name == name) {
            None => at.fault(near::unknown("phase", name, known())),
            Some(phase) => at.require(!is_idle(phase), "an idle phase sends nothing that could be measured"),
        }
    }

    /// The steps named, by `step` or `scenario.step`; none: all.
    #[allow(clippy::option_option, reason = "faulty, not given and given are three things")]
    fn steps(&self, narrow: &Where, at: &At) -> Option<Option<Vec<StepIndex>>> {
        if narrow.steps.is_empty() {
            return Some(None);
        }
        let labels = step_labels(self.spec);
        let is_called = |(short, long): &(&str, String), name: &str| *short == name || long == name;
        for (index, name) in narrow.steps.iter().enumerate() {
            let known = labels.iter().map(|(short, _)| *short).chain(labels.iter().map(|(_, long)| long.as_str()));
            let is_known = labels.iter().any(|label| is_called(label, name));
            at.item(index).require(is_known, near::unknown("step", name, known));
        }
        let named = |index: &StepIndex| narrow.steps.iter().any(|name| is_called(&labels[*index], name));
        let steps: Vec<StepIndex> = (0..labels.len()).filter(named).collect();
        (!steps.is_empty()).then_some(Some(steps))
    }

    fn tiers(&self, row: &api::Objective, dimension: Dimension) -> Option<Tiers> {
        let (target, acceptable, critical) =
            (row.target.as_deref(), row.acceptable.as_deref(), row.critical.as_deref());
        let faults = match Tiers::parse(dimension, target, acceptable, critical) {
            Ok(tiers) => return Some(tiers),
            Err(faults) => faults,
        };
        for fault in faults {
            let field = match fault.field {
                TierField::Target => "target",
                TierField::Acceptable => "acceptable",
                TierField::Critical => "critical",
            };
            self.at.field(field).misread(&fault.fault);
        }
        None
    }

    /// A row without a target can't be met, so nothing can hang on its being met.
    fn check_judged(&self, row: &api::Objective) {
        for (field, is_given) in [("weight", row.weight.is_some()), ("must", row.must.is_some())] {
            self.at.field(field).require(!is_given || row.target.is_some(), "needs a target beside it");
        }
    }

    fn check_over(&self, row: &api::Objective) {
        let at = self.at.field("over");
        if matches!(row.over, None | Some(Over::Pooled)) {
            return;
        }
        let named = row.narrow.as_ref().map_or(0, |narrow| narrow.phases.len());
        let judged = || self.spec.phases.iter().filter(|phase| phase.judge.unwrap_or(true) && !is_idle(phase));
        let phases = if named > 0 { named } else { judged().count() };
        at.require(self.phase.is_none(), "an expectation is about one phase; leave it out");
        at.require(phases > 1 || self.phase.is_some(), "combines several phases, and this is about one; leave it out");
    }
}

/// What a side of a ratio leaves out comes from the row.
fn completed(part: Where, row: &Where) -> Where {
    let or = |own: Vec<String>, rows: &Vec<String>| if own.is_empty() { rows.clone() } else { own };
    Where {
        phases: or(part.phases, &row.phases),
        steps: or(part.steps, &row.steps),
        outcome: part.outcome.or(row.outcome),
    }
}

/// The name and the full name of each step, in the order of [`StepIndex`].
fn step_labels(spec: &LoadTestSpec) -> Vec<(&str, String)> {
    let of = |scenario: &'_ api::Scenario, step: &'_ api::Step| format!("{}.{}", scenario.name, step.name);
    let scenarios = spec.scenarios.iter();
    scenarios
        .flat_map(|scenario| scenario.steps.iter().map(move |step| (step.name.as_str(), of(scenario, step))))
        .collect()
}

/// What a row without a title is about: `latency.p95 of login in spike`.
fn title(row: &api::Objective) -> String {
    let measure = match (&row.metric, &row.ratio) {
        (Some(metric), _) => metric.clone(),
        (None, Some(parts)) => parts.iter().map(|part| part.metric.as_str()).collect::<Vec<_>>().join(" / "),
        (None, None) => String::new(),
    };
    let narrow = row.narrow.clone().unwrap_or_default();
    let of = |word: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!(" {word} {}", names.join(", ")),
    };
    format!("{measure}{}{}", of("of", &narrow.steps), of("in", &narrow.phases))
}
