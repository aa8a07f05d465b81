//! Where the figure that decided was measured: in which phase, for which key.

use super::Candidate;
use crate::plan::{Over, Plan, Requirement};
use crate::verdict::Tier;

/// Where the figure that decided was measured; empty where there is only one.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Where each phase is judged.
    phase: Option<String>,
    /// The group and the key, where each key is judged.
    key: Option<(String, String)>,
}

impl Place {
    pub(super) fn of(plan: &Plan, requirement: &Requirement, candidate: &Candidate) -> Self {
        let is_of_phase = requirement.over == Over::Each;
        let phase = candidate.phases.first().filter(|_| is_of_phase);
        let group = requirement.measure.each_of().map(|of| of.group.clone());
        Place {
            phase: phase.map(|phase| plan.phases[*phase].name.clone()),
            key: group.zip(candidate.key.clone()),
        }
    }

    /// ` in high for account acc-2`, behind a metric.
    pub(super) fn behind_metric(&self) -> String {
        format!("{}{}", self.in_phase(), self.for_key())
    }

    /// ` in high`.
    pub(super) fn in_phase(&self) -> String {
        self.phase.as_ref().map(|phase| format!(" in {phase}")).unwrap_or_default()
    }

    fn for_key(&self) -> String {
        self.key.as_ref().map(|(group, key)| format!(" for {group} {key}")).unwrap_or_default()
    }

    /// `worst in phase high for account acc-2`; a row without limits knows no worst.
    pub(super) fn told(&self, tier: Tier) -> Option<String> {
        let word = if tier == Tier::Shown { "greatest" } else { "worst" };
        let phase = self.phase.as_ref().map(|phase| format!(" in phase {phase}")).unwrap_or_default();
        (self.phase.is_some() || self.key.is_some()).then(|| format!("{word}{phase}{}", self.for_key()))
    }
}
