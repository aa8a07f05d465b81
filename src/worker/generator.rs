//! What generates a worker's load, as its life needs it: the engine, or what plays one where time is played too.

use tokio::time::Instant;

use crate::engine::{Engine, EngineError};
use crate::metrics::phase::Seconds;
use crate::metrics::{PhaseEnd, PhaseState};
use crate::plan::LegIndex;

/// See [`Engine`].
pub(super) trait Generator {
    fn prepare(&mut self, phase: LegIndex) -> Result<(), EngineError>;
    fn prepared(&mut self) -> impl Future<Output = Result<(), EngineError>> + Send;
    fn begin(&mut self, start: Instant) -> Result<(), EngineError>;
    fn ended(&mut self) -> impl Future<Output = Result<PhaseEnd, EngineError>> + Send;
    fn collect(
        &self,
        first_second: u32,
    ) -> impl Future<Output = Result<(PhaseState, Seconds), EngineError>> + Send;
    fn abort(&self) -> Result<(), EngineError>;
}

impl Generator for Engine {
    fn prepare(&mut self, phase: LegIndex) -> Result<(), EngineError> {
        Engine::prepare(self, phase)
    }

    async fn prepared(&mut self) -> Result<(), EngineError> {
        Engine::prepared(self).await
    }

    fn begin(&mut self, start: Instant) -> Result<(), EngineError> {
        Engine::begin(self, start.into_std())
    }

    async fn ended(&mut self) -> Result<PhaseEnd, EngineError> {
        Engine::ended(self).await
    }

    async fn collect(&self, first_second: u32) -> Result<(PhaseState, Seconds), EngineError> {
        Engine::collect(self, first_second).await
    }

    fn abort(&self) -> Result<(), EngineError> {
        Engine::abort(self)
    }
}
