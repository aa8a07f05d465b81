//! A shard: a thread with its own runtime that runs its users phase by phase, as it is told.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinSet, LocalSet};

use super::authorization::{Authorizations, Held};
use super::compile::micros;
use super::compiled::CompiledPhase;
use super::floor::{Floor, Means};
use super::full::Pattern;
use super::pacer;
use super::tls::Tls;
use super::user;
use crate::metrics::phase::Seconds;
use crate::metrics::{PhaseEnd, PhaseState};
use crate::plan::executor::{Budget, Drive};
use crate::plan::share::Share;
use crate::plan::{Leg, Plan};

/// What a shard is told.
pub(super) enum Command {
    /// Make ready for a phase; answered when all that can be done ahead is done.
    Prepare { leg: Leg, compiled: Arc<CompiledPhase>, ready: oneshot::Sender<()> },
    /// Begin the prepared phase at a point in time; answered when it has ended.
    Begin { start: Instant, ended: oneshot::Sender<PhaseEnd> },
    /// Give all that was measured in the current phase, and its seconds from one on.
    Collect { first_second: u32, answer: oneshot::Sender<(PhaseState, Seconds)> },
    /// End the current phase at once.
    Abort,
}

/// What stays the same for a shard.
pub(super) struct Post {
    pub(super) plan: Arc<Plan>,
    /// The worker's share.
    pub(super) share: Share,
    /// Which of its shards this is, and of how many.
    pub(super) shard: u32,
    pub(super) shards: NonZeroU32,
    pub(super) addresses: Arc<[SocketAddr]>,
    pub(super) tls: Option<Tls>,
    pub(super) full: Option<Arc<Pattern>>,
    pub(super) authorization: Option<Authorizations>,
}

impl Post {
    /// This shard's part of the load. An arrival is only dealt to a worker, and there to a shard, that has a user to
    /// serve it, so that with few users some have nothing to do: none.
    fn part(&self, leg: Leg) -> Option<Share> {
        let users = self.plan.load(leg).executor.users().max(1);
        let share = self.share.among(users)?;
        share.nested(self.shard, self.shards.get().min(share.count_u32(users)))
    }

    /// What it sends by, on its own thread.
    fn means(&self) -> Means {
        Means {
            addresses: Arc::clone(&self.addresses),
            tls: self.tls.clone(),
            full: self.full.clone(),
            authorization: Held::of(self.authorization.as_ref()),
        }
    }
}

/// What a shard runs on. It takes descriptors, which users who connect could have taken before, so all shards have theirs
/// before any of them begins.
///
/// # Errors
/// When it can't be made.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Runs a shard on this thread until nobody commands it any more.
pub(super) fn run(post: &Post, runtime: &Runtime, mut commands: mpsc::UnboundedReceiver<Command>) {
    let local = LocalSet::new();
    local.block_on(runtime, async {
        let (mut stage, means) = (None, post.means());
        while let Some(command) = commands.recv().await {
            obey(post, &means, &mut stage, command);
        }
        abort(stage.as_ref());
    });
}

/// The current phase: its floor, and what ends it early.
struct Stage {
    floor: Rc<Floor>,
    closed_users: Option<JoinSet<()>>,
    abort: Rc<Notify>,
}

fn obey(post: &Post, means: &Means, stage: &mut Option<Stage>, command: Command) {
    match command {
        Command::Prepare { leg, compiled, ready } => {
            let prepared = prepare(post, means, leg, compiled);
            tokio::task::spawn_local(settle(Rc::clone(&prepared.floor), ready));
            *stage = Some(prepared);
        }
        Command::Begin { start, ended } => {
            let Some(stage) = stage else { return };
            stage.floor.begin(start);
            let users = stage.closed_users.take().unwrap_or_default();
            tokio::task::spawn_local(conclude(
                Rc::clone(&stage.floor),
                users,
                Rc::clone(&stage.abort),
                ended,
            ));
        }
        Command::Collect { first_second, answer } => {
            let Some(stage) = stage else { return };
            let now = stage.floor.now();
            // Whoever asked may have gone; then nobody needs the answer.
            let _ = answer.send(stage.floor.recorder.borrow_mut().so_far(now, first_second));
        }
        Command::Abort => abort(stage.as_ref()),
    }
}

fn abort(stage: Option<&Stage>) {
    if let Some(stage) = stage {
        stage.floor.stop.abort();
        stage.abort.notify_one();
    }
}

fn prepare(post: &Post, means: &Means, leg: Leg, compiled: Arc<CompiledPhase>) -> Stage {
    let part = post.part(leg);
    let floor = Floor::new(&post.plan, leg, compiled, part, means.clone());
    let mut users = JoinSet::new();
    let executor = &floor.phase().executor;
    if let Drive::Users(closed) = executor.drive() {
        let count = floor.count(executor.users().into());
        if closed.connects_ahead() {
            floor.expect_connections(count);
        }
        for place in 0..count {
            users.spawn_local(user::closed(Rc::clone(&floor), floor.global(place)));
        }
    }
    Stage { floor, closed_users: Some(users), abort: Rc::new(Notify::new()) }
}

/// Waits until every user that connects ahead has had its try.
async fn settle(floor: Rc<Floor>, ready: oneshot::Sender<()>) {
    floor.settled().await;
    // Whoever asked may have gone with the run.
    let _ = ready.send(());
}

/// Runs the phase to its end: by itself, at its deadline, or aborted.
async fn conclude(floor: Rc<Floor>, users: JoinSet<()>, abort: Rc<Notify>, ended: oneshot::Sender<PhaseEnd>) {
    let start = floor.start().await;
    let deadline = start + floor.phase().deadline;
    let end = tokio::select! {
        // The deadline of an idle phase is its end: what is over in time isn't late.
        biased;
        () = load(&floor, users) => PhaseEnd::Completed,
        () = tokio::time::sleep_until(deadline.into()) => PhaseEnd::Deadline,
        () = abort.notified() => PhaseEnd::Aborted,
    };
    // Users that were cut off put what they had begun into the books when they are dropped, on their next turn.
    while floor.recorder.borrow().users() > 0 {
        tokio::task::yield_now().await;
    }
    // Whoever asked may have gone with the run.
    let _ = ended.send(end);
}

async fn load(floor: &Rc<Floor>, users: JoinSet<()>) {
    let executor = &floor.phase().executor;
    match executor.drive() {
        Drive::Levels(..) => unreachable!("each level is a load of its own"),
        Drive::Pause(length) => user::wait(floor, micros(length)).await,
        Drive::Arrivals(arrivals) => pacer::open(Rc::clone(floor), arrivals).await,
        Drive::Users(closed) => {
            match closed.budget() {
                Budget::Time => {}
                Budget::PerUser(each) => floor.recorder.borrow_mut().scheduled(users.len() as u64 * each),
                Budget::Shared(total) => floor.recorder.borrow_mut().scheduled(floor.count_shared(total)),
            }
            user::all_through(users).await;
        }
    }
    if let Some(length) = executor.planned_length().filter(|_| executor.lasts_to_its_end()) {
        user::wait(floor, micros(length)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Document, Options};

    fn plan(max_users: u32) -> Arc<Plan> {
        let text = format!(
            r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {{name: open}}
spec:
  target: {{baseUrl: "http://127.0.0.1:1"}}
  scenarios: [{{name: visit, steps: [{{name: get, request: {{path: /}}}}]}}]
  phases: [{{name: steady, load: {{constantRate: {{rate: 40/s, total: 40, maxUsers: {max_users}}}}}}}]
"#
        );
        let checked = Document::parse(&text).and_then(|document| document.check(&Options::default()));
        Arc::new(checked.expect("it is sound").plan)
    }

    /// There are thousands of them, and each holds room for all that it may come to do.
    #[test]
    fn a_user_needs_little_room() {
        let plan = plan(1);
        let (secrets, data) = (crate::plan::secrets::Secrets::default(), crate::plan::Data::default());
        let compiled = CompiledPhase::new(&plan, &plan.phases[0], &secrets, &data, "").expect("it is sound");
        let leg = Leg { phase: 0, level: None };
        let means = Means { addresses: Arc::new([]), tls: None, full: None, authorization: Held::default() };
        let floor = Floor::new(&plan, leg, Arc::new(compiled), Some(Share::WHOLE), means);
        let room = size_of_val(&user::closed(floor, 0));
        // With what the runtime adds, tasks come in steps of 128 bytes: this is the last that fits into 1,408.
        assert!(room <= 1_280, "{room} bytes");
    }

    /// The arrivals and users of every shard of every worker.
    fn dealt(max_users: u32, workers: u32, each: u32) -> Vec<(u64, u64)> {
        let plan = plan(max_users);
        let all = (0..workers).filter_map(|worker| Share::new(worker, workers));
        let all = all.flat_map(|share| (0..each).map(move |shard| (share, shard)));
        let part = |(share, shard)| {
            let shards = NonZeroU32::new(each).expect("there is one");
            let post = Post {
                plan: Arc::clone(&plan),
                share,
                shard,
                shards,
                addresses: Arc::new([]),
                tls: None,
                full: None,
                authorization: None,
            };
            post.part(Leg { phase: 0, level: None })
                .map_or((0, 0), |part| (part.count(40), part.count(max_users.into())))
        };
        all.map(part).collect()
    }

    #[test]
    fn every_arrival_is_dealt_to_a_shard_that_has_a_user_for_it() {
        for (max_users, workers, shards) in
            [(1, 1, 1), (1, 1, 2), (1, 2, 1), (1, 3, 4), (2, 3, 2), (3, 7, 1), (5, 2, 4), (40, 3, 2)]
        {
            let dealt = dealt(max_users, workers, shards);
            let about = format!("{max_users} users, {workers} workers of {shards} shards: {dealt:?}");
            let (arrivals, users) = dealt.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            assert_eq!((arrivals, users), (40, u64::from(max_users)), "{about}");
            assert!(dealt.iter().all(|(arrivals, users)| *arrivals == 0 || *users > 0), "{about}");
        }
    }
}
