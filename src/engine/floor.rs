//! What the users of one shard share during one phase: plan, clock, recorder, buffers. One thread, no locks.

use std::cell::{Cell, Ref, RefCell};
use std::fmt::Display;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::authorization::Held;
use super::compile::micros;
use super::compiled::CompiledPhase;
use super::full::{Heads, Pattern};
use super::slices::filters;
use super::stop::Stop;
use super::stream::Opening;
use super::tls::Tls;
use crate::metrics::{DropReason, Layout, Part, Recorder};
use crate::plan::executor::{Arrival, Arrivals, Chance};
use crate::plan::share::Share;
use crate::plan::{Leg, Phase, PhaseIndex, Plan, StepIndex};

/// The bytes that one read takes at most.
const SCRATCH: usize = 64 * 1024;

/// What the users of one shard share during one phase.
pub(super) struct Floor {
    plan: Arc<Plan>,
    leg: Leg,
    pub(super) compiled: Arc<CompiledPhase>,
    /// None: this shard has no part in the phase.
    share: Option<Share>,
    addresses: Arc<[SocketAddr]>,
    pub(super) recorder: RefCell<Recorder>,
    /// What a socket is read into: one for all, since nobody keeps it over an await.
    pub(super) scratch: RefCell<Box<[u8]>>,
    /// What a request is filled into, and its body before.
    pub(super) out: RefCell<(Vec<u8>, Vec<u8>)>,
    pub(super) stop: Stop,
    ramp_end: u64,
    start: Cell<Option<Instant>>,
    started: Notify,
    pool_closed: Cell<bool>,
    /// How many of the iterations that users share were taken here.
    shared: Cell<u64>,
    /// Users that are still connecting ahead of the phase.
    connecting: Cell<u64>,
    connected_ahead: Notify,
    tls: Option<Tls>,
    full: Option<Arc<Pattern>>,
    pub(super) heads: Heads,
    authorization: Held,
    tls_has_failed: Cell<bool>,
}

/// What a shard sends by.
#[derive(Clone)]
pub(super) struct Means {
    pub(super) addresses: Arc<[SocketAddr]>,
    pub(super) tls: Option<Tls>,
    pub(super) full: Option<Arc<Pattern>>,
    pub(super) authorization: Held,
}

impl Floor {
    pub(super) fn new(
        plan: &Arc<Plan>,
        leg: Leg,
        compiled: Arc<CompiledPhase>,
        share: Option<Share>,
        means: Means,
    ) -> Rc<Self> {
        let Means { addresses, tls, full, authorization } = means;
        let phase = plan.load(leg);
        let layout = Layout {
            groups: plan.classify.groups.len(),
            values: plan.classify.values.len(),
            open_loop: phase.executor.is_open_loop(),
        };
        Rc::new(Floor {
            plan: Arc::clone(plan),
            leg,
            compiled,
            share,
            addresses,
            recorder: RefCell::new(Recorder::new(layout).sliced(filters(phase))),
            scratch: RefCell::new(vec![0; SCRATCH].into_boxed_slice()),
            out: RefCell::default(),
            stop: Stop::default(),
            ramp_end: micros(phase.executor.ramp_end()),
            start: Cell::new(None),
            started: Notify::new(),
            pool_closed: Cell::new(false),
            shared: Cell::new(0),
            connecting: Cell::new(0),
            connected_ahead: Notify::new(),
            tls,
            full,
            heads: Heads::default(),
            authorization,
            tls_has_failed: Cell::new(false),
        })
    }

    /// How many of `total` users or arrivals fall to this shard.
    pub(super) fn count(&self, total: u64) -> u64 {
        self.share.map_or(0, |share| share.count(total))
    }

    /// The number, over all workers, of the user or arrival that is number `local` here.
    pub(super) fn global(&self, local: u64) -> u64 {
        self.share.map_or(local, |share| share.global(local))
    }

    /// The arrivals that fall to this shard, in their order.
    pub(super) fn arrivals<'a>(&self, arrivals: &'a dyn Arrivals) -> impl Iterator<Item = Arrival> + use<'a> {
        let chance = Chance { seed: self.seed(), phase: self.phase_index() };
        self.share.into_iter().flat_map(move |share| arrivals.walk(share, chance))
    }

    /// The next of this shard's part of `total` iterations that users share, by its number over all workers; none: all are taken.
    pub(super) fn next_shared(&self, total: u64) -> Option<u64> {
        let taken = self.shared.get();
        let index = self.share?.dealt(taken, self.phase().executor.users())?;
        (index < total).then(|| {
            self.shared.set(taken + 1);
            index
        })
    }

    /// How many of `total` iterations that users share fall to this shard.
    pub(super) fn count_shared(&self, total: u64) -> u64 {
        self.share.map_or(0, |share| share.count_dealt(total, self.phase().executor.users()))
    }

    pub(super) fn phase(&self) -> &Phase {
        self.plan.load(self.leg)
    }

    /// What draws are made from.
    pub(super) fn phase_index(&self) -> PhaseIndex {
        self.leg.number()
    }

    pub(super) fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// The moment the phase begins is known from now on.
    pub(super) fn begin(&self, start: Instant) {
        self.start.set(Some(start));
        self.started.notify_waiters();
    }

    /// Waits until the moment the phase begins is known, and gives it.
    pub(super) async fn start(&self) -> Instant {
        loop {
            let told = self.started.notified();
            if let Some(start) = self.start.get() {
                return start;
            }
            told.await;
        }
    }

    /// `count` users connect ahead of the phase.
    pub(super) fn expect_connections(&self, count: u64) {
        self.connecting.set(count);
    }

    /// A user has had its try to connect ahead of the phase.
    pub(super) fn one_connected(&self) {
        self.connecting.set(self.connecting.get().saturating_sub(1));
        self.connected_ahead.notify_waiters();
    }

    /// Waits until all users that connect ahead have had their try.
    pub(super) async fn settled(&self) {
        loop {
            let told = self.connected_ahead.notified();
            if self.connecting.get() == 0 {
                return;
            }
            told.await;
        }
    }

    /// No arrival is given to a user any more.
    pub(super) fn close_pool(&self) {
        self.pool_closed.set(true);
    }

    pub(super) fn pool_closed(&self) -> bool {
        self.pool_closed.get()
    }

    /// Microseconds since the phase began; 0 before.
    pub(super) fn now(&self) -> u64 {
        self.start.get().map_or(0, |start| micros(Instant::now().saturating_duration_since(start)))
    }

    /// The point in time that is `offset` microseconds after the phase's beginning.
    pub(super) fn at(&self, offset: u64) -> Instant {
        self.start.get().unwrap_or_else(Instant::now) + Duration::from_micros(offset)
    }

    /// The part of the phase that `now` lies in.
    pub(super) fn part(&self, now: u64) -> Part {
        if now < self.ramp_end { Part::RampUp } else { Part::Steady }
    }

    /// Where `user` connects to: users are dealt over all addresses of the target.
    pub(super) fn address(&self, user: u64) -> SocketAddr {
        let place = user % self.addresses.len() as u64;
        self.addresses[usize::try_from(place).unwrap_or(0)]
    }

    /// The target's host.
    pub(super) fn host(&self) -> &str {
        &self.plan.target.host
    }

    pub(super) fn timeout(&self) -> Duration {
        self.plan.target.timeout
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.plan.target.connect_timeout
    }

    /// How TLS is spoken to the target, where it is.
    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// What clients are made after, where the fast one won't do.
    pub(super) fn full(&self) -> Option<&Arc<Pattern>> {
        self.full.as_ref()
    }

    /// The current value of the header Authorization, where that changes.
    pub(super) fn authorization(&self) -> Ref<'_, Vec<u8>> {
        self.authorization.value()
    }

    /// No TLS came about. Why is told once: all others fail as well.
    pub(super) fn tls_failed(&self, error: &dyn Display) {
        if !self.tls_has_failed.replace(true) {
            tracing::warn!(phase = self.phase().name, %error, "TLS with the target failed; further failures are only counted");
        }
    }

    /// Whether iteration `index`, which is one of `scenario`, finds a row of each feeder that it needs; where it doesn't, it
    /// is told as dropped.
    pub(super) fn has_rows(&self, scenario: usize, index: u64) -> bool {
        let has_rows = index < self.compiled.scenarios[scenario].rows_left_below;
        if !has_rows {
            let part = self.part(self.now());
            self.recorder.borrow_mut().iteration_dropped(part, DropReason::NoRow);
        }
        has_rows
    }

    /// A step was skipped just now.
    pub(super) fn skipped(&self, step: StepIndex) {
        let part = self.part(self.now());
        self.recorder.borrow_mut().skipped(part, step);
    }

    /// A connection was opened just now.
    pub(super) fn connected(&self, took: &Opening) {
        let part = self.part(self.now());
        self.recorder.borrow_mut().connected(part, micros(took.connect), took.tls.map(micros));
    }
}
