//! Who may take the Lease, and when.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::candidate::{Candidate, LastStep, Step};
use super::super::record::{Record, claimed, released};
use super::super::{Loss, Timing};
use super::settings;

/// What happens to the candidate "me", at a second of its own clock.
#[derive(Clone, Debug)]
enum Event {
    Saw(Option<Record>),
    /// The claim that was sent so many seconds before is written.
    Won(u64),
    Refused,
    Failed,
}
use Event::{Failed, Refused, Saw, Won};

/// The Lease of a holder that renewed it at this second of its own clock.
fn lease(holder: &str, renewed: i64) -> Record {
    Record::new(claimed(None, &settings(holder), Timestamp::from_second(renewed).unwrap()))
}

fn free() -> Record {
    Record::new(released(lease("other", 0), Timestamp::UNIX_EPOCH))
}

/// Which step follows at second `at`, once these events have happened; rests count from the start too.
fn check(name: &str, events: &[(u64, Event)], at: u64, want: &Want) {
    let start = Instant::now();
    let second = |seconds: u64| start + Duration::from_secs(seconds);
    let mut me = Candidate::new("me".to_owned(), Timing::default());
    for (at, event) in events.iter().cloned() {
        match event.clone() {
            Saw(record) => me.saw(record, second(at)),
            Won(before) => me.won(lease("me", 0), second(at - before), second(at)),
            // What fails was begun before.
            Refused | Failed => {
                me.next(second(at));
                if matches!(event, Failed) { me.failed(second(at)) } else { me.was_refused(second(at)) }
            }
        }
    }
    let got = match me.next(second(at)) {
        Step::Read => Want::Read,
        Step::Claim(None) => Want::Create,
        Step::Claim(Some(_)) => Want::Claim,
        Step::Rest(until) => Want::Rest(until.duration_since(start).as_millis()),
        Step::Lose(loss) => Want::Lose(loss),
    };
    assert_eq!(&got, want, "{name}: {events:?}, at {at}");
}

#[derive(Debug, PartialEq)]
enum Want {
    Read,
    Create,
    Claim,
    /// Until this millisecond.
    Rest(u128),
    Lose(Loss),
}

#[test]
fn a_candidate_takes_only_what_is_free_or_has_been_silent_for_as_long_as_it_promised() {
    let other = |renewed| Saw(Some(lease("other", renewed)));
    for (name, events, at, want) in [
        ("it begins by reading", vec![], 0, Want::Read),
        ("an absent one is created", vec![(0, Saw(None))], 0, Want::Create),
        ("a free one is taken", vec![(0, Saw(Some(free())))], 0, Want::Claim),
        ("its own is claimed again", vec![(0, Saw(Some(lease("me", 0))))], 0, Want::Claim),
        ("that of another is left alone", vec![(0, other(0))], 1, Want::Rest(2_000)),
        ("and looked at again", vec![(0, other(0))], 2, Want::Read),
        ("still left alone", vec![(0, other(0)), (14, other(0))], 14, Want::Rest(15_000)),
        ("taken after its silence", vec![(0, other(0)), (14, other(0))], 15, Want::Claim),
        ("taken at the look that finds it over", vec![(0, other(0)), (15, other(0))], 15, Want::Claim),
        ("not after a renewal", vec![(0, other(0)), (14, other(9))], 15, Want::Rest(16_000)),
        ("the other's clock doesn't count", vec![(0, other(-90_000))], 2, Want::Read),
        ("nor does it run ahead", vec![(0, other(90_000)), (14, other(90_000))], 15, Want::Claim),
        ("gone, but its holder may not know", vec![(0, other(0)), (2, Saw(None))], 2, Want::Rest(4_000)),
        ("gone, and its holder was silent", vec![(0, other(0)), (15, Saw(None))], 15, Want::Create),
        ("gone after a release", vec![(0, Saw(Some(free()))), (2, Saw(None))], 2, Want::Create),
    ] {
        check(name, &events, at, &want);
    }
}

#[test]
fn a_holder_renews_in_time_or_loses() {
    let by = |name: &str| Loss::Taken { by: Some(name.to_owned()) };
    for (name, events, at, want) in [
        ("it rests after a claim", vec![(0, Won(0))], 1, Want::Rest(2_000)),
        ("it renews without reading", vec![(0, Won(0))], 2, Want::Claim),
        ("the term counts from when the claim was sent", vec![(9, Won(9))], 9, Want::Claim),
        (
            "an answer that comes too late begins no term",
            vec![(10, Won(10))],
            10,
            Want::Lose(Loss::NotRenewed),
        ),
        ("the term is over", vec![(0, Won(0))], 10, Want::Lose(Loss::NotRenewed)),
        ("also after standing still for long", vec![(0, Won(0))], 60, Want::Lose(Loss::NotRenewed)),
        ("no rest goes beyond the term", vec![(0, Won(0)), (9, Failed)], 9, Want::Rest(10_000)),
        ("a failed renewal is tried again", vec![(0, Won(0)), (4, Failed)], 6, Want::Read),
        ("a refused one at once, but not tightly", vec![(0, Won(0)), (2, Refused)], 2, Want::Rest(2_200)),
        ("it was stolen", vec![(0, Won(0)), (2, Saw(Some(lease("thief", 2))))], 2, Want::Lose(by("thief"))),
        (
            "it was emptied",
            vec![(0, Won(0)), (2, Saw(Some(free())))],
            2,
            Want::Lose(Loss::Taken { by: None }),
        ),
        ("it was deleted", vec![(0, Won(0)), (2, Saw(None))], 2, Want::Lose(Loss::Deleted)),
        ("somebody labelled it", vec![(0, Won(0)), (2, Saw(Some(lease("me", 0))))], 2, Want::Claim),
    ] {
        check(name, &events, at, &want);
    }
}

#[test]
fn a_holder_gives_up_before_anybody_else_may_begin() {
    // The latest that the holder believes in its term, and the earliest that another may end it: the claim is
    // seen in the moment in which it is sent.
    let sent = Instant::now();
    let mut holder = Candidate::new("other".to_owned(), Timing::default());
    holder.won(lease("other", 0), sent, sent);
    let mut me = Candidate::new("me".to_owned(), Timing::default());
    let mut taken_at = sent;
    while !matches!(me.next(taken_at), Step::Claim(_)) {
        me.saw(Some(lease("other", 0)), taken_at);
        taken_at += Duration::from_millis(100);
    }
    assert!(holder.term().unwrap() + Duration::from_secs(4) < taken_at);
}

#[test]
fn a_call_may_not_outlast_the_term() {
    let start = Instant::now();
    let mut me = Candidate::new("me".to_owned(), Timing::default());
    assert_eq!(me.patience(start), Duration::from_secs(5));
    me.won(lease("me", 0), start, start);
    for (at, want) in [(0, 5), (5, 5), (8, 2), (10, 0), (60, 0)] {
        assert_eq!(me.patience(start + Duration::from_secs(at)), Duration::from_secs(want), "at {at}");
    }
}

#[test]
fn who_leaves_gives_back_what_it_holds_and_only_that() {
    let now = Instant::now();
    let leaving = |event: Option<Event>| {
        let mut me = Candidate::new("me".to_owned(), Timing::default());
        match event {
            Some(Saw(record)) => me.saw(record, now),
            Some(_) => me.won(lease("me", 0), now, now),
            None => {}
        }
        me.leave()
    };
    assert_eq!(leaving(None), LastStep::Read);
    assert_eq!(leaving(Some(Won(0))), LastStep::Release(lease("me", 0)));
    assert_eq!(leaving(Some(Saw(Some(lease("me", 0))))), LastStep::Release(lease("me", 0)));
    assert_eq!(leaving(Some(Saw(Some(lease("other", 0))))), LastStep::Leave);
    assert_eq!(leaving(Some(Saw(None))), LastStep::Leave);
}
