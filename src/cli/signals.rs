//! Being asked to stop.

/// Waits for Ctrl-C or the signal that asks a process to end; tells which it was.
pub(super) async fn stopped() -> &'static str {
    let interrupted = tokio::signal::ctrl_c();
    let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        let _ = interrupted.await;
        return "interrupted";
    };
    tokio::select! {
        _ = interrupted => "interrupted",
        _ = terminated.recv() => "terminated",
    }
}
