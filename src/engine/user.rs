//! The users of closed loops: each begins its next iteration when the last has ended and its pace allows.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::compile::micros;
use super::floor::Floor;
use super::iteration::{LONG_WAIT, Turn, User};
use crate::plan::draw::Draws;
use crate::plan::executor::{Budget, Drive, Stint};

/// Runs `number` (over all workers) through the phase.
pub(super) async fn closed(floor: Rc<Floor>, number: u64) {
    let mut user = User::new(&floor, number);
    let Drive::Users(users) = floor.phase().executor.drive() else { return };
    if users.connects_ahead() {
        user.connect().await;
        floor.one_connected();
    }
    floor.start().await;
    let mut course = Course {
        floor: &floor,
        number,
        budget: users.budget(),
        done: 0,
        is_out: false,
        next: None,
        due: None,
    };
    for stint in 0.. {
        let Some(next) = course.peek() else { return };
        let pace = Duration::from_micros(next.pace.unwrap_or(0));
        let Some(stint) = users.stint(number, stint, pace) else { return };
        course.comes(micros(stint.begins));
        iterate(&floor, &mut user, &mut course, &stint).await;
        if floor.stop.aborted() {
            return;
        }
        // Who isn't there has no connection, and comes as somebody new.
        user.hang_up();
    }
}

/// Runs iterations as long as the stint lasts, and leaves.
async fn iterate(floor: &Floor, user: &mut User, course: &mut Course<'_>, stint: &Stint) {
    let mut present = None;
    iterations(floor, user, course, stint, &mut present).await;
    Box::pin(user.tear_down()).await;
}

#[allow(
    clippy::manual_async_fn,
    reason = "an `async fn` would hold each argument twice, in thousands of users"
)]
fn iterations<'f>(
    floor: &'f Floor,
    user: &mut User,
    course: &mut Course<'_>,
    stint: &Stint,
    present: &mut Option<Present<'f>>,
) -> impl Future<Output = ()> {
    async move {
        let until = stint.until.map(micros);
        while course.peek().is_some() {
            let begins = if present.is_none() { Some(micros(stint.begins)) } else { None };
            if let Some(due) = course.due.or(begins) {
                // A user whose next iteration lies behind the end stays until the end: it is there, with its connection.
                // One whose first iteration lies there never was.
                let due = until.map_or(due, |until| until.min(due));
                if due >= floor.now() + micros(LONG_WAIT) {
                    user.put_away();
                }
                wait(floor, due).await;
            }
            let now = floor.now();
            if !floor.stop.allows(now, until) {
                return;
            }
            present.get_or_insert_with(|| Present::new(floor));
            let Some((mut turn, pace)) = course.take() else { return };
            let began = turn.due.unwrap_or(now);
            user.run(&mut turn).await;
            course.due = pace.map(|pace| (began + pace).max(floor.now()));
            if pace.is_none() {
                // Users that are answered at once must not keep the others of their shard from their turn.
                tokio::task::consume_budget().await;
            }
        }
    }
}

/// The iterations of a user, one after the other.
struct Course<'a> {
    floor: &'a Floor,
    number: u64,
    budget: Budget,
    done: u64,
    /// Whether nothing is left of what its iterations need.
    is_out: bool,
    next: Option<Next>,
    /// When it is to begin; none: as soon as its user is ready.
    due: Option<u64>,
}

/// The next of them: what it is, and its pace in microseconds.
struct Next {
    index: u64,
    scenario: usize,
    draws: Draws,
    pace: Option<u64>,
}

impl Course<'_> {
    /// The next iteration; none: there is none left.
    fn peek(&mut self) -> Option<&Next> {
        while self.next.is_none() && !self.is_out {
            let next = self.draw()?;
            if self.floor.has_rows(next.scenario, next.index) {
                self.next = Some(next);
            } else {
                self.pass_over();
            }
        }
        self.next.as_ref()
    }

    /// The next one finds no row left, and neither does a later one: who goes on by time stops. Where iterations are
    /// numbered, each is told of.
    fn pass_over(&mut self) {
        match self.budget {
            Budget::Time => {
                self.is_out = true;
                self.floor.recorder.borrow_mut().scheduled(1);
            }
            Budget::PerUser(_) | Budget::Shared(_) => self.done += 1,
        }
    }

    fn draw(&self) -> Option<Next> {
        let Course { floor, number, done, .. } = *self;
        let (seed, phase) = (floor.seed(), floor.phase_index());
        let own = || {
            (
                done * u64::from(floor.phase().executor.users()) + number,
                Draws::closed(seed, phase, number, done),
            )
        };
        let (index, mut draws) = match self.budget {
            Budget::Time => own(),
            Budget::PerUser(most) if done < most => own(),
            Budget::PerUser(_) => return None,
            Budget::Shared(total) => {
                let index = floor.next_shared(total)?;
                (index, Draws::open(seed, phase, index))
            }
        };
        let scenario = draws.weighted(&floor.compiled.weights);
        Some(Next { index, scenario, draws, pace: floor.compiled.scenarios[scenario].pace_micros })
    }

    /// Its user is there from `begins` on. What went before it may have lasted longer, and has a pace to be kept.
    fn comes(&mut self, begins: u64) {
        let is_paced = self.next.as_ref().is_some_and(|next| next.pace.is_some());
        self.due = match self.due {
            Some(due) => Some(due.max(begins).max(self.floor.now())),
            None => is_paced.then(|| if self.done == 0 { begins } else { begins.max(self.floor.now()) }),
        };
    }

    /// Begins it; its pace with it.
    fn take(&mut self) -> Option<(Turn, Option<u64>)> {
        let Next { index, scenario, draws, pace } = self.next.take()?;
        let iteration = self.done;
        self.done += 1;
        if self.budget == Budget::Time {
            self.floor.recorder.borrow_mut().scheduled(1);
        }
        Some((
            Turn { iteration, index, round: 0, scenario, draws, due: self.due, counts_from_due: false },
            pace,
        ))
    }
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
