//! Tests of the certificates: what is due when, who trusts what, and several operators over one Secret.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use super::material::Material;
use super::renew::{Due, due, renewed};
use super::{Keeper, Place, Tls, make, service_names, verify};
use crate::operator::fake_api::{FakeApi, Ill};

const SECRET: &str = "/api/v1/namespaces/loadgate/secrets/ingest-tls";

fn names() -> Vec<String> {
    service_names("ingest", "loadgate")
}

fn day(day: u64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + Duration::from_hours(24 * day)
}

/// What is made on day 0 out of nothing.
fn first() -> Material {
    renewed(None, &names(), day(0)).unwrap().expect("nothing is there")
}

fn accepts(authority: &str, material: &Material, at: Timestamp) -> bool {
    verify::accepted(material, authority, &names(), at).is_ok()
}

#[test]
fn certificates_are_renewed_long_before_they_end_and_when_they_do_not_fit() {
    let all = first();
    let changed = |change: fn(&mut Material)| {
        let mut changed = all.clone();
        change(&mut changed);
        changed
    };
    let other_names = renewed(None, &service_names("ingest", "elsewhere"), day(0)).unwrap().unwrap();
    for (name, material, at, want) in [
        ("just made", all.clone(), day(0), Due::Nothing),
        ("in the midst of its life", all.clone(), day(59), Due::Nothing),
        ("30 days before its end", all.clone(), day(61), Due::Server),
        ("behind its end", all.clone(), day(100), Due::Server),
        ("an authority of a year", all.clone(), day(365), Due::Authority),
        ("the names of another Service", other_names, day(0), Due::Server),
        ("the key of another", changed(|it| it.key = first().key), day(1), Due::Server),
        ("no certificate", changed(|it| it.chain.clear()), day(1), Due::Server),
        ("no certificate that can be read", changed(|it| it.chain[0] = "?".to_owned()), day(1), Due::Server),
        ("the authority of another", changed(|it| it.authorities = first().authorities), day(1), Due::Server),
        ("no authority", changed(|it| it.authorities.clear()), day(1), Due::Authority),
        ("a clock that was a bit fast", changed(|it| it.created = day(1)), day(0), Due::Nothing),
        ("a clock that was wrong", changed(|it| it.created = day(3)), day(0), Due::Authority),
    ] {
        assert_eq!(due(&material, &names(), at), want, "{name}");
    }
}

#[test]
fn whatever_is_wrong_the_renewed_certificates_are_fine() {
    let all = first();
    let broken = |change: fn(&mut Material)| {
        let mut broken = all.clone();
        change(&mut broken);
        broken
    };
    for (name, material, at) in [
        ("too old a certificate", all.clone(), day(80)),
        ("too old an authority", all.clone(), day(400)),
        ("an authority behind its end", all.clone(), day(3000)),
        ("the authority key of another", broken(|it| it.authority_key = first().authority_key), day(80)),
        ("no authority key", broken(|it| it.authority_key.clear()), day(400)),
        ("nothing that can be read", broken(|it| it.authorities[0] = "?".to_owned()), day(1)),
    ] {
        let renewed = renewed(Some(&material), &names(), at).unwrap().expect(name);
        assert_eq!(due(&renewed, &names(), at), Due::Nothing, "{name}");
    }
    assert!(renewed(Some(&all), &names(), day(1)).unwrap().is_none());
}

#[test]
fn workers_that_began_with_the_old_authority_and_with_the_new_one_trust_the_same_server() {
    let old = first();
    let new = renewed(Some(&old), &names(), day(365)).unwrap().expect("a year is over");
    let later = renewed(Some(&new), &names(), day(430)).unwrap().expect("its server certificate is old");
    for (name, material, at) in
        [("at once", &new, day(365)), ("a server certificate later", &later, day(430))]
    {
        assert!(accepts(&old.authorities[0], material, at), "the old one, {name}");
        assert!(accepts(&new.authorities[0], material, at), "the new one, {name}");
        assert!(!accepts(&first().authorities[0], material, at), "another one, {name}");
    }
    assert_eq!(later.authorities, [new.authorities[0].clone(), old.authorities[0].clone()]);
    let third = make::authority(Some(&later), &names(), day(730)).unwrap();
    assert_eq!(third.authorities.len(), 2, "the oldest is dropped");
    assert!(accepts(&new.authorities[0], &third, day(730)));
}

#[test]
fn the_server_is_accepted_by_the_names_of_its_service_only() {
    let all = first();
    let accepts =
        |name: &str| verify::accepted(&all, &all.authorities[0], &[name.to_owned()], day(1)).is_ok();
    assert!(accepts("ingest.loadgate.svc"));
    assert!(accepts("ingest.loadgate.svc.cluster.local"));
    assert!(!accepts("ingest.elsewhere.svc"));
    assert!(!accepts("ingest"));
}

/// A keeper over the Secret; it goes on until the sender is dropped.
fn keep(api: &FakeApi) -> (Tls, watch::Sender<bool>) {
    let place = Place::secret(api.client(), "loadgate", "ingest-tls");
    let (keeper, tls) = Keeper::new(place, names()).unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(keeper.run(stopped));
    (tls, stop)
}

fn with_empty_secret() -> FakeApi {
    let api = FakeApi::default();
    api.put(SECRET, json!({"metadata": {"name": "ingest-tls", "labels": {"chart": "loadgate"}}}));
    api
}

async fn is_ready(tls: &mut Tls, within: Duration) -> bool {
    timeout(within, tls.ready()).await.is_ok_and(|ready| ready)
}

#[tokio::test(start_paused = true)]
async fn an_empty_secret_is_filled_once_and_serves_all_operators() {
    let api = with_empty_secret();
    let mut keepers: Vec<_> = (0..5).map(|_| keep(&api)).collect();
    for (tls, _) in &mut keepers {
        assert!(is_ready(tls, Duration::from_secs(30)).await);
    }
    let secret = api.object(SECRET).unwrap();
    assert_eq!(secret["metadata"]["labels"]["chart"], "loadgate");
    let trusted = keepers[0].0.trusted();
    assert!(keepers.iter().all(|(tls, _)| tls.trusted() == trusted));
    assert_eq!(api.calls().iter().filter(|call| call.starts_with("POST")).count(), 0);
    let version = secret["metadata"]["resourceVersion"].clone();
    tokio::time::sleep(Duration::from_hours(24)).await;
    assert_eq!(api.object(SECRET).unwrap()["metadata"]["resourceVersion"], version, "written once");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_write_at_once_the_second_is_refused() {
    let api = with_empty_secret();
    let place = || Place::secret(api.client(), "loadgate", "ingest-tls");
    let (mut one, mut other) = (place(), place());
    let (held_by_one, held_by_other) = (one.read().await.unwrap(), other.read().await.unwrap());
    let winner = first();
    assert!(one.write(held_by_one, &winner).await.unwrap());
    assert!(!other.write(held_by_other, &first()).await.unwrap());
    assert!(other.read().await.unwrap().material == Some(winner));
}

#[tokio::test(start_paused = true)]
async fn what_another_has_renewed_is_taken_over() {
    let api = with_empty_secret();
    let (mut tls, _keeper) = keep(&api);
    assert!(is_ready(&mut tls, Duration::from_secs(30)).await);
    let trusted = tls.trusted();
    // Whoever wants new certificates empties the Secret.
    api.put(SECRET, json!({"metadata": {"name": "ingest-tls"}}));
    let (mut other, _other_keeper) = keep(&api);
    assert!(is_ready(&mut other, Duration::from_secs(30)).await);
    tokio::time::sleep(Duration::from_mins(6)).await;
    assert!(tls.trusted() != trusted);
    assert!(tls.trusted() == other.trusted());
}

#[tokio::test(start_paused = true)]
async fn without_a_secret_or_an_api_server_it_is_tried_again() {
    for ill in [Ill::Healthy, Ill::Hangs, Ill::Refuses(500), Ill::Refuses(403)] {
        let api = FakeApi::default();
        api.falls_ill(ill);
        let (mut tls, _keeper) = keep(&api);
        assert!(!is_ready(&mut tls, Duration::from_mins(1)).await, "{ill:?}");
        assert!(api.calls().len() <= 13, "pressed while {ill:?}");
        api.falls_ill(Ill::Healthy);
        api.put(SECRET, json!({"metadata": {"name": "ingest-tls"}}));
        assert!(is_ready(&mut tls, Duration::from_secs(30)).await, "after {ill:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn certificates_stay_when_the_api_server_goes() {
    let api = with_empty_secret();
    let (mut tls, _keeper) = keep(&api);
    assert!(is_ready(&mut tls, Duration::from_secs(30)).await);
    let trusted = tls.trusted();
    api.falls_ill(Ill::Hangs);
    tokio::time::sleep(Duration::from_hours(24)).await;
    assert!(tls.trusted() == trusted);
}
