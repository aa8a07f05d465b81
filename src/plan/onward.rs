//! How a run goes on to its next phase when nobody can say so: at a moment that all know from the plan alone.
//!
//! ```text
//! start             planned end     deadline  +LATE                          begins
//! ├── ended ────────────────┤ · · · · ─┤ · · · ·├── next
//!                            graceful stop  ready├ connections ahead ┤·LATE·├── next, where it is a burst
//! ```

use std::time::Duration;

use super::model::{LegIndex, Plan};

/// Workers that begin a phase together do so within this time. Whoever begins it later runs its share beside the
/// others, not with them.
pub const LATE: Duration = Duration::from_secs(1);
/// So long before a phase begins by itself it is made ready, where that sends nothing.
const AHEAD: Duration = Duration::from_secs(3);

/// When the phase after one of a known length begins by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Onward {
    /// From when on it may be made ready.
    pub ready_from: Duration,
    /// When it begins.
    pub begins: Duration,
}

impl Onward {
    /// The same, where it was counted from `start` before.
    #[must_use]
    pub fn after(self, start: Duration) -> Self {
        Onward { ready_from: start + self.ready_from, begins: start + self.begins }
    }
}

impl Plan {
    /// When `next` begins by itself, from the start of `ended`; none where the length of that depends on the target, and among the
    /// levels of a search, in which nobody goes on by itself.
    #[must_use]
    pub fn onward(&self, ended: LegIndex, next: LegIndex) -> Option<Onward> {
        let (ended, next) = (self.load(self.leg(ended)), self.load(self.leg(next)));
        if ended.level.is_some() {
            return None;
        }
        ended.executor.planned_length()?;
        // At its deadline what is open is cut, for those too who began it late.
        let over = ended.deadline + LATE;
        Some(if next.executor.connects_ahead() {
            Onward { ready_from: over, begins: over + self.target.connect_timeout + LATE }
        } else {
            Onward { ready_from: over.saturating_sub(AHEAD), begins: over }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::{Document, Options};

    use super::*;

    fn plan(phases: &str) -> Plan {
        let text = format!(
            r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: two}}
spec:
  target: {{baseUrl: "http://127.0.0.1:1", connectTimeout: 4s}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  phases: [{phases}]
"#
        );
        let checked = Document::parse(&text).and_then(|document| document.check(&Options::default()));
        checked.expect("it is sound").plan
    }

    const USERS: &str = "name: one, load: {constantUsers: {users: 1, duration: 20s}}";
    const NEXT: &str = "name: two, load: {constantRate: {rate: 1/s, duration: 1s, maxUsers: 1}}";

    /// So many levels, between which nobody goes on without being told.
    fn search(levels: u32) -> String {
        let when = "stopWhen: [{metric: error_rate, is: '> 1%'}]";
        format!("name: one, load: {{steps: {{users: {{from: 1, step: 1, to: {levels}}}, hold: 9s, {when}}}}}")
    }

    #[test]
    fn a_phase_begins_by_itself_when_nobody_can_be_in_the_one_before() {
        let burst = "name: two, load: {burst: {iterations: 1}}";
        for (ended, next, want) in [
            (USERS, NEXT, Some((48, 51))),
            (NEXT.replace("two", "one").as_str(), NEXT, Some((29, 32))),
            (&format!("{USERS}, maxDuration: 22s"), NEXT, Some((20, 23))),
            ("name: one, load: {idle: {duration: 9s}}", NEXT, Some((7, 10))),
            ("name: one, load: {idle: {duration: 1s}}", NEXT, Some((0, 2))),
            (USERS, burst, Some((51, 56))),
            ("name: one, load: {burst: {iterations: 1}}", NEXT, None),
            ("name: one, load: {iterations: {users: 1, perUser: 1}}", NEXT, None),
            (&search(1), NEXT, None),
            (&search(2), NEXT, None),
        ] {
            let onward = plan(&format!("{{{ended}}}, {{{next}}}")).onward(0, 1);
            let told = onward.map(|onward| (onward.ready_from.as_secs(), onward.begins.as_secs()));
            assert_eq!(told, want, "{next} after {ended}");
        }
    }
}
