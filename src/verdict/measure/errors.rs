//! Requests by the way they failed, and responses by status.

use super::pool::Pool;
use super::{Measured, Unmeasured};
use crate::metrics::{ErrorClass, Tally};
use crate::plan::StatusPattern;
use crate::plan::figure::Figure;
use crate::plan::metric::{EngineClass, ErrorSelector};

/// Requests that failed in the way that `selector` names.
pub(super) fn failed(pool: &Pool<'_>, selector: &ErrorSelector) -> Result<Measured, Unmeasured> {
    let cell = pool.cell();
    let declared = &pool.plan.classify.errors;
    let is_meant = |class: &ErrorClass| match (selector, *class) {
        (ErrorSelector::Status(pattern), ErrorClass::Status(code)) => fits(*pattern, code),
        (ErrorSelector::Class(meant), class) => class == of_engine(*meant),
        (ErrorSelector::Declared(name), ErrorClass::Declared(place)) => {
            declared.get(usize::from(place)).is_some_and(|error| error.name == *name)
        }
        (ErrorSelector::Status(_) | ErrorSelector::Declared(_), _) => false,
    };
    counted(&cell.errors, "kinds of errors", pool.counted_by(), is_meant)
}

/// Responses with a status that fits, whether they failed or not.
pub(super) fn answered(pool: &Pool<'_>, pattern: StatusPattern) -> Result<Measured, Unmeasured> {
    let cell = pool.cell();
    counted(&cell.statuses, "statuses", pool.counted_by(), |status| fits(pattern, *status))
}

/// How often the keys that `is_meant` picks were counted, in so many requests.
fn counted<K: Ord + Clone>(
    tally: &Tally<K>,
    what: &str,
    requests: u64,
    is_meant: impl Fn(&K) -> bool,
) -> Result<Measured, Unmeasured> {
    if tally.other() > 0 {
        return Err(Unmeasured::TooManyKeys(what.to_owned()));
    }
    let count = tally.iter().filter(|(key, _)| is_meant(key)).map(|(_, count)| count).sum();
    Ok(Measured::of(Figure::count(count), requests))
}

fn fits(pattern: StatusPattern, code: u16) -> bool {
    match pattern {
        StatusPattern::Exact(exact) => code == exact,
        StatusPattern::Family(hundreds) => code / 100 == u16::from(hundreds),
    }
}

fn of_engine(class: EngineClass) -> ErrorClass {
    match class {
        EngineClass::Connect => ErrorClass::Connect,
        EngineClass::Tls => ErrorClass::Tls,
        EngineClass::Timeout => ErrorClass::Timeout,
        EngineClass::Reset => ErrorClass::Reset,
        EngineClass::Stale => ErrorClass::Stale,
        EngineClass::Protocol => ErrorClass::Protocol,
        EngineClass::Redirects => ErrorClass::Redirects,
        EngineClass::BodyLimit => ErrorClass::BodyLimit,
        EngineClass::Check => ErrorClass::Check,
        EngineClass::Exhausted => ErrorClass::Exhausted,
        EngineClass::Unsent => ErrorClass::Unsent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_called_alike_in_rows_and_in_reports() {
        for class in EngineClass::ALL {
            assert_eq!(of_engine(class).to_string(), class.name());
        }
    }
}
