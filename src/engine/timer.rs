//! Waiting for a point in time more finely than the runtime's own timer, which rounds up to a millisecond.

#[cfg(target_os = "linux")]
use std::time::Duration;
use std::time::Instant;

/// No wait is shorter: to sleep and be woken takes the time of some requests, so what comes due within it is begun together.
#[cfg(target_os = "linux")]
const GRAIN: Duration = Duration::from_micros(50);

/// Waits until absolute points in time, within some tens of microseconds.
#[derive(Debug)]
pub(super) struct FineTimer {
    #[cfg(target_os = "linux")]
    file: tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>,
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    use super::{Duration, FineTimer, GRAIN, Instant};

    impl FineTimer {
        /// A timer of this thread's runtime.
        ///
        /// # Errors
        /// When the process has no file descriptor left.
        pub(crate) fn new() -> std::io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let file = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[expect(
                deprecated,
                reason = "sound for a descriptor that is owned here; its successor needs unsafe code"
            )]
            let file = AsyncFd::new(file)?;
            Ok(FineTimer { file })
        }

        /// Waits until `when`, or a [`GRAIN`] where that is nearer; returns at once where it has passed.
        ///
        /// # Errors
        /// When the kernel refuses the timer.
        pub(crate) async fn until(&self, when: Instant) -> std::io::Result<()> {
            let left = when.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let rings = once(left.max(GRAIN));
            timerfd_settime(self.file.get_ref(), TimerfdTimerFlags::empty(), &rings)?;
            // How often it rang is never read: each ring is an edge of its own, and to set it takes back that it has rung.
            while Instant::now() < when {
                self.file.readable().await?.clear_ready();
            }
            Ok(())
        }
    }

    fn once(after: Duration) -> Itimerspec {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        Itimerspec {
            it_interval: zero,
            it_value: Timespec { tv_sec: seconds, tv_nsec: after.subsec_nanos().into() },
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl FineTimer {
    /// A timer of this thread's runtime.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(FineTimer {})
    }

    /// Waits until `when`, as finely as the runtime's own timer can.
    pub(crate) async fn until(&self, when: Instant) -> std::io::Result<()> {
        tokio::time::sleep_until(when.into()).await;
        Ok(())
    }
}
