//! What a session does with those who are cut off between two phases, and with what they did meanwhile.

use super::*;
use crate::plan::executor::Idle;

const MILLI: Duration = Duration::from_millis(1);
/// When the second phase begins by itself, from the start of the first one: that is idle for 20 s.
const ONWARD: Duration = Duration::from_secs(21);

/// Two workers, and an idle phase before another one.
fn idle() -> Plan {
    let mut plan = plan();
    let duration = 20 * SECOND;
    plan.phases[0].executor = Idle { duration }.into();
    plan.phases[0].deadline = duration;
    plan.phases[1] = plan.phases[0].clone();
    plan
}

/// A run of it whose first phase has begun, and when that was.
fn running() -> (Session, Duration) {
    let mut session = with_workers(Session::new(&idle(), 7).without_record());
    let start = begin(&mut session);
    (session, start)
}

/// A report of a worker that has begun the first phase at `starts[0]`, and so on.
fn since(worker: u32, stage: Stage, starts: &[Duration], now: Duration) -> Report {
    let ago = |start: &Duration| u64::try_from(now.saturating_sub(*start).as_micros()).expect("it is short");
    let begun = starts.iter().enumerate().map(|(phase, start)| Begun { phase, micros_ago: ago(start) });
    Report { begun: begun.collect(), ..told(worker, stage) }
}

/// The first worker waits for the second phase from `20 s` on; the other one is silent since `heard`, from the start.
fn waiting(heard: Duration) -> (Session, Duration) {
    let (mut session, start) = running();
    directive_at(&mut session, &told(1, Stage::Running(0)), start + heard);
    directive_at(&mut session, &told(0, Stage::Arrived(1)), start + 20 * SECOND);
    (session, start)
}

/// Who hears what now.
fn hears(session: &Session, worker: u32, now: Duration) -> Directive {
    session.answer(worker, now).expect("it takes part").directive
}

#[test]
fn those_who_are_heard_begin_when_those_who_are_cut_off_do() {
    let (mut session, start) = waiting(5 * SECOND);
    assert_eq!(hears(&session, 0, start + 20 * SECOND), Directive::Prepare { phase: 1 });
    let now = start + 20 * SECOND + 100 * MILLI;
    let begin = Directive::Begin { phase: 1, in_micros: 900_000 };
    assert_eq!(directive_at(&mut session, &told(0, Stage::Ready(1)), now), begin);
    // The other one comes back just before.
    let now = start + 20_700 * MILLI;
    let arrived = directive_at(&mut session, &told(1, Stage::Arrived(1)), now);
    assert_eq!(arrived, Directive::Prepare { phase: 1 });
    let begin = Directive::Begin { phase: 1, in_micros: 300_000 };
    assert_eq!(directive_at(&mut session, &told(1, Stage::Ready(1)), now), begin);
}

#[test]
fn nobody_goes_on_without_one_that_may_still_be_heard() {
    for (heard, told_at, goes_on) in [
        (8900, 20_000, true),
        // Its own clock tells it of its being cut off a second later than the session's.
        (9_100, 20_200, false),
        (19_000, 20_900, false),
        // Too late.
        (5_000, 21_000, false),
    ] {
        let (mut session, start) = waiting(heard * MILLI);
        let now = start + told_at * MILLI;
        let is_made_ready = hears(&session, 0, now) == Directive::Prepare { phase: 1 };
        let answer = directive_at(&mut session, &told(0, Stage::Ready(1)), now);
        assert_eq!(
            (is_made_ready, answer != Directive::Wait),
            (goes_on, goes_on),
            "{heard} ms, {told_at} ms"
        );
    }
}

#[test]
fn whoever_waits_looks_again_at_the_moment_from_which_the_other_is_cut_off() {
    let (session, start) = waiting(9500 * MILLI);
    assert_eq!(session.next_moment(start + 20 * SECOND), Some(start + 20_500 * MILLI));
    assert_eq!(session.next_moment(start + 10 * SECOND), Some(start + 18 * SECOND), "it is made ready then");
    assert_eq!(session.next_moment(start + 20_500 * MILLI), None);
    let unknown = begin(&mut self::session());
    assert_eq!(self::session().next_moment(unknown), None, "nobody knows how long a burst takes");
}

#[test]
fn whoever_comes_back_is_a_full_member_if_it_began_with_the_others() {
    for (late, lost) in [(0, 0), (900, 0), (1_100, 1)] {
        let (mut session, start) = waiting(5 * SECOND);
        let now = start + 20 * SECOND;
        directive_at(&mut session, &told(0, Stage::Ready(1)), now);
        let starts = [start, start + ONWARD + late * MILLI];
        let now = start + 43 * SECOND;
        let answer = directive_at(&mut session, &since(1, Stage::Finished, &starts, now), now);
        assert_eq!((answer, session.view(now).lost), (Directive::Leave, lost), "{late} ms late");
    }
}

#[test]
fn whoever_began_while_others_waited_or_before_them_is_lost() {
    // The first worker has waited in vain; or the phase was begun without the other one, a minute later.
    for is_begun in [false, true] {
        let (mut session, start) = waiting(15 * SECOND);
        let now = start + 25 * SECOND;
        let mut now = now;
        directive_at(&mut session, &told(0, Stage::Ready(1)), now);
        if is_begun {
            now = start + 80 * SECOND;
            directive_at(&mut session, &told(0, Stage::Ready(1)), now);
            session.lose_the_silent(now);
            assert!(matches!(hears(&session, 0, now), Directive::Begin { phase: 1, .. }));
        }
        let report = Report {
            snapshot: Some(snapshot(1, 70)),
            ..since(1, Stage::Running(1), &[start, start + ONWARD], now)
        };
        let answer = hear(&mut session, &report, now).expect("it is answered");
        assert_eq!((answer.directive, answer.acknowledged), (Directive::Abort, 1), "so that it leaves");
        assert_eq!(session.view(now).lost, 1);
        assert_eq!(
            session.measured().aggregate().phases[0].workers,
            0,
            "what it tells now may be of any time"
        );
        let begins = directive_at(&mut session, &told(0, Stage::Ready(1)), now);
        assert!(matches!(begins, Directive::Begin { phase: 1, .. }), "nobody waits for it: {begins:?}");
    }
}

#[test]
fn a_phase_that_all_have_begun_by_themselves_has_begun() {
    let (mut session, start) = running();
    let now = start + 30 * SECOND;
    for (worker, late) in [(0, 200), (1, 500)] {
        let starts = [start, start + ONWARD + late * MILLI];
        let answer = directive_at(&mut session, &since(worker, Stage::Running(1), &starts, now), now);
        assert_eq!(answer, Directive::Continue);
    }
    let view = session.view(now);
    assert_eq!((view.lost, view.phase), (0, Some((1, 9 * SECOND))));
}

#[test]
fn a_start_that_no_plan_tells_of_is_taken_from_nobody() {
    for at in [9, 18] {
        let (mut session, start) = running();
        let now = start + 30 * SECOND;
        let starts = [start, start + at * SECOND];
        let answer = directive_at(&mut session, &since(1, Stage::Running(1), &starts, now), now);
        assert_eq!((answer, session.view(now).lost), (Directive::Abort, 1));
    }
}

#[test]
fn of_those_who_began_apart_under_another_coordinator_the_late_one_is_lost() {
    let mut session = Session::resume(&idle(), 7, &owners(), NOW);
    let (start, now) = (NOW.saturating_sub(50 * SECOND), NOW + SECOND);
    for (worker, at) in [(0, 27), (1, 21)] {
        let starts = [start, start + at * SECOND];
        directive_at(&mut session, &since(worker, Stage::Finished, &starts, now), now);
    }
    assert_eq!((session.lost(), session.view(now).finished), (vec![0], true));
}

#[test]
fn whoever_was_never_heard_since_a_run_was_taken_up_may_have_gone_on() {
    let start = NOW.saturating_sub(15 * SECOND);
    let mut session = Session::resume(&idle(), 7, &owners(), NOW);
    directive_at(&mut session, &since(0, Stage::Running(0), &[start], NOW), NOW);
    let now = start + 20 * SECOND;
    let arrived = directive_at(&mut session, &since(0, Stage::Arrived(1), &[start], now), now);
    assert_eq!(arrived, Directive::Prepare { phase: 1 });
    let begin = directive_at(&mut session, &since(0, Stage::Ready(1), &[start], now), now);
    assert_eq!(begin, Directive::Begin { phase: 1, in_micros: 1_000_000 });
}
