//! The values of Secrets that headers refer to. They are sent to the target and shown nowhere.

use std::collections::BTreeMap;
use std::fmt;

use crate::api::SecretKeyRef;

/// The values of Secrets, by reference.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<SecretKeyRef, String>);

impl Secrets {
    /// Adds the value of `reference`.
    pub fn insert(&mut self, reference: SecretKeyRef, value: String) {
        self.0.insert(reference, value);
    }

    /// The value of `reference`, if it is known.
    #[must_use]
    pub fn get(&self, reference: &SecretKeyRef) -> Option<&str> {
        self.0.get(reference).map(String::as_str)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
