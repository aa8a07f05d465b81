//! Goes on to the next phase without a word, where the plan says when: see [`crate::plan::onward`].
//!
//! Only one that hasn't said that it is ready does so: with that word, the coordinator may have let the phase begin.

use tokio::time::{Duration, Instant, sleep_until};
use tracing::warn;

use super::generator::Generator;
use super::link::Link;
use crate::engine::EngineError;
use crate::plan::onward::LATE;
use crate::plan::{LegIndex, Onward, Plan};

/// So long before a phase begins the generator is told.
const LEAD: Duration = Duration::from_millis(20);

/// When a worker that is cut off goes on by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    ready_from: Instant,
    begins: Instant,
}

impl Alone {
    /// When `next` begins if no answer comes before; none where it must not begin by itself. Whoever has heard
    /// something until shortly before may still be taken for one who waits, and the others wait for it.
    pub(super) fn after(link: &Link, plan: &Plan, next: LegIndex) -> Option<Self> {
        let ((_, first), (ended, start)) = link.course()?;
        let Onward { ready_from, begins } = plan.onward(ended, next)?;
        let (ready_from, begins) = ((start + ready_from).max(link.cut_off()), start + begins);
        // From its deadline on the run is over, also for those who can't be told.
        let is_in_time = link.cut_off() + LATE <= begins && begins < first + plan.deadlines.run;
        is_in_time.then_some(Alone { ready_from, begins })
    }

    /// Until when it may begin.
    pub(super) fn until(&self) -> Instant {
        self.begins + LATE
    }

    /// Makes ready for `phase` and waits for its start; for ever where it came too late. Can be dropped.
    pub(super) async fn start(
        self,
        generator: &mut impl Generator,
        phase: LegIndex,
    ) -> Result<Instant, EngineError> {
        sleep_until(self.ready_from).await;
        generator.prepare(phase)?;
        generator.prepared().await?;
        sleep_until(self.begins - LEAD).await;
        let now = Instant::now();
        if self.until() < now {
            std::future::pending::<()>().await;
        }
        warn!(phase, "goes on by itself, for want of a coordinator");
        Ok(self.begins.max(now))
    }
}
