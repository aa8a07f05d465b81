//! `spec.requirements` and `spec.phases[].expect`: measures and their limits.

use crate::api::{self, LoadTestSpec, Over, Where};
use crate::plan::fault::At;
use crate::plan::figure::Dimension;
use crate::plan::metric::Metric;
use crate::plan::model::PhaseIndex;
use crate::plan::objective::{Expectations, Measure, Narrowed, Requirement};
use crate::plan::tier::{TierField, Tiers};

use super::phase::is_idle;
use super::{metric, narrow, search};

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
    at.require(
        expect.is_empty() || !is_silent,
        "an idle phase sends nothing that could be measured; leave it out",
    );
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
        let ((measure, _), tiers) = (measure?, tiers?);
        if let Measure::Metric(one) = &measure
            && one.metric == Metric::Capacity
        {
            search::check_row(one, &tiers, self.spec, &self.at);
        }
        Some(Requirement {
            id: None,
            title: row.title.clone().unwrap_or_else(|| title(row)),
            measure,
            over: row.over.unwrap_or_default(),
            tiers,
            weight: row.weight.unwrap_or(1),
            must: row.must.unwrap_or(false),
            min_samples: row.min_samples,
            path: self.at.path().to_owned(),
        })
    }

    fn measure(&self, row: &api::Objective) -> Option<(Measure, Dimension)> {
        let narrow = row.narrow.clone().unwrap_or_default();
        match (&row.metric, &row.ratio) {
            (Some(text), None) => {
                let narrowed = narrow::narrowed(text, &narrow, self.phase, self.spec, &self.at)?;
                let dimension = metric::dimension(&narrowed, self.spec);
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
            let narrow = narrow::completed(part.narrow.clone().unwrap_or_default(), row);
            narrow::narrowed(&part.metric, &narrow, self.phase, self.spec, &at.item(index))
        };
        let (above, below) = (part(above, 0), part(below, 1));
        let (above, below) = (above?, below?);
        check_keys(&above, &below, &at);
        for (index, part) in [&above, &below].into_iter().enumerate() {
            at.item(index).field("metric").require(
                part.metric != Metric::Capacity,
                "can't be divided: where nothing stops the search, only its least is known",
            );
        }
        let measured = |part: &Narrowed| metric::dimension(part, self.spec);
        let (upper, lower) = (measured(&above), measured(&below));
        let quotient = upper.divided_by(lower);
        at.require(
            quotient.is_some(),
            format!("{} can't be divided by {}: the result has no unit", upper.name(), lower.name()),
        );
        Some((Measure::Ratio(above, below), quotient?))
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
        let judged =
            || self.spec.phases.iter().filter(|phase| phase.judge.unwrap_or(true) && !is_idle(phase));
        let phases = if named > 0 { named } else { judged().count() };
        at.require(self.phase.is_none(), "an expectation is about one phase; leave it out");
        at.require(
            phases > 1 || self.phase.is_some(),
            "combines several phases, and this is about one; leave it out",
        );
    }
}

/// Keys are matched by their names: those of two groups have nothing to do with each other.
fn check_keys(above: &Narrowed, below: &Narrowed, at: &At) {
    if let (Some(one), Some(other)) = (above.each_of(), below.each_of()) {
        at.require(
            one.group == other.group,
            format!("goes key by key, and {} and {} are two groups; name one", one.group, other.group),
        );
    }
}

/// What a row without a title is about: `latency.p95 of login for account acc-2 in spike, 75% to 100%`.
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
    let keys: Vec<String> = narrow.group.iter().map(|(group, key)| format!(" for {group} {key}")).collect();
    let window = narrow.window.map(|api::Window { from, to }| {
        format!(", {} to {}", from.as_deref().unwrap_or("0%"), to.as_deref().unwrap_or("100%"))
    });
    let (steps, phases) = (of("of", &narrow.steps), of("in", &narrow.phases));
    format!("{measure}{steps}{}{phases}{}", keys.concat(), window.unwrap_or_default())
}
