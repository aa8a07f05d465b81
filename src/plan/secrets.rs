//! The values of Secrets that a spec refers to, for headers, for TLS and for tokens. They are shown nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::model::{Header, HeaderValue, OAuth2, Plan, Tls};
use crate::api::SecretKeyRef;

/// Each Secret that `plan` refers to, once, in order.
#[must_use]
pub fn references(plan: &Plan) -> Vec<SecretKeyRef> {
    let references: BTreeSet<_> = uses(plan).map(|(_, reference)| reference.clone()).collect();
    references.into_iter().collect()
}

/// Each field that refers to a Secret, by its path.
pub fn uses(plan: &Plan) -> impl Iterator<Item = (&str, &SecretKeyRef)> {
    let headers = headers(plan).filter_map(|header| Some((header.path.as_str(), header.secret()?)));
    let tls = plan.target.tls.iter().flat_map(Tls::texts);
    let client = plan.target.oauth2.as_ref().and_then(OAuth2::secret);
    headers.chain(tls.filter_map(|text| Some((text.path.as_str(), text.secret()?)))).chain(client)
}

/// Whether the value is sent in a header, and so must be a line.
#[must_use]
pub fn is_in_header(plan: &Plan, reference: &SecretKeyRef) -> bool {
    headers(plan).any(|header| header.secret() == Some(reference))
}

/// The variable of a worker's environment that holds the value of the reference at `place` of [`references`].
#[must_use]
pub fn environment_name(place: usize) -> String {
    format!("LOADGATE_SECRET_{place}")
}

/// Each header that is sent somewhere, of the load and of the preflight.
pub(super) fn headers(plan: &Plan) -> impl Iterator<Item = &Header> {
    let steps = plan.steps.iter().map(|step| &step.request);
    let requests = steps.chain(plan.target.preflight.iter().map(|action| &action.request));
    let to_proxy = plan.target.http.proxy.iter().filter_map(|proxy| proxy.authorization.as_ref());
    plan.target.headers.iter().chain(to_proxy).chain(requests.flat_map(|request| &request.headers))
}

impl Header {
    /// The Secret that its value comes from; none: its value stands in the spec.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretKeyRef> {
        match &self.value {
            HeaderValue::Secret(reference, _) => Some(reference),
            HeaderValue::Template(_) | HeaderValue::Token => None,
        }
    }
}

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
