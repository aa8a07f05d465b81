//! A coordinator that is elsewhere, away, back, somebody else, or ends; and workers that give up.

use std::sync::Arc;
use std::time::Duration;

use loadgate::ingest::server::Denial;
use loadgate::ingest::{Coordinator, Directive, Stage, Unreachable};

use super::house::{Authority, Files, House, Ingest, RUN};
use super::{LIMIT, recorded, registration, told};

/// Waits until so many answers are held back.
async fn until_waiting(session: &loadgate::ingest::SharedSession, count: usize) {
    let waiting = async {
        while session.waiting() != count {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, waiting).await.is_ok(), "{} wait, not {count}", session.waiting());
}

#[tokio::test]
async fn a_worker_goes_to_the_one_that_leads_by_the_same_name_and_back_when_it_is_gone() {
    for authority in [None, Some(Authority::new())] {
        let authority = authority.as_ref();
        let (leading, following) = (House::of(&recorded()), House::of(&recorded()));
        let leader = Ingest::serve(&leading, authority).await;
        let follower = Ingest::serve(&following, authority).await;
        following.deny(Some(Denial::NotLeading(Some(leader.address.to_string()))));
        let token = leading.token(RUN, 0, "p0");
        assert_eq!(following.token(RUN, 0, "p0"), token);
        let client = Files::new();
        let client = client.client(follower.address.port(), &token, authority);

        client.register(registration(0, "p0")).await.unwrap();
        client.report(told(0, Stage::Arrived(0)), Duration::ZERO).await.unwrap();
        assert_eq!((following.noted(), leading.noted()), (vec![421], vec![200, 200]), "it stays there");

        leader.end().await;
        let gone = client.report(told(0, Stage::Arrived(0)), Duration::ZERO).await;
        assert!(matches!(gone, Err(Unreachable::Silent(_))), "{gone:?}");
        following.deny(None);
        client.register(registration(0, "p0")).await.unwrap();
        assert_eq!(following.noted(), [421, 200], "the other one leads now");
    }
}

#[tokio::test]
async fn two_that_send_to_each_other_do_not_keep_a_worker_busy() {
    let houses = [House::of(&recorded()), House::of(&recorded())];
    let one = Ingest::serve(&houses[0], None).await;
    let other = Ingest::serve(&houses[1], None).await;
    houses[0].deny(Some(Denial::NotLeading(Some(other.address.to_string()))));
    houses[1].deny(Some(Denial::NotLeading(Some(one.address.to_string()))));
    let files = Files::new();
    let client = files.client(one.address.port(), "token", None);
    let told = client.register(registration(0, "p0")).await;
    assert!(matches!(told, Err(Unreachable::Silent(_))), "{told:?}");
    assert_eq!(houses.map(|house| house.noted().len()), [1, 1]);
}

#[tokio::test]
async fn a_coordinator_that_was_away_is_found_again() {
    let session = recorded();
    let house = House::of(&session);
    let ingest = Ingest::serve(&house, None).await;
    let address = ingest.address;
    let files = Files::new();
    let client = files.client(address.port(), &house.token(RUN, 0, "p0"), None);
    client.register(registration(0, "p0")).await.unwrap();
    ingest.end().await;
    let away = client.report(told(0, Stage::Arrived(0)), Duration::ZERO).await;
    assert!(matches!(away, Err(Unreachable::Silent(_))), "{away:?}");
    let _ingest = Ingest::serve_at(address, &house, None).await;
    let back = client.report(told(0, Stage::Arrived(0)), Duration::ZERO).await.unwrap();
    assert_eq!(back.directive, Directive::Wait);
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let (ours, other) = (Authority::new(), Authority::new());
    let house = House::of(&recorded());
    let ingest = Ingest::serve(&house, Some(&other)).await;
    let files = Files::new();
    let token = house.token(RUN, 0, "p0");
    let client = files.client(ingest.address.port(), &token, Some(&ours));
    let refused = client.register(registration(0, "p0")).await;
    assert!(matches!(&refused, Err(Unreachable::Silent(why)) if why.contains("certificate")), "{refused:?}");
    assert_eq!(house.noted(), Vec::<u16>::new(), "nothing was said to it");
}

#[tokio::test]
async fn a_wait_that_a_worker_gives_up_is_given_up_here_too() {
    let session = recorded();
    let house = House::of(&session);
    for authority in [None, Some(Authority::new())] {
        let ingest = Ingest::serve(&house, authority.as_ref()).await;
        let files = Files::new();
        let client = files.client(ingest.address.port(), &house.token(RUN, 0, "p0"), authority.as_ref());
        client.register(registration(0, "p0")).await.unwrap();
        let waiting = tokio::spawn(async move { client.report(told(0, Stage::Arrived(0)), LIMIT).await });
        until_waiting(&session, 1).await;
        waiting.abort();
        until_waiting(&session, 0).await;
    }
}

#[tokio::test]
async fn a_server_that_ends_does_not_wait_for_those_who_wait() {
    let session = recorded();
    let house = House::of(&session);
    let ingest = Ingest::serve(&house, None).await;
    let files = Files::new();
    let client = files.client(ingest.address.port(), &house.token(RUN, 0, "p0"), None);
    client.register(registration(0, "p0")).await.unwrap();
    let waiting = {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.report(told(0, Stage::Arrived(0)), 2 * LIMIT).await })
    };
    until_waiting(&session, 1).await;
    session.close();
    assert!(
        tokio::time::timeout(LIMIT, ingest.end()).await.is_ok(),
        "it waits for an answer that is held back"
    );
    assert_eq!(waiting.await.unwrap().unwrap().directive, Directive::Wait, "what it told was taken");
}

#[tokio::test]
async fn a_session_that_is_closed_sends_its_workers_to_come_again() {
    let session = recorded();
    let house = House::of(&session);
    let ingest = Ingest::serve(&house, None).await;
    let files = Files::new();
    let client = files.client(ingest.address.port(), &house.token(RUN, 0, "p0"), None);
    session.close();
    let told = client.register(registration(0, "p0")).await;
    assert!(matches!(told, Err(Unreachable::Silent(_))), "{told:?}");
    assert_eq!(house.noted(), [503]);
}
