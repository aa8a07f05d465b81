//! `spec.scoring`: the scale, with its defaults.

use crate::api::{self, LoadTestSpec};
use crate::plan::fault::At;
use crate::plan::limit::Limit;
use crate::plan::metric::Metric;
use crate::plan::objective::Scoring;

use super::{check, metric};

const PASS: u32 = 90;
const WARNING: u32 = 70;
const GRADES: [(&str, u32); 4] = [("Excellent", 95), ("Good", 85), ("Acceptable", 70), ("Needs Work", 0)];

/// The scale of the test.
pub(super) fn scoring(spec: &LoadTestSpec, at: &At) -> Option<Scoring> {
    let scoring = spec.scoring.clone().unwrap_or_default();
    let pass = scoring.pass.unwrap_or(PASS);
    let warning = scoring.warning.unwrap_or_else(|| WARNING.min(pass));
    at.field("pass").require(pass <= 100, "must be at most 100");
    at.field("warning").require(warning <= pass, format!("must be at most the score that passes ({pass})"));
    let grades = grades(&scoring.grades, &at.field("grades"));
    let phase_grades = match &scoring.phase_grades {
        Some(grades) => Some(phase_grades(grades, spec, &at.field("phaseGrades"))?),
        None => None,
    };
    Some(Scoring { pass, warning, grades, phase_grades })
}

fn grades(grades: &[api::Grade], at: &At) -> Vec<(String, u32)> {
    if grades.is_empty() {
        return GRADES.map(|(name, from)| (name.to_owned(), from)).to_vec();
    }
    for (index, grade) in grades.iter().enumerate() {
        let at = at.item(index).field("from");
        at.require(grade.from <= 100, "must be at most 100");
        if let Some(above) = index.checked_sub(1).and_then(|above| grades.get(above)) {
            let message =
                format!("must be below that of `{}` ({}); list the best grade first", above.name, above.from);
            at.require(grade.from < above.from, message);
        }
    }
    if let Some((index, last)) = grades.iter().enumerate().next_back() {
        at.item(index)
            .field("from")
            .require(last.from == 0, "must be 0: the last grade takes every score below the others");
    }
    grades.iter().map(|grade| (grade.name.clone(), grade.from)).collect()
}

fn phase_grades(
    spec: &api::PhaseGrades,
    test: &LoadTestSpec,
    at: &At,
) -> Option<(Metric, Vec<(String, Limit)>)> {
    let metric = metric::known(&spec.metric, test, &at.field("metric"))?;
    at.field("metric").require(
        metric != Metric::Capacity,
        "is found in phases with steps only, and a grade is given to each phase; name another",
    );
    let dimension = metric::of_metric(&metric, test);
    let at = at.field("grades");
    at.require(!spec.grades.is_empty(), "is empty; name at least one grade");
    let grades: Vec<Option<(String, Limit)>> = (spec.grades.iter().enumerate())
        .map(|(index, grade)| {
            let limit = check::limit(&grade.is, dimension, &at.item(index).field("is"))?;
            Some((grade.name.clone(), limit))
        })
        .collect();
    Some((metric, grades.into_iter().collect::<Option<_>>()?))
}
