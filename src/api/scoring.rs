//! `spec.scoring` and `spec.gate`: how rows become a score, a grade and a verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{rules, schema};

/// The scale.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules::scoring()))]
pub struct Scoring {
    /// The score from which a test passes. Default: 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub pass: Option<u32>,
    /// The score from which it is at least a warning; below it the test fails. Default: 70.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub warning: Option<u32>,
    /// Names of scores, from high to low. Default: Excellent from 95, Good from 85, Acceptable from 70, Needs Work from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-validations" = rules::grades()))]
    pub grades: Vec<Grade>,
    /// Names of phases by a figure of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_grades: Option<PhaseGrades>,
}

/// A name for scores from a number up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grade {
    /// The name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The least score that earns it, 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    pub from: u32,
}

/// Grades each phase by a metric: the first whose condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseGrades {
    /// The figure that is graded.
    #[schemars(length(min = 1, max = 128))]
    pub metric: String,
    /// The grades, best first.
    #[schemars(length(min = 1, max = 16))]
    pub grades: Vec<PhaseGrade>,
}

/// A name for a phase whose figure satisfies a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseGrade {
    /// The name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The condition: `< 3s`.
    #[schemars(schema_with = "schema::limit")]
    pub is: String,
}

/// What closes the gate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// The mildest verdict that stops a deploy; an inconclusive run always does. Default: Fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<FailOn>,
}

/// The mildest verdict that stops a deploy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FailOn {
    /// Only a failed test does.
    #[default]
    Fail,
    /// A warning does as well.
    Warning,
}
