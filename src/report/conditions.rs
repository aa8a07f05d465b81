//! The conditions of a `LoadTest`, by which gates decide.
//!
//! ```text
//!                          Complete  Passed   Ready  Reconciling  Stalled
//! under way                False     Unknown  False  True         –
//! the gate is open         True      True     True   –            –
//! the gate is closed       True      False    False  –            True
//! ```
//! Beside them stands `ResultsStored=False` where a result couldn't be kept: the verdict holds, and gates go by it.
//!
//! `Ready=False` alone would read as "still at it" to kstatus, so a closed gate sets `Stalled` too.
//!
//! Why it is so is told where tools look for it: in `Ready`, `Reconciling` and `Stalled`. Who reads all of them, as
//! `kubectl describe` shows them, isn't told it four times.

use jiff::Timestamp;

use crate::api::{Condition, Time, Verdict};

/// What all conditions of one status share.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The generation of the spec that they speak of.
    pub generation: Option<i64>,
    /// When they came to be so.
    pub since: Timestamp,
    /// Why, in one `CamelCase` word.
    pub reason: &'a str,
    /// Why, in one line.
    pub message: &'a str,
}

impl Told<'_> {
    fn condition(&self, type_: &str, status: &str) -> Condition {
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: self.reason.to_owned(),
            message: in_itself(type_, status).unwrap_or(self.message).to_owned(),
            observed_generation: self.generation,
            last_transition_time: Time(self.since),
        }
    }

    fn all(&self, states: &[(&str, &str)]) -> Vec<Condition> {
        states.iter().map(|(type_, status)| self.condition(type_, status)).collect()
    }
}

/// What a condition says without its reason.
fn in_itself(type_: &str, status: &str) -> Option<&'static str> {
    Some(match (type_, status) {
        ("Complete", "True") => "nothing more is to come",
        ("Complete", _) => "the run isn't over",
        ("Passed", "True") => "the gate is open",
        ("Passed", "False") => "the gate is closed",
        ("Passed", _) => "there is no verdict yet",
        _ => return None,
    })
}

/// The conditions of a run under way.
#[must_use]
pub fn under_way(told: &Told<'_>) -> Vec<Condition> {
    told.all(&[("Complete", "False"), ("Passed", "Unknown"), ("Ready", "False"), ("Reconciling", "True")])
}

/// The conditions of a run that has ended.
#[must_use]
pub fn ended(gate_closed: bool, told: &Told<'_>) -> Vec<Condition> {
    if gate_closed {
        told.all(&[("Complete", "True"), ("Passed", "False"), ("Ready", "False"), ("Stalled", "True")])
    } else {
        told.all(&[("Complete", "True"), ("Passed", "True"), ("Ready", "True")])
    }
}

/// The condition of a run whose result couldn't be stored; where it could, there is none.
#[must_use]
pub fn not_stored(told: &Told<'_>) -> Condition {
    told.condition(RESULTS_STORED, "False")
}

/// The condition that says whether a result was stored.
pub const RESULTS_STORED: &str = "ResultsStored";

/// The reason of a run that has ended.
#[must_use]
pub fn reason(verdict: Verdict, gate_closed: bool, aborted: bool) -> &'static str {
    match verdict {
        _ if aborted => "Aborted",
        Verdict::Pass => "Passed",
        Verdict::Warning if gate_closed => "WarningsNotAllowed",
        Verdict::Warning => "PassedWithWarnings",
        Verdict::Fail => "RequirementsMissed",
        Verdict::Inconclusive => "Inconclusive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(conditions: &[Condition]) -> Vec<(&str, &str)> {
        conditions.iter().map(|c| (c.type_.as_str(), c.status.as_str())).collect()
    }

    #[test]
    fn a_gate_opens_only_when_the_run_has_ended_and_passed() {
        let told = Told { generation: Some(3), since: Timestamp::UNIX_EPOCH, reason: "Passed", message: "" };
        assert_eq!(
            states(&ended(false, &told)),
            [("Complete", "True"), ("Passed", "True"), ("Ready", "True")]
        );
        for closed in [ended(true, &told), under_way(&told)] {
            assert!(states(&closed).contains(&("Ready", "False")), "{closed:?}");
            assert!(!states(&closed).contains(&("Passed", "True")), "{closed:?}");
        }
    }

    #[test]
    fn why_it_is_so_is_told_where_tools_look_for_it() {
        let told = Told { generation: None, since: Timestamp::UNIX_EPOCH, reason: "Test", message: "why" };
        for conditions in [ended(true, &told), ended(false, &told), under_way(&told)] {
            let telling = conditions.iter().filter(|condition| condition.message == "why");
            let telling: Vec<&str> = telling.map(|condition| condition.type_.as_str()).collect();
            let tools: Vec<&str> = conditions[2..].iter().map(|condition| condition.type_.as_str()).collect();
            assert_eq!(telling, tools);
        }
    }

    #[test]
    fn a_closed_gate_is_stalled_so_that_nobody_waits_for_ever() {
        let told = Told { generation: None, since: Timestamp::UNIX_EPOCH, reason: "Aborted", message: "" };
        assert!(states(&ended(true, &told)).contains(&("Stalled", "True")));
    }
}
