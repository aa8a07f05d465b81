//! What a shard sends in the header Authorization where that changes: its own copy, so that nothing is shared with other
//! shards when a request is written.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use tokio::sync::watch;

use crate::plan::Authorization;

/// The current value of the header Authorization, as it is told to all.
pub type Authorizations = watch::Receiver<Authorization>;

/// The copy of one shard; clones are the same.
#[derive(Clone, Default)]
pub(super) struct Held(Rc<RefCell<Vec<u8>>>);

impl Held {
    /// A copy of what is told, on a `LocalSet`: it is kept up to date there. None is told: it stays empty.
    pub(super) fn of(told: Option<&Authorizations>) -> Self {
        let copy = Held::default();
        if let Some(told) = told.cloned() {
            copy.take(&told.borrow());
            tokio::task::spawn_local(follow(copy.clone(), told));
        }
        copy
    }

    /// The value of the header.
    pub(super) fn value(&self) -> Ref<'_, Vec<u8>> {
        self.0.borrow()
    }

    fn take(&self, told: &Authorization) {
        told.value().as_bytes().clone_into(&mut self.0.borrow_mut());
    }
}

/// Ends with the one who tells.
async fn follow(copy: Held, mut told: Authorizations) {
    while told.changed().await.is_ok() {
        copy.take(&told.borrow_and_update());
    }
}
