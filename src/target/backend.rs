//! The backend behind the cache: reached over a pooled connection, guarded by the circuit breaker.

use super::answer::{Answer, Status};
use super::circuit::Circuit;
use super::velro::Velro;

const CIRCUIT_OPEN: Answer = Answer::fixed(Status::Unavailable, r#"{"error":"circuit open"}"#);
const NO_CONNECTION: Answer = Answer::fixed(Status::Unavailable, r#"{"error":"no connection free"}"#);
const DOWN: Answer = Answer::fixed(Status::BadGateway, r#"{"error":"backend down"}"#);

/// Reaches the backend, or says with which answer it could not be reached.
///
/// No connection in time and a backend that is down are failures to the circuit breaker.
pub(super) async fn visit(velro: &Velro) -> Result<(), Answer> {
    if !velro.circuit(Circuit::admits) {
        return Err(CIRCUIT_OPEN);
    }
    let reached = reach(velro).await;
    velro.circuit(|circuit, now| match &reached {
        Ok(()) => circuit.succeeded(),
        Err(_) => circuit.failed(now),
    });
    reached
}

async fn reach(velro: &Velro) -> Result<(), Answer> {
    let _connection = velro.pool.take().await.ok_or(NO_CONNECTION)?;
    let hold = velro.pool.hold();
    if !hold.is_zero() {
        tokio::time::sleep(hold).await;
    }
    if velro.is_backend_down() { Err(DOWN) } else { Ok(()) }
}
