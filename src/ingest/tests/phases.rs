//! Who is admitted, when phases are made ready and begin, and who is told to stop.

use super::*;

#[test]
fn a_clock_that_is_off_by_five_seconds_or_more_is_shown_and_told_at_once() {
    let mut session = session();
    for (ahead, off) in [(0, 0), (4, 0), (5, 1), (300, 1), (-4, 0), (-5, 1), (i64::MIN, 1), (0, 0)] {
        let (before, turn) = (session.view(NOW).clocks_off, session.turn());
        let told = Report { clock_ahead: ahead, ..told(1, Stage::Arrived(0)) };
        session.report(&told, None, NOW).expect("it is known");
        assert_eq!(session.view(NOW).clocks_off, off, "{ahead}");
        if before != off {
            assert!(session.turn() > turn, "{ahead}: nobody is told");
        }
    }
}

#[test]
fn who_does_not_belong_is_refused() {
    let plan = plan();
    let mut session = Session::new(&plan, 7).without_record();
    let sound = registration(&plan, 0, "a");
    let other_protocol = Registration { protocol: PROTOCOL + 1, ..sound.clone() };
    let other_plan = Registration { plan_hash: "x".to_owned(), ..sound.clone() };
    assert!(matches!(session.register(&other_protocol, UNIX_EPOCH), Err(Refusal::Protocol { .. })));
    assert!(matches!(session.register(&other_plan, UNIX_EPOCH), Err(Refusal::Plan { .. })));
    assert_eq!(
        session.register(&registration(&plan, 2, "a"), UNIX_EPOCH),
        Err(Refusal::NoSuchShare { worker: 2, workers: 2 })
    );
    assert!(session.register(&sound, UNIX_EPOCH).is_ok());
    assert!(session.register(&sound, UNIX_EPOCH).is_ok(), "the same process may ask again");
    assert_eq!(session.register(&registration(&plan, 0, "b"), UNIX_EPOCH), Err(Refusal::Taken { worker: 0 }));
    let stranger = Report { process: "b".to_owned(), ..told(0, Stage::Ready(0)) };
    assert_eq!(hear(&mut session, &stranger, NOW), Err(Refusal::Unknown { worker: 0 }));
}

/// Two pods that began before and after a change of a ConfigMap.
#[test]
fn who_has_read_other_data_than_the_others_is_refused_until_they_are_gone() {
    let plan = plan();
    let mut session = Session::new(&plan, 7).without_record();
    let with_data = |worker, process, data: &str| Registration {
        data_hash: data.to_owned(),
        ..registration(&plan, worker, process)
    };
    assert!(session.register(&with_data(0, "a", "old"), UNIX_EPOCH).is_ok());
    assert_eq!(
        session.register(&with_data(1, "b", "new"), UNIX_EPOCH),
        Err(Refusal::Data { expected: "old".to_owned(), told: "new".to_owned() })
    );
    session.gone(0, "a", NOW);
    assert!(session.register(&with_data(1, "b", "new"), UNIX_EPOCH).is_ok());
    assert!(session.register(&with_data(0, "c", "old"), UNIX_EPOCH).is_err());
    assert!(session.register(&with_data(0, "c", "new"), UNIX_EPOCH).is_ok());
}

#[test]
fn a_phase_begins_when_all_are_ready_and_not_before() {
    let mut session = session();
    assert_eq!(directive(&mut session, &told(0, Stage::Ready(0))), Directive::Wait);
    let Directive::Begin { phase: 0, in_micros } = directive(&mut session, &told(1, Stage::Ready(0))) else {
        panic!("both are ready")
    };
    assert!(in_micros > 0, "there is time for the start to reach all");
    assert_eq!(directive(&mut session, &told(0, Stage::Running(0))), Directive::Continue);
    assert_eq!(
        directive(&mut session, &told(0, Stage::Ready(1))),
        Directive::Wait,
        "the other is still at it"
    );
    assert!(matches!(directive(&mut session, &told(1, Stage::Ready(1))), Directive::Begin { phase: 1, .. }));
    assert_eq!(directive(&mut session, &told(0, Stage::Finished)), Directive::Leave);
    assert!(!session.view(NOW).finished);
    assert_eq!(directive(&mut session, &told(1, Stage::Finished)), Directive::Leave);
    assert!(session.view(NOW).finished);
}

#[test]
fn nothing_of_a_phase_is_made_ready_before_all_have_ended_the_one_before() {
    let mut session = session();
    assert_eq!(
        directive(&mut session, &told(0, Stage::Arrived(0))),
        Directive::Wait,
        "the other isn't there"
    );
    let first = Directive::Prepare { phase: 0 };
    assert_eq!(directive(&mut session, &told(1, Stage::Arrived(0))), first);
    assert_eq!(session.answer(0, NOW).map(|answer| answer.directive), Ok(first));
    for stage in [Stage::Preparing(0), Stage::Ready(0), Stage::Running(0), Stage::Arrived(1)] {
        assert_ne!(directive(&mut session, &told(1, stage)), Directive::Prepare { phase: 1 });
    }
    for stage in [Stage::Preparing(0), Stage::Ready(0), Stage::Running(0)] {
        directive(&mut session, &told(0, stage));
        assert_eq!(session.answer(1, NOW).map(|answer| answer.directive), Ok(Directive::Wait));
    }
    assert_eq!(directive(&mut session, &told(0, Stage::Arrived(1))), Directive::Prepare { phase: 1 });
}

#[test]
fn a_report_that_was_overtaken_moves_nobody_back() {
    let mut session = session();
    for worker in [0, 1] {
        directive(&mut session, &told(worker, Stage::Ready(0)));
        directive(&mut session, &told(worker, Stage::Running(0)));
    }
    directive(&mut session, &told(0, Stage::Ready(1)));
    for late in [Stage::Arrived(0), Stage::Ready(0), Stage::Running(0), Stage::Preparing(1)] {
        directive(&mut session, &told(0, late));
    }
    assert!(matches!(directive(&mut session, &told(1, Stage::Ready(1))), Directive::Begin { phase: 1, .. }));
    directive(&mut session, &told(0, Stage::Finished));
    assert_eq!(directive(&mut session, &told(0, Stage::Running(1))), Directive::Leave);
}

#[test]
fn no_phase_begins_in_a_run_that_is_aborted() {
    let mut session = session();
    session.abort("interrupted");
    for worker in [0, 1] {
        assert_eq!(directive(&mut session, &told(worker, Stage::Arrived(0))), Directive::Abort);
        assert_eq!(directive(&mut session, &told(worker, Stage::Ready(0))), Directive::Abort);
    }
    session.lose(1, NOW);
    assert_eq!((session.first_start(), session.view(NOW).phase), (None, None));
}

#[test]
fn nobody_is_admitted_after_the_start() {
    let plan = plan();
    let mut session = Session::new(&plan, 7).without_record();
    session.register(&registration(&plan, 0, "p0"), UNIX_EPOCH).expect("it is admitted");
    session.lose(1, NOW);
    assert!(matches!(directive(&mut session, &told(0, Stage::Ready(0))), Directive::Begin { .. }));
    assert_eq!(session.register(&registration(&plan, 1, "p1"), UNIX_EPOCH), Err(Refusal::TooLate));
    assert_eq!(session.view(NOW).lost, 1);
}

#[test]
fn an_abort_reaches_everyone_and_keeps_its_first_reason() {
    let mut session = session();
    session.abort("interrupted");
    session.abort("again");
    for stage in [Stage::Ready(0), Stage::Running(0)] {
        assert_eq!(directive(&mut session, &told(0, stage)), Directive::Abort);
    }
    assert_eq!(directive(&mut session, &told(0, Stage::Finished)), Directive::Leave);
    assert_eq!(session.view(NOW).aborted.as_deref(), Some("interrupted"));
}
