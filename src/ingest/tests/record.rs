//! What a run with a record keeps to: permission, another epoch, late and silent workers, leaving only after release.

use super::*;

/// A session with a record, with both workers ready for the first phase.
fn gathered() -> Session {
    let mut session = with_workers(Session::new(&plan(), 7));
    for worker in [0, 1] {
        assert_eq!(directive(&mut session, &told(worker, Stage::Ready(0))), Directive::Wait);
    }
    session
}

/// The session of the coordinator that comes after, at [`NOW`].
fn resumed() -> Session {
    Session::resume(&plan(), 7, &owners(), NOW)
}

/// A report of a worker that has begun the first phase so many milliseconds ago.
fn begun(worker: u32, stage: Stage, millis: u64) -> Report {
    Report { begun: vec![Begun { phase: 0, micros_ago: millis * 1000 }], ..told(worker, stage) }
}

#[test]
fn the_first_phase_begins_only_with_those_who_were_written_down() {
    let mut session = with_workers(Session::new(&plan(), 7));
    assert_eq!(session.gathered(), None, "they aren't ready");
    directive(&mut session, &told(0, Stage::Ready(0)));
    assert!(!session.permit(&owners(), NOW), "one of them isn't ready");
    let mut session = gathered();
    assert_eq!(session.gathered(), Some(owners()));
    for others in [vec!["p0".to_owned(), "x".to_owned()], vec!["p0".to_owned()], vec![]] {
        assert!(!session.permit(&others, NOW), "{others:?}");
    }
    assert!(!session.has_begun());
    assert!(session.permit(&owners(), NOW));
    assert!(session.has_begun());
    assert_eq!(session.gathered(), None, "it has been permitted");
    assert!(matches!(directive(&mut session, &told(0, Stage::Ready(0))), Directive::Begin { phase: 0, .. }));
}

#[test]
fn a_run_that_is_aborted_before_the_start_is_not_permitted_any_more() {
    let mut session = gathered();
    session.abort("denied");
    assert!(!session.permit(&owners(), NOW));
    assert!(!session.has_begun());
}

#[test]
fn a_process_that_is_gone_makes_room_before_the_start_and_is_lost_after() {
    let mut session = gathered();
    session.gone(1, "another", NOW);
    assert_eq!(session.gathered(), Some(owners()), "it wasn't that one's");
    session.gone(1, "p1", NOW);
    assert_eq!((session.owners(), session.view(NOW).lost), (vec![Some("p0".to_owned()), None], 0));
    assert!(!session.permit(&owners(), NOW), "one of those who were written down is gone");
    session.register(&registration(&plan(), 1, "p1b"), UNIX_EPOCH).expect("its place is free");
    let next = Report { process: "p1b".to_owned(), ..told(1, Stage::Ready(0)) };
    assert_eq!(directive(&mut session, &next), Directive::Wait);
    assert_eq!(
        hear(&mut session, &told(1, Stage::Ready(0)), NOW),
        Err(Refusal::Unknown { worker: 1 }),
        "the one that is gone still had a report on its way"
    );
    assert!(session.permit(&["p0".to_owned(), "p1b".to_owned()], NOW));
    session.gone(1, "p1b", NOW);
    assert_eq!(session.view(NOW).lost, 1);
    assert_eq!(
        session.register(&registration(&plan(), 1, "p1c"), UNIX_EPOCH),
        Err(Refusal::Taken { worker: 1 })
    );
}

#[test]
fn a_worker_that_is_through_and_gone_is_not_lost() {
    let mut session = session();
    begin(&mut session);
    directive(&mut session, &told(0, Stage::Finished));
    session.gone(0, "p0", NOW);
    session.lose(0, NOW);
    assert_eq!(session.view(NOW).lost, 0);
    session.gone(1, "p1", NOW);
    let view = session.view(NOW);
    assert_eq!((view.lost, view.finished), (1, true));
}

#[test]
fn nobody_new_is_admitted_to_a_run_that_was_taken_up() {
    let mut session = resumed();
    assert!(session.has_begun());
    assert!(session.register(&registration(&plan(), 0, "p0"), UNIX_EPOCH).is_ok(), "it is written down");
    assert_eq!(
        session.register(&registration(&plan(), 1, "other"), UNIX_EPOCH),
        Err(Refusal::Taken { worker: 1 })
    );
    let mut session = Session::resume(&plan(), 7, &owners()[..1], NOW);
    assert_eq!(session.register(&registration(&plan(), 1, "p1"), UNIX_EPOCH), Err(Refusal::TooLate));
    session.gone(0, "p0", NOW);
    assert_eq!(session.view(NOW).lost, 1);
}

#[test]
fn a_run_that_was_taken_up_learns_from_its_workers_when_phases_began() {
    let mut session = resumed();
    assert_eq!(session.first_start(), None);
    // The first report was long on its way.
    let now = NOW + SECOND;
    assert_eq!(directive_at(&mut session, &begun(0, Stage::Running(0), 5000), now), Directive::Continue);
    directive_at(&mut session, &begun(1, Stage::Running(0), 5800), now);
    assert_eq!(session.first_start(), Some(now.saturating_sub(Duration::from_millis(5800))));
    let none_of_the_plan =
        Report { begun: vec![Begun { phase: 9, micros_ago: 0 }], ..told(0, Stage::Running(0)) };
    directive_at(&mut session, &none_of_the_plan, now);
    for worker in [0, 1] {
        directive_at(&mut session, &begun(worker, Stage::Ready(1), 7000), now + SECOND);
    }
    let view = session.view(now + SECOND);
    assert_eq!(view.phase.map(|(phase, _)| phase), Some(1), "it goes on from there");
}

#[test]
fn a_run_that_was_taken_up_just_after_the_permission_begins_with_its_first_phase() {
    let mut session = resumed();
    assert_eq!(directive(&mut session, &told(0, Stage::Ready(0))), Directive::Wait);
    assert!(matches!(directive(&mut session, &told(1, Stage::Ready(0))), Directive::Begin { phase: 0, .. }));
}

#[test]
fn a_session_that_has_seen_all_of_the_run_learns_no_start_from_a_worker() {
    let mut session = session();
    let start = begin(&mut session);
    let early =
        Report { begun: vec![Begun { phase: 1, micros_ago: 0 }], ..begun(0, Stage::Running(0), 60_000) };
    directive(&mut session, &early);
    assert_eq!(
        (session.first_start(), session.view(NOW).phase.map(|(phase, _)| phase)),
        (Some(start), Some(0))
    );
    assert_eq!(session.lost(), [0], "it has run what nobody else did");
}

#[test]
fn whoever_hears_of_a_start_a_second_late_is_lost_and_told_to_stop() {
    let mut session = session();
    both(&mut session, &Stage::Ready(0));
    let start = session.first_start().expect("both are ready");
    let ready = told(1, Stage::Ready(0));
    let just = directive_at(&mut session, &ready, start + SECOND);
    assert_eq!(just, Directive::Begin { phase: 0, in_micros: 0 });
    assert_eq!(
        directive_at(&mut session, &ready, start + SECOND + Duration::from_micros(1)),
        Directive::Abort
    );
    assert_eq!(session.view(NOW).lost, 1);
    assert_eq!(directive_at(&mut session, &told(1, Stage::Running(0)), start + SECOND), Directive::Abort);
}

#[test]
fn whoever_was_told_in_time_and_yet_began_a_second_late_is_lost_as_well() {
    let mut session = session();
    let start = begin(&mut session);
    let millis = Duration::from_millis;
    // The answer took 1.5 seconds.
    directive_at(&mut session, &begun(1, Stage::Running(0), 500), start + millis(2000));
    assert_eq!(session.view(NOW).lost, 0, "it may be the report that took so long");
    directive_at(&mut session, &begun(1, Stage::Arrived(1), 2500), start + millis(4000));
    assert_eq!(session.view(NOW).lost, 1);
    directive_at(&mut session, &begun(1, Stage::Arrived(1), 4500), start + millis(5400));
    assert_eq!(session.view(NOW).lost, 0, "it was the reports");
}

#[test]
fn a_report_of_another_epoch_counts_nothing() {
    let mut session = session();
    begin(&mut session);
    let report = Report { epoch: 6, snapshot: Some(snapshot(5, 50)), ..told(0, Stage::Finished) };
    let answer = hear(&mut session, &report, NOW).expect("it is answered");
    assert_eq!((answer.epoch, answer.acknowledged, answer.directive), (7, 0, Directive::Continue));
    assert_eq!(session.measured().aggregate().phases[0].workers, 0);
    assert!(!session.view(NOW).finished);
}

#[test]
fn whoever_is_through_waits_until_what_was_measured_is_stored() {
    let mut session = gathered();
    assert!(session.permit(&owners(), NOW));
    for worker in [0, 1] {
        assert_eq!(directive(&mut session, &told(worker, Stage::Finished)), Directive::Wait);
    }
    assert!(session.view(NOW).finished);
    session.release();
    assert_eq!(directive(&mut session, &told(0, Stage::Finished)), Directive::Leave);
}

#[test]
fn whoever_says_nothing_for_a_minute_of_the_load_is_lost() {
    let mut session = gathered();
    let minute = Duration::from_mins(1);
    session.lose_the_silent(NOW + 2 * minute);
    assert_eq!(session.view(NOW).lost, 0, "before the start, others watch over them");
    assert!(session.permit(&owners(), NOW));
    directive_at(&mut session, &told(0, Stage::Running(0)), NOW + minute);
    session.lose_the_silent(NOW + minute);
    assert_eq!(session.view(NOW).lost, 0);
    session.lose_the_silent(NOW + minute + SECOND);
    assert_eq!(session.view(NOW).lost, 1);
    assert!(
        matches!(
            directive_at(&mut session, &told(0, Stage::Ready(1)), NOW + 2 * minute),
            Directive::Begin { phase: 1, .. }
        ),
        "nobody waits for it"
    );
    assert_eq!(directive_at(&mut session, &told(1, Stage::Running(0)), NOW + 2 * minute), Directive::Abort);
}

#[test]
fn whoever_is_silent_since_a_run_was_taken_up_is_lost() {
    let mut session = resumed();
    session.lose_the_silent(NOW + Duration::from_mins(1));
    assert_eq!(session.view(NOW).lost, 0);
    session.lose_the_silent(NOW + Duration::from_secs(61));
    assert_eq!(session.view(NOW).lost, 2);
}

#[test]
fn many_workers_report_less_often_each() {
    for (workers, want) in [(1, SECOND), (50, SECOND), (51, Duration::from_millis(1020)), (1000, 20 * SECOND)]
    {
        let plan = plan_of(workers);
        let admission = Session::new(&plan, 7)
            .register(&registration(&plan, 0, "p0"), UNIX_EPOCH)
            .expect("it is admitted");
        assert_eq!(admission.interval, want, "{workers} workers");
    }
}
