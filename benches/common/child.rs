//! A child process on one core that ends by itself within its time, or is ended.

use std::{
    fs::{self, File},
    io::{Read, Seek},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::resource::{UsageWho, getrusage},
    sys::time::{TimeVal, TimeValLike},
};

/// What a child that has ended took.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// User and system time together.
    pub(crate) cpu: Duration,
    /// User time alone.
    pub(crate) user: Duration,
    /// The most memory it held at once (`VmHWM`), as far as the last look saw.
    pub(crate) peak_rss_kib: u64,
}

/// A command that is bound to one core. `taskset` becomes the program, so the process is the program's own.
pub(crate) fn pinned(core: usize, program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string(), program]).stdin(Stdio::null());
    command
}

/// Runs the command to its end and measures it. One at a time: the CPU time is that of all children that ended
/// meanwhile.
pub(crate) fn run_measured(command: &mut Command, limit: Duration) -> Result<Ended> {
    let (user_before, system_before) = cpu_of_ended_children()?;
    // Files, not pipes: nobody reads while the child runs, and it must never wait for a reader.
    let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let mut child = command
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?)
        .spawn()
        .with_context(|| format!("start {}", command.get_program().display()))?;
    let watched = watch(&mut child, limit);
    if watched.is_err() {
        child.kill()?;
    }
    let status = child.wait()?;
    let peak_rss_kib = watched?;
    let (user_after, system_after) = cpu_of_ended_children()?;
    let user = user_after.saturating_sub(user_before);
    let cpu = user + system_after.saturating_sub(system_before);
    Ok(Ended { status, stdout: text_of(stdout)?, stderr: text_of(stderr)?, cpu, user, peak_rss_kib })
}

fn text_of(mut written: File) -> Result<String> {
    let mut bytes = Vec::new();
    written.rewind()?;
    written.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Looks at the child until it has ended, and returns its peak memory.
fn watch(child: &mut Child, limit: Duration) -> Result<u64> {
    let started = Instant::now();
    let mut peak_rss_kib = 0;
    loop {
        peak_rss_kib = peak_rss_kib.max(peak_rss_of(child.id()).unwrap_or(0));
        // Looked at from outside: reaping is left to the caller, who counts its CPU time then.
        if has_ended(child.id()) {
            return Ok(peak_rss_kib);
        }
        if started.elapsed() > limit {
            bail!("process {} hasn't ended within {limit:?}", child.id());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn peak_rss_of(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn has_ended(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.lines().any(|line| line.starts_with("State:") && !line.contains("zombie"))
}

/// User and system time.
fn cpu_of_ended_children() -> Result<(Duration, Duration)> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((as_duration(usage.user_time())?, as_duration(usage.system_time())?))
}

fn as_duration(time: TimeVal) -> Result<Duration> {
    Ok(Duration::from_micros(u64::try_from(time.num_microseconds())?))
}
