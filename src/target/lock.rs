//! Locks that outlive a panic of another holder.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; what is behind our locks is valid after every statement, so poison says nothing.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
