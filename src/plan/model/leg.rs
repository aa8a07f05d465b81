//! What begins at a moment of its own: a phase, or a level of one that searches.

use super::{Phase, PhaseIndex, Plan};

/// A leg's place among all of them, in the order in which they are run, from 0.
pub type LegIndex = usize;

/// A phase, or a level of one that searches: what all workers begin together, and report to be through with. Where no phase
/// searches, legs are phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The phase.
    pub phase: PhaseIndex,
    /// The level; none: it is the whole phase.
    pub level: Option<usize>,
}

/// The levels of a phase have numbers of their own beside those of all phases.
const LEVELS_FROM: usize = 16;

impl Leg {
    /// What its draws are made from, so that each level has its own. That of the first level is the phase's.
    #[must_use]
    pub fn number(&self) -> PhaseIndex {
        self.phase | self.level.unwrap_or(0) << LEVELS_FROM
    }
}

impl Plan {
    /// All of them, also of phases that are left out.
    pub fn legs(&self) -> impl Iterator<Item = Leg> {
        self.phases.iter().enumerate().flat_map(|(phase, planned)| {
            let whole = planned.levels.is_empty().then_some(Leg { phase, level: None });
            let levels = (0..planned.levels.len()).map(move |level| Leg { phase, level: Some(level) });
            whole.into_iter().chain(levels)
        })
    }

    /// Those that are run, as long as no search ends.
    pub fn legs_to_run(&self) -> impl Iterator<Item = LegIndex> {
        self.legs().enumerate().filter(|(_, leg)| !self.left_out.contains(&leg.phase)).map(|(index, _)| index)
    }

    /// Leg number `index`.
    ///
    /// # Panics
    /// When there is none: whoever names a leg has it from this plan.
    #[must_use]
    pub fn leg(&self, index: LegIndex) -> Leg {
        let Some(leg) = self.legs().nth(index) else { unreachable!("there is no leg {index}") };
        leg
    }

    /// The load of a leg: its phase, or one that is as long as the level.
    #[must_use]
    pub fn load(&self, leg: Leg) -> &Phase {
        let phase = &self.phases[leg.phase];
        leg.level.map_or(phase, |level| &phase.levels[level])
    }
}
