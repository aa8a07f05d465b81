//! Waiting for a point in time more finely than the runtime's own timer, which rounds up to a millisecond.

use std::time::{Duration, Instant};

/// Waits until absolute points in time, within some tens of microseconds.
#[derive(Debug)]
pub(super) struct FineTimer {
    #[cfg(target_os = "linux")]
    file: tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>,
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::io::{Errno, read};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    use super::{Duration, FineTimer, Instant};

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

        /// Waits until `when`; returns at once where that has passed.
        ///
        /// # Errors
        /// When the kernel refuses the timer.
        pub(crate) async fn until(&self, when: Instant) -> std::io::Result<()> {
            let left = when.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            timerfd_settime(self.file.get_ref(), TimerfdTimerFlags::empty(), &once(left))?;
            loop {
                let mut ready = self.file.readable().await?;
                match read(self.file.get_ref(), &mut [0_u8; 8]) {
                    Ok(_) => return Ok(()),
                    Err(Errno::AGAIN | Errno::INTR) => ready.clear_ready(),
                    Err(error) => return Err(error.into()),
                }
            }
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
