//! Error burst: failures that are concentrated in a few seconds, or in one class.

use super::super::seen::Seen;
use super::loads;
use crate::metrics::summary::{Names, ppm};
use crate::metrics::{Aggregate, Cell, ErrorClass};
use crate::plan::Plan;
use crate::plan::figure::Figure;
use crate::verdict::{Finding, Severity};

/// Fewer failures than this show no pattern.
const FEWEST_FAILURES: u64 = 10;
/// Failures are of one kind when so many of a hundred are.
const CONCENTRATED_PERCENT: u64 = 80;
/// They came at once when they fell into this part of the phase's seconds, or fewer.
const FEW_SECONDS_PART: usize = 10;
/// In shorter phases every second is a large part.
const FEWEST_SECONDS: usize = 10;
/// From here on one class alone is worth a word though it is spread over the whole phase: 1 %.
const NOTABLE_PPM: u32 = 10_000;
/// From here on every tenth user meets it.
const GRAVE_PPM: u32 = 100_000;

/// One finding a phase.
pub(super) fn find(plan: &Plan, aggregate: &Aggregate) -> Vec<Finding> {
    loads(plan, aggregate).filter_map(|seen| in_phase(plan, &seen)).collect()
}

fn in_phase(plan: &Plan, seen: &Seen<'_>) -> Option<Finding> {
    let cell = seen.measured.state.whole().pooled(None, None);
    let failed = cell.errors.total();
    if failed < FEWEST_FAILURES {
        return None;
    }
    let (class, of_class) = cell.errors.ranked().into_iter().next().map(|(class, count)| (*class, count))?;
    let share = ppm(failed, cell.requests);
    let issue = match burst(seen, failed) {
        Some(burst) => format!("Failures came in a burst in phase {}: {burst}", seen.phase.name),
        None if share >= NOTABLE_PPM && is_concentrated(of_class, failed) => {
            format!("Failures in phase {} are of one kind: {}", seen.phase.name, class_name(plan, class))
        }
        None => return None,
    };
    Some(Finding {
        rule: "error-burst".to_owned(),
        severity: severity(share),
        issue,
        evidence: evidence(plan, &cell),
        impact: "Users that met it got no answer, or a wrong one.".to_owned(),
        recommendation: causes(class).to_owned(),
    })
}

/// The fewest seconds that hold most of the failures, if they are few.
fn burst(seen: &Seen<'_>, failed: u64) -> Option<String> {
    let seconds = &seen.measured.seconds;
    if seconds.len() < FEWEST_SECONDS {
        return None;
    }
    let mut by_failures: Vec<(u32, u64)> = seconds.iter().map(|(at, second)| (*at, second.failed)).collect();
    by_failures.sort_by_key(|(_, failed)| std::cmp::Reverse(*failed));
    let few = &by_failures[..seconds.len() / FEW_SECONDS_PART];
    let held: u64 = few.iter().map(|(_, failed)| failed).sum();
    let first = few.iter().filter(|(_, failed)| *failed > 0).map(|(at, _)| at).min()?;
    let last = few.iter().filter(|(_, failed)| *failed > 0).map(|(at, _)| at).max()?;
    is_concentrated(held, failed).then(|| {
        format!(
            "{held} of {failed} fell into {} of {} seconds (from {first} s to {} s)",
            few.len(),
            seconds.len(),
            last + 1
        )
    })
}

fn is_concentrated(part: u64, whole: u64) -> bool {
    part * 100 >= whole * CONCENTRATED_PERCENT
}

fn severity(share_ppm: u32) -> Severity {
    match share_ppm {
        GRAVE_PPM.. => Severity::Critical,
        NOTABLE_PPM.. => Severity::High,
        _ => Severity::Medium,
    }
}

fn evidence(plan: &Plan, cell: &Cell) -> String {
    let classes = cell.errors.ranked().into_iter().take(3);
    let told: Vec<String> =
        classes.map(|(class, count)| format!("{} {count}", class_name(plan, *class))).collect();
    let failed = cell.errors.total();
    let share = Figure::share(failed, cell.requests).map(|share| format!(" ({share})")).unwrap_or_default();
    format!("{failed} of {} requests failed{share}: {}", cell.requests, told.join(", "))
}

fn class_name(plan: &Plan, class: ErrorClass) -> String {
    let declared: Vec<String> = plan.classify.errors.iter().map(|error| error.name.clone()).collect();
    Names { errors: &declared, groups: &[] }.class(class)
}

/// What usually makes such failures, and what to do.
fn causes(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Connect => {
            "Connections are refused or not taken in time: the accept queue is full, or replicas are missing or not \
             ready. Look at restarts and readiness; raise the backlog or add replicas."
        }
        ErrorClass::Tls => {
            "No TLS comes about: the target's certificate isn't one that the test trusts or doesn't hold the name that it \
             asks for, or the target wants to see a client's. The log of the worker names the reason."
        }
        ErrorClass::Timeout => {
            "Answers take longer than the timeout: a pool, a lock or a backend is full. Look at what requests wait for; \
             bound queues so that overload is refused early."
        }
        ErrorClass::Reset | ErrorClass::Stale => {
            "Connections end amid requests: restarts, a proxy's idle timeout shorter than the client's, or a limit on \
             connections. Compare the keep-alive times along the way and look at restarts."
        }
        ErrorClass::Protocol | ErrorClass::BodyLimit => {
            "Responses aren't what the test can read. Send one such request by hand and compare with what is expected."
        }
        ErrorClass::Redirects => {
            "Redirects lead out of the target or in circles, or there are more than the test follows. Look at where they \
             lead: a login, another scheme or another host."
        }
        ErrorClass::Exhausted => {
            "This machine, not the target, had no descriptor, port or memory left for another connection. Raise its \
             limit of open files, or share the load over more workers."
        }
        ErrorClass::Unsent => {
            "The test couldn't fill in these requests, so that they were never sent: a value that an earlier step \
             should have taken is missing. Look at that step's answers."
        }
        ErrorClass::Status(429) => {
            "The target limits its callers. Raise the limit for this load, or lower the load to what is allowed."
        }
        ErrorClass::Status(500..) => {
            "The target or a backend fails under load: exhausted pools, an open circuit, a crash. Look at its logs for \
             these seconds and at the backends it calls."
        }
        ErrorClass::Status(_) => {
            "The target refuses requests of this form: wrong data, missing rights, an unknown path. Check the test's \
             variables and headers first."
        }
        ErrorClass::Check => {
            "Answers came, but not with the content that the checks demand. Look at one such response."
        }
        ErrorClass::Declared(_) => {
            "The target reports this class itself. Look at what raises it, and at the load at which it began."
        }
    }
}
