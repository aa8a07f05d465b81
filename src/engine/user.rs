//! The users of closed loops: each begins its next iteration when the last has ended and its pace allows.

use std::rc::Rc;

use tokio::task::JoinSet;

use super::compile::micros;
use super::floor::Floor;
use super::iteration::{Turn, User};
use crate::plan::Executor;
use crate::plan::draw::Draws;

/// Runs `number` (over all workers) through the phase.
pub(super) async fn closed(floor: Rc<Floor>, number: u64) {
    let mut user = User::new(&floor, number);
    let executor = &floor.phase().executor;
    if executor.connects_ahead() {
        user.connect().await;
        floor.one_connected();
    }
    floor.start().await;
    wait(&floor, micros(executor.user_start(number))).await;
    iterate(&floor, &mut user, number).await;
}

async fn iterate(floor: &Floor, user: &mut User, number: u64) {
    let executor = &floor.phase().executor;
    let mut due = None;
    let mut present = None;
    for iteration in 0..iterations(executor) {
        let mut draws = Draws::closed(floor.seed(), floor.phase_index(), number, iteration);
        let scenario = draws.weighted(&floor.compiled.weights);
        let pace = floor.compiled.scenarios[scenario].pace_micros;
        if iteration == 0 {
            let first = executor.first_iteration(number, pace.map(std::time::Duration::from_micros));
            due = pace.map(|_| micros(first));
        }
        if let Some(due) = due {
            // A user whose next iteration lies behind the end stays until the end: it is there, with its connection.
            // One whose first iteration lies there never was.
            wait(floor, floor.stop.at_most(due)).await;
        }
        let now = floor.now();
        if !floor.stop.allows(now) {
            return;
        }
        present.get_or_insert_with(|| Present::new(floor));
        if !knows_its_total(executor) {
            floor.recorder.borrow_mut().scheduled(1);
        }
        let index = iteration * u64::from(executor.users()) + number;
        user.run(Turn { iteration, index, scenario, draws, due, counts_from_due: false }).await;
        due = pace.map(|pace| (due.unwrap_or(now) + pace).max(floor.now()));
        if due.is_none() {
            // Users that are answered at once must not keep the others of their shard from their turn.
            tokio::task::consume_budget().await;
        }
    }
}

fn iterations(executor: &Executor) -> u64 {
    match executor {
        Executor::Iterations { per_user, .. } => *per_user,
        Executor::Burst { .. } => 1,
        Executor::ConstantUsers { .. } | Executor::ConstantRate { .. } | Executor::Idle { .. } => u64::MAX,
    }
}

/// Whether its iterations were counted as scheduled when the phase began.
pub(super) fn knows_its_total(executor: &Executor) -> bool {
    matches!(executor, Executor::Iterations { .. } | Executor::Burst { .. })
}

/// Waits until `offset` microseconds after the phase's beginning.
pub(super) async fn wait(floor: &Floor, offset: u64) {
    if floor.now() < offset || offset == 0 {
        tokio::time::sleep_until(floor.at(offset).into()).await;
    }
}

/// Waits until all users are through. What made one of them panic goes on here: a load that a fault made smaller must
/// not pass for the one that was planned.
pub(super) async fn all_through(mut users: JoinSet<()>) {
    while let Some(ended) = users.join_next().await {
        if let Err(error) = ended
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// A user under way, counted until it is dropped.
pub(super) struct Present<'a>(&'a Floor);

impl<'a> Present<'a> {
    pub(super) fn new(floor: &'a Floor) -> Self {
        floor.recorder.borrow_mut().user_started(floor.now());
        Present(floor)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.recorder.borrow_mut().user_ended(self.0.now());
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;

    use super::*;

    #[tokio::test]
    async fn a_user_that_panics_is_not_counted_as_one_that_is_through() {
        let told = LocalSet::new()
            .run_until(async {
                let mut users = JoinSet::new();
                users.spawn_local(async {});
                users.spawn_local(async { panic!("a fault of ours") });
                tokio::task::spawn_local(all_through(users)).await
            })
            .await;
        assert!(told.is_err_and(|error| error.is_panic()));
    }
}
