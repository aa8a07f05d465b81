//! Guards writes of the object: they are made only on what was decided on. Changes that no decision rests on, such as
//! a label, don't hold them up, however often they come.

use kube::ResourceExt;

use super::api::{CallError, Objects};
use crate::api::LoadTest;

/// So often a write is tried that others got in the way of: who writes fifty times a second leaves few gaps.
const TRIES: usize = 25;

/// Writes with `write`, which is given the object with the version to be replaced.
pub async fn guarded<W>(
    tests: &Objects<LoadTest>,
    decided_on: &LoadTest,
    write: impl Fn(LoadTest) -> W,
) -> Result<LoadTest, CallError>
where
    W: Future<Output = Result<LoadTest, CallError>>,
{
    let mut current = decided_on.clone();
    for _ in 1..TRIES {
        let conflict = match write(current).await {
            Err(error) if error.is_conflict() => error,
            done => return done,
        };
        current = match tests.get(&decided_on.name_any()).await? {
            Some(now) if is_still(decided_on, &now) => now,
            Some(_) | None => return Err(conflict),
        };
    }
    write(current).await
}

/// Whether a decision on the one object holds for the other: the same spec, the same status, deleted or not.
#[must_use]
pub fn is_still(decided_on: &LoadTest, now: &LoadTest) -> bool {
    let (then, since) = (&decided_on.metadata, &now.metadata);
    then.uid == since.uid
        && then.generation == since.generation
        && then.deletion_timestamp == since.deletion_timestamp
        && decided_on.status == now.status
}
