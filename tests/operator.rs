//! The operator as people install it, in a real cluster: by the commands of README, with workers in pods.
//!
//! All tests share one installation, and it is taken away at the end however they end: the cluster is that of other
//! tests too. So this binary has a `main` of its own; names, filters and `--list` are those of every other test.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

#[path = "operator/away.rs"]
mod away;
#[path = "operator/changes.rs"]
mod changes;
#[path = "operator/data.rs"]
mod data;
#[path = "operator/drained.rs"]
mod drained;
#[path = "operator/ending.rs"]
mod ending;
#[path = "operator/figures.rs"]
mod figures;
#[path = "operator/five_minutes.rs"]
mod five_minutes;
#[path = "operator/forged.rs"]
mod forged;
#[path = "operator/gates.rs"]
mod gates;
#[path = "operator/ill.rs"]
mod ill;
#[path = "operator/local.rs"]
mod local;
#[path = "operator/lost.rs"]
mod lost;
#[path = "operator/outage.rs"]
mod outage;
#[path = "operator/quickstart.rs"]
mod quickstart;
#[path = "operator/rights.rs"]
mod rights;
#[path = "operator/secrets.rs"]
mod secrets;
#[path = "operator/sent.rs"]
mod sent;
#[path = "operator/starting.rs"]
mod starting;
#[path = "operator/starved.rs"]
mod starved;
mod support;
#[path = "operator/table.rs"]
mod table;
#[path = "operator/takeover.rs"]
mod takeover;
#[path = "operator/turns.rs"]
mod turns;
#[path = "operator/velro.rs"]
mod velro;
#[path = "operator/verdicts.rs"]
mod verdicts;
#[path = "operator/written.rs"]
mod written;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use libtest_mimic::{Arguments, Trial};
use support::installation::Installation;
use turns::{Needs, Turns};

/// So many are under way at once: most of them wait for something most of their time.
const AT_ONCE: usize = 4;

struct Test {
    name: &'static str,
    needs: Needs,
    run: fn(&Installation),
}

/// Each name once, as a path and as a text.
macro_rules! tests {
    ($($needs:ident $topic:ident::$name:ident),* $(,)?) => {
        &[$(Test { name: stringify!($name), needs: Needs::$needs, run: $topic::$name }),*]
    };
}

/// Those that take longest first, so that none of them is left when all others are over.
const TESTS: &[Test] = tests![
    Nothing drained::a_worker_on_a_node_that_is_drained_or_dies_is_lost_and_told,
    Nothing lost::a_worker_that_is_evicted_killed_or_cut_off_is_lost_and_told,
    Cores velro::a_cluster_finds_what_a_run_without_one_finds,
    Nothing away::a_namespace_that_is_deleted_in_mid_run_goes_with_all_that_is_in_it,
    Nothing gates::runs_without_a_verdict_are_written_as_committed,
    Nothing verdicts::stages_and_verdicts_are_written_as_committed,
    Cores quickstart::quickstart_is_told_as_it_goes_and_counted_exactly,
    Nothing forged::a_report_by_anybody_but_the_runs_own_workers_is_refused,
    Nothing forged::a_forged_status_is_refused_and_without_the_policy_it_is_written_over,
    Cores five_minutes::the_five_minutes_of_readme_are_as_told,
    Nothing starting::what_keeps_workers_from_a_node_is_told,
    Nothing starting::what_a_quota_refuses_is_told,
    Nothing starting::a_worker_killed_before_the_start_is_replaced_and_the_run_is_valid,
    Nothing changes::a_changed_requirement_is_judged_without_load_and_a_changed_load_waits_for_its_turn,
    Nothing ill::a_target_that_is_ill_is_counted_by_its_classes_and_workers_keep_their_memory,
    Nothing starved::a_worker_with_a_tenth_of_a_cpu_is_told_and_not_believed,
    Nothing starved::users_for_whom_a_worker_has_no_ports_are_told_and_nothing_is_sent,
    Nothing data::rows_of_a_config_map_reach_the_target_and_a_missing_one_is_told,
    Nothing sent::files_of_a_config_map_and_who_the_load_is_reach_the_target,
    Nothing secrets::a_secret_reaches_the_target_and_stands_nowhere_else,
    Nothing starting::a_worker_without_memory_is_told,
    Nothing ending::an_abort_ends_the_load_and_is_idempotent,
    Nothing ending::a_deletion_ends_the_load_and_leaves_nothing,
    Operator figures::figures_are_told,
    Operator takeover::counts_are_exact_after_the_operator_was_stopped_upgraded_and_out_of_memory_in_mid_run,
    Operator outage::loads_go_on_without_an_api_server_and_are_told_when_it_is_back,
    Operator away::what_befalls_runs_while_the_operator_is_away_is_made_good_when_it_is_back,
    Operator gates::a_right_that_is_missing_is_written_as_committed,
    Operator starting::an_image_that_is_missing_is_told,
];

/// Made by the first test that is run; none: this machine can't hold a cluster, which is said.
static INSTALLATION: OnceLock<RwLock<Option<Installation>>> = OnceLock::new();

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let turns = Arc::new(Turns::new(arguments.test_threads.unwrap_or(AT_ONCE).clamp(1, AT_ONCE)));
    // All of them wait for their turns, which are what is scarce.
    arguments.test_threads = Some(TESTS.len());
    let trials = TESTS.iter().enumerate().map(|(place, test)| {
        let turns = Arc::clone(&turns);
        Trial::test(test.name, move || {
            in_turn(&turns, place, test);
            Ok(())
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if let Some(shared) = INSTALLATION.get() {
        drop(shared.write().unwrap_or_else(PoisonError::into_inner).take());
        turns.tell();
    }
    figures::tell();
    conclusion.exit_code()
}

/// Runs a test when it is its turn. A failed one leaves nothing half done behind the lock.
fn in_turn(turns: &Turns, place: usize, test: &Test) {
    let waiting = turns.come(place, test.needs);
    // This takes a while, in which all others come too.
    let shared = INSTALLATION.get_or_init(|| Installation::new().into());
    let _turn = waiting.take(test.name);
    let installation = shared.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(installation) = &*installation {
        (test.run)(installation);
    }
}
