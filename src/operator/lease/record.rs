//! A Lease as the election reads and writes it; the only file that knows the object's fields.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};

use super::{Leader, Settings};

/// Where the holder keeps the address that workers are to talk to.
pub const ADDRESS: &str = "loadgate.dev/address";

/// A Lease as the API server told it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record(Box<Lease>);

impl Record {
    pub(super) fn new(lease: Lease) -> Self {
        Record(Box::new(lease))
    }

    /// Who holds it; none once it was released.
    pub(super) fn holder(&self) -> Option<&str> {
        self.spec()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }

    /// The holder and its address; none as long as the holder has told no address.
    pub(super) fn leader(&self) -> Option<Leader> {
        let address = self.0.metadata.annotations.as_ref()?.get(ADDRESS)?;
        Some(Leader { identity: self.holder()?.to_owned(), address: address.clone() })
    }

    /// How long its holder may stay silent; none where it doesn't say.
    pub(super) fn duration(&self) -> Option<Duration> {
        let seconds = self.spec()?.lease_duration_seconds?;
        u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    /// Whether its holder has done nothing between the two. Labels and annotations don't count: others write them.
    pub(super) fn is_silent_since(&self, earlier: &Record) -> bool {
        self.0.spec == earlier.0.spec
    }

    fn spec(&self) -> Option<&LeaseSpec> {
        self.0.spec.as_ref()
    }
}

/// What claims the Lease, or renews the claim. It keeps the resourceVersion of `current`, if there is one: the
/// API server refuses it as soon as anybody else has written.
pub(super) fn claimed(current: Option<Record>, settings: &Settings, now: Timestamp) -> Lease {
    let mut lease = current.map_or_else(|| unborn(settings), |record| *record.0);
    let spec = lease.spec.get_or_insert_default();
    if spec.holder_identity.as_ref() != Some(&settings.identity) {
        spec.acquire_time = Some(MicroTime(now));
        spec.lease_transitions = Some(spec.lease_transitions.map_or(0, |count| count.saturating_add(1)));
    }
    spec.holder_identity = Some(settings.identity.clone());
    spec.lease_duration_seconds = Some(whole_seconds(settings.timing.lease));
    spec.renew_time = Some(MicroTime(now));
    let annotations = lease.metadata.annotations.get_or_insert_default();
    annotations.insert(ADDRESS.to_owned(), settings.address.clone());
    lease
}

/// What gives the Lease back: nobody holds it, so nobody has to wait.
pub(super) fn released(current: Record, now: Timestamp) -> Lease {
    let mut lease = *current.0;
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = Some(String::new());
    // The API server wants at least 1; who holds nothing promises no more than that.
    spec.lease_duration_seconds = Some(1);
    spec.renew_time = Some(MicroTime(now));
    if let Some(annotations) = &mut lease.metadata.annotations {
        annotations.remove(ADDRESS);
    }
    lease
}

fn unborn(settings: &Settings) -> Lease {
    let metadata = ObjectMeta {
        name: Some(settings.name.clone()),
        namespace: Some(settings.namespace.clone()),
        ..ObjectMeta::default()
    };
    Lease { metadata, spec: None }
}

/// The field has no fractions; rounded up, so that nobody takes the Lease before its holder has given up.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::lease::tests::settings;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn transitions(lease: &Lease) -> Option<i32> {
        lease.spec.as_ref()?.lease_transitions
    }

    #[test]
    fn a_claim_says_who_leads_where_and_for_how_long() {
        let record = Record::new(claimed(None, &settings("a"), at(100)));
        assert_eq!(record.holder(), Some("a"));
        assert_eq!(record.duration(), Some(Duration::from_secs(15)));
        let leader = Leader { identity: "a".to_owned(), address: "a.example:8443".to_owned() };
        assert_eq!(record.leader(), Some(leader));
    }

    #[test]
    fn a_renewal_keeps_when_the_lease_was_taken_and_a_new_holder_counts_as_a_transition() {
        let taken = claimed(None, &settings("a"), at(100));
        assert_eq!(transitions(&taken), Some(0));
        let renewed = claimed(Some(Record::new(taken.clone())), &settings("a"), at(102));
        assert_eq!(transitions(&renewed), Some(0));
        let acquired = |lease: &Lease| lease.spec.as_ref().and_then(|spec| spec.acquire_time.clone());
        assert_eq!(acquired(&renewed), acquired(&taken));
        let moved = claimed(Some(Record::new(renewed)), &settings("b"), at(104));
        assert_eq!(transitions(&moved), Some(1));
        assert_eq!(acquired(&moved), Some(MicroTime(at(104))));
    }

    #[test]
    fn a_released_lease_has_no_holder_and_no_address() {
        let record = Record::new(claimed(None, &settings("a"), at(100)));
        let record = Record::new(released(record, at(101)));
        assert_eq!(record.holder(), None);
        assert_eq!(record.leader(), None);
    }

    #[test]
    fn labels_of_others_stay_and_are_no_sign_of_life() {
        let record = Record::new(claimed(None, &settings("a"), at(100)));
        let mut labelled = Lease::clone(&record.0);
        labelled.metadata.labels = Some([("team".to_owned(), "load".to_owned())].into());
        let labelled = Record::new(labelled);
        assert!(labelled.is_silent_since(&record));
        let renewed = claimed(Some(labelled.clone()), &settings("a"), at(101));
        assert_eq!(renewed.metadata.labels, labelled.0.metadata.labels);
        assert!(!Record::new(renewed).is_silent_since(&record));
    }

    #[test]
    fn a_duration_that_makes_no_sense_is_none() {
        for (seconds, want) in [(None, None), (Some(0), None), (Some(-5), None), (Some(3), Some(3))] {
            let spec = LeaseSpec { lease_duration_seconds: seconds, ..LeaseSpec::default() };
            let record = Record::new(Lease { spec: Some(spec), ..Lease::default() });
            assert_eq!(record.duration(), want.map(Duration::from_secs), "{seconds:?}");
        }
    }
}
