//! Faults of the operator's world, at a real API server and with workers that are processes of this machine.
//!
//! The operator speaks to the API server through a proxy, with the rights that the chart gives and no more. Pods are
//! made by the Job as ever; no node takes them, and the test plays them. What the load was, nginx's log tells.
//!
//! All tests share the definition of `LoadTest`s, and it is taken away at the end however they end: the cluster is that of
//! other tests too. So this binary has a `main` of its own; names, filters and `--list` are those of every other test.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "faults/abort.rs"]
mod abort;
#[path = "faults/campaign.rs"]
mod campaign;
#[path = "faults/clocks.rs"]
mod clocks;
#[path = "faults/courses.rs"]
mod courses;
#[path = "support/finished.rs"]
mod finished;
#[path = "faults/forbidden.rs"]
mod forbidden;
#[path = "faults/forged.rs"]
mod forged;
#[path = "faults/killed.rs"]
mod killed;
#[path = "faults/lease.rs"]
mod lease;
#[path = "faults/many.rs"]
mod many;
#[path = "faults/protocol.rs"]
mod protocol;
#[path = "faults/restart.rs"]
mod restart;
#[path = "faults/rough.rs"]
mod rough;
#[path = "support/sample.rs"]
mod sample;
#[path = "faults/search.rs"]
mod search;
#[path = "faults/second.rs"]
mod second;
#[path = "faults/storing.rs"]
mod storing;
#[path = "faults/storm.rs"]
mod storm;
mod support;
#[path = "faults/token.rs"]
mod token;
#[path = "faults/two_leaders.rs"]
mod two_leaders;
#[path = "faults/world.rs"]
mod world;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use support::loadtests::runtime;
use tokio::sync::Semaphore;
#[allow(clippy::wildcard_imports, reason = "the list of these modules stands in one place")]
use world::*;

/// What the test is called.
const NAME: &str = "shop";
/// Nothing that is awaited takes so long: what does, hangs.
const LIMIT: Duration = Duration::from_mins(3);
/// So many stages are played on at once: most of them wait for something most of their time.
static PLACES: Semaphore = Semaphore::const_new(8);
/// So many tests are under way at once, most of which wait for a place.
const AT_ONCE: usize = 24;

/// A test by its name.
type Test = (&'static str, fn() -> Pin<Box<dyn Future<Output = ()>>>);

/// Each name once, as a path and as a text.
macro_rules! tests {
    ($($topic:ident::$name:ident),* $(,)?) => {
        &[$((stringify!($name), || Box::pin($topic::$name()))),*]
    };
}

const TESTS: &[Test] = tests![
    killed::a_kill_before_or_after_any_write_of_a_run_changes_nothing,
    killed::a_kill_before_or_after_any_write_of_an_abort_changes_nothing,
    killed::a_kill_before_or_after_any_write_of_a_deletion_changes_nothing,
    lease::a_holder_whose_lease_is_deleted_in_mid_run_ends_and_the_next_goes_on,
    lease::a_holder_whose_lease_is_stolen_in_mid_run_ends_and_the_next_goes_on,
    protocol::workers_of_another_release_are_refused_and_that_is_told,
    protocol::an_operator_of_another_release_refuses_the_workers_of_a_run_under_way_and_that_is_told,
    second::a_second_pod_for_a_share_is_fenced_and_the_counts_are_exact,
    search::a_search_whose_operator_is_killed_at_several_levels_finds_the_same,
    abort::a_second_abort_changes_nothing,
    abort::an_abort_of_what_is_complete_changes_nothing,
    leaving::a_deletion_names_the_pod_that_it_waits_for_and_does_not_wait_for_ever,
    storing::a_verdict_does_not_wait_for_a_store_that_is_forbidden_and_the_result_comes_later,
    storing::a_verdict_does_not_wait_for_a_store_that_is_slow_and_the_result_comes_later,
    storing::a_result_that_is_too_large_is_kept_with_less_and_can_be_judged_again,
    abort::an_abort_from_the_first_starts_nothing_also_when_it_is_unset,
    abort::an_abort_ends_the_load_although_its_pods_cannot_be_listed,
    forbidden::a_right_that_is_taken_away_is_named_and_the_run_goes_on_when_it_is_back,
    clocks::a_worker_whose_clock_is_off_by_five_minutes_is_told_and_changes_nothing,
    clocks::an_operators_clock_that_jumps_by_an_hour_changes_nothing,
    two_leaders::a_leader_that_stood_still_for_a_minute_writes_nothing_and_ends,
    token::a_workers_token_that_is_renewed_again_and_again_costs_no_report,
    many::a_hundred_tests_at_once_are_each_run_and_counted_exactly,
    restart::runs_wait_for_no_finished_test_after_a_restart_and_each_of_those_is_looked_at,
    rough::an_api_server_that_is_busy_for_a_minute_is_not_pressed_and_the_run_goes_on,
    rough::errors_on_one_in_five_calls_change_nothing,
    rough::what_is_made_without_an_answer_is_made_once,
    rough::an_api_server_that_gives_no_answer_is_given_up_and_found_again,
    rough::others_who_write_the_object_all_the_time_keep_nothing_from_its_end,
    rough::watches_that_lose_double_and_delay_events_change_nothing,
    rough::a_list_from_before_brings_no_stage_back,
    campaign::whatever_befalls_a_run_nothing_is_lost_or_doubled_and_no_pass_is_false,
    forbidden::a_right_that_the_next_operator_lacks_in_mid_run_is_named,
    forged::a_status_that_is_forged_in_mid_run_while_nobody_leads_changes_nothing,
    forged::a_status_that_is_forged_at_rest_is_written_over_by_what_is_stored,
];

fn main() -> ExitCode {
    let trials = TESTS.iter().map(|(name, test)| {
        Trial::test(*name, || {
            if is_ready() {
                runtime().block_on(test());
            }
            Ok(())
        })
    });
    let mut arguments = Arguments::from_args();
    // Stages are what is scarce, and they are counted.
    arguments.test_threads = Some(arguments.test_threads.unwrap_or(AT_ONCE));
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if READY.get() == Some(&true) {
        runtime().block_on(definition::take_away());
    }
    conclusion.exit_code()
}

static READY: OnceLock<bool> = OnceLock::new();

/// Whether there is a cluster, and the definition in it; the first test that is run brings it.
fn is_ready() -> bool {
    *READY.get_or_init(|| runtime().block_on(definition::bring()))
}

/// What is awaited, within a limit.
async fn within<T>(limit: Duration, what: &str, awaited: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(limit, awaited).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {limit:?}"))
}
