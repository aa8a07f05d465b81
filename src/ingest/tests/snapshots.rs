//! What snapshots come to, whatever their order, and which of them are refused.

use proptest::prelude::*;

use super::*;
use crate::metrics::{Cell, Outcome, PhaseSnapshot, Second, Snapshot};

#[test]
fn a_snapshot_that_cannot_be_read_changes_nothing() {
    let mut session = session();
    let broken = Report { snapshot: Some(vec![1, 2, 3]), ..told(0, Stage::Finished) };
    assert!(matches!(hear(&mut session, &broken, NOW), Err(Refusal::Unreadable(_))));
    let phases = vec![PhaseSnapshot { phase: 9, ..PhaseSnapshot::default() }];
    let astray =
        Report { snapshot: Some(Snapshot { number: 1, phases }.to_bytes()), ..told(0, Stage::Finished) };
    assert!(matches!(hear(&mut session, &astray, NOW), Err(Refusal::Unreadable(_))));
    assert_eq!(session.measured().aggregate().phases[0].workers, 0);
}

/// A snapshot of the first phase, at one of the workers, with this changed.
fn changed(change: impl FnOnce(&mut PhaseSnapshot)) -> Report {
    let mut phase = PhaseSnapshot::default();
    change(&mut phase);
    Report {
        snapshot: Some(Snapshot { number: 1, phases: vec![phase] }.to_bytes()),
        ..told(0, Stage::Finished)
    }
}

#[test]
fn a_snapshot_of_what_cannot_be_changes_nothing() {
    let sound = Cell { requests: 5, ..Cell::default() };
    let of_step = |step: u32, cell: &Cell| {
        changed(|phase| drop(phase.state.steady.cells.insert((step, Outcome::Succeeded), cell.clone())))
    };
    let of_second = |at: u32| changed(|phase| drop(phase.seconds.insert(at, Second::default())));
    for (report, why) in [
        (of_step(1, &sound), "the plan has one step"),
        (of_step(0, &Cell { requests: u64::MAX, ..Cell::default() }), "nobody sends so much"),
        (of_second(3600), "an hour after a start that was just now"),
        (changed(|phase| phase.phase = 1), "the second phase hasn't begun"),
        (changed(|phase| phase.phase = u32::MAX), "there is no such phase"),
    ] {
        let mut session = session();
        begin(&mut session);
        assert!(matches!(hear(&mut session, &report, NOW), Err(Refusal::Unreadable(_))), "{why}");
        let aggregate = session.measured().aggregate();
        assert_eq!((aggregate.phases[0].workers, session.view(NOW).finished), (0, false), "{why}");
    }
    let mut session = session();
    begin(&mut session);
    assert_eq!(directive(&mut session, &of_step(0, &sound)), Directive::Leave);
    assert_eq!(directive(&mut session, &of_second(5)), Directive::Leave, "clocks aren't all the same");
}

proptest! {
    #[test]
    fn lost_repeated_and_reordered_snapshots_come_to_the_newest(order in prop::collection::vec(1..9_u64, 1..30)) {
        let mut session = session();
        begin(&mut session);
        for number in &order {
            let report = Report { snapshot: Some(snapshot(*number, number * 10)), ..told(0, Stage::Running(0)) };
            hear(&mut session, &report, NOW).expect("it is taken");
        }
        let newest = order.iter().max().copied().unwrap_or(0);
        prop_assert_eq!(session.measured().aggregate().phases[0].state.books.completed, newest * 10);
    }
}
