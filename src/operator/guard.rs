//! Guards writes of the object: they are made only on what was decided on. Changes that no decision rests on, such as
//! a label, don't hold them up, however often they come.

use kube::ResourceExt;

use super::api::CallError;
use super::change::{Change, Tests};
use super::context::Context;
use super::reading::understood;
use crate::api::LoadTest;

/// So often a write is tried on the version that was read. Where others are faster each time, it is made on what was
/// read itself.
const TRIES: usize = 3;

/// Makes `change` on `decided_on`, or on what differs from it in nothing that a decision rests on. A conflict: it does.
pub async fn guarded(
    context: &Context,
    decided_on: &LoadTest,
    change: &Change<'_>,
) -> Result<LoadTest, CallError> {
    let tests = Tests::new(&context.client, &decided_on.namespace().unwrap_or_default());
    let (name, mut current) = (decided_on.name_any(), decided_on.clone());
    let mut last = None;
    for _ in 0..TRIES {
        let conflict = match tests.change(&current, change).await {
            Err(error) if error.is_conflict() => error,
            done => return done,
        };
        let Some(seen) = tests.get(&name).await? else { return Err(conflict) };
        current = context.known.restored(understood(&seen).test);
        if !is_still(decided_on, &current) {
            return Err(conflict);
        }
        last = Some((seen, conflict));
    }
    let Some((seen, conflict)) = last else { unreachable!("it is tried at least once") };
    match tests.insist(&seen, change).await {
        Err(error) if error.is_failed_test() => Err(conflict),
        done => done,
    }
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
