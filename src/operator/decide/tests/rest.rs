//! What comes next where no run is under way: another run, another judgement, or nothing.

use super::super::{Decision, Refused, decide};
use super::check;
use crate::operator::build::status;
use crate::operator::seen::Child;
use crate::operator::tests::makers::{ATest, a_test, last_for, noon};

fn after_refusal(test: ATest) -> ATest {
    let Decision::Refuse(refused) = decide(&test.clone().seen()) else { panic!("it isn't refused") };
    test.with_status(|test| status::refused(test, &refused, noon()))
}

fn aborted(test: &ATest) -> Decision {
    Decision::Refuse(Refused::Aborted(test.plan().hash))
}

fn told(test: ATest) -> ATest {
    test.with_status(status::still)
}

#[test]
fn a_run_starts_when_load_or_name_differ_from_those_of_the_last() {
    for (what, test, next) in [
        ("nothing has run yet", a_test(), Decision::Begin),
        ("what has run is what is asked for", a_test().complete(), Decision::Rest),
        ("another load", a_test().complete().with_other_load(), Decision::Begin),
        ("another name", a_test().complete().with_run_id("again"), Decision::Begin),
        ("other requirements", a_test().complete().with_other_requirements(), Decision::Rejudge),
        ("only the generation", a_test().complete().edited(|_| ()), Decision::Rejudge),
        (
            "other requirements, judged already",
            told(a_test().complete().with_other_requirements()),
            Decision::Rest,
        ),
    ] {
        check(what, test, &next);
    }
}

#[test]
fn while_abort_is_set_nothing_starts_and_unsetting_it_starts_nothing() {
    let lifted = |test: ATest| test.edited(|spec| spec.abort = Some(false));
    let never_ran = || after_refusal(a_test().with_abort());
    let other_load = || a_test().complete().with_other_load().with_abort();
    for (what, test, next) in [
        ("set from the first", a_test().with_abort(), aborted(&a_test())),
        ("and told", never_ran(), Decision::Rest),
        ("another load while it is set", never_ran().with_other_load(), aborted(&a_test().with_other_load())),
        ("unset before anything ran", lifted(never_ran()), Decision::Rejudge),
        ("unset, told", told(lifted(never_ran())), Decision::Rest),
        ("another load with the unsetting", lifted(never_ran()).with_other_load(), Decision::Begin),
        ("another name after it", told(lifted(never_ran())).with_run_id("again"), Decision::Begin),
        ("after the run", a_test().complete().with_abort(), Decision::Rejudge),
        ("after the run, told", told(a_test().complete().with_abort()), Decision::Rest),
        ("unset after the run", lifted(told(a_test().complete().with_abort())), Decision::Rejudge),
        ("with another load", other_load(), aborted(&other_load())),
        ("unset with another load", lifted(after_refusal(other_load())), Decision::Rejudge),
    ] {
        check(what, test, &next);
    }
}

#[test]
fn a_spec_that_cannot_run_is_refused_once_and_what_ran_before_is_judged_again_when_it_is_mended() {
    let mended = |test: ATest| test.edited(|spec| last_for(spec, "2m"));
    let refused = after_refusal(a_test().with_invalid_spec());
    check("told", refused.clone(), &Decision::Rest);
    check("mended, nothing has run", mended(refused), &Decision::Begin);

    let refused = after_refusal(a_test().complete().with_invalid_spec());
    check("told, after a run", refused.clone(), &Decision::Rest);
    check("mended, after a run", mended(refused.clone()), &Decision::Rejudge);
    check("mended to another load", mended(refused).with_other_load(), &Decision::Begin);
}

#[test]
fn a_run_that_was_only_numbered_is_no_run_of_its_load() {
    let numbered = after_refusal(a_test().with_run().with_invalid_spec());
    let mended = numbered.edited(|spec| last_for(spec, "2m"));
    check("the load of run 1 is asked for, but it never ran", mended.with_children(), &Decision::Begin);
    check(
        "before anything is made of it, another load is asked for",
        a_test().with_run().with_other_load(),
        &Decision::Begin,
    );
}

#[test]
fn a_judged_run_is_cleared_until_nothing_of_it_is_left() {
    let complete = || a_test().complete().with_children();
    check("only the finalizer is left", complete().with_finalizer(), &Decision::Clear);
    check("nothing is left", complete(), &Decision::Rest);
    check("another's ConfigMap has the name", complete().but(|run| run.spec = foreign()), &Decision::Rest);
    check(
        "changed meanwhile: it is cleared first",
        complete().with_finalizer().with_other_load(),
        &Decision::Clear,
    );
}

#[test]
fn an_object_that_is_going_is_let_go_from_anywhere() {
    for (what, test) in [
        ("at rest", a_test().complete().with_finalizer()),
        ("starting", a_test().starting()),
        ("gathered", a_test().gathered()),
        ("running", a_test().begun()),
        ("through", a_test().through()),
        ("invalid", a_test().with_invalid_spec().with_finalizer()),
    ] {
        check(what, test.deleted(), &Decision::Remove);
    }
    check("nothing holds it", a_test().deleted(), &Decision::Rest);
}

fn foreign<T>() -> Child<T> {
    Child::Foreign("ConfigMap shop-run-1-spec".to_owned())
}
