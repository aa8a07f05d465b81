//! Numbers that the spec has read from responses.

use super::pool::Pool;
use super::times::{self, Scale};
use super::{Measured, Unmeasured};
use crate::metrics::Dist;
use crate::plan::ValueUnit;
use crate::plan::figure::Dimension;
use crate::plan::metric::Statistic;

/// `statistic` of the value `name`.
pub(super) fn of(pool: &Pool<'_>, name: &str, statistic: Statistic) -> Result<Measured, Unmeasured> {
    let unknown = || Unmeasured::NotClassified(name.to_owned());
    let declared = &pool.plan.classify.values;
    let place = declared.iter().position(|value| value.name == name).ok_or_else(unknown)?;
    let cell = pool.cell();
    let dist: &Dist = cell.values.get(place).filter(|dist| dist.count() > 0).ok_or_else(unknown)?;
    let (_, unit) = &declared[place].of;
    times::of(dist, statistic, scale(*unit))
}

/// Values are held in thousandths of their unit.
fn scale(unit: Option<ValueUnit>) -> Scale {
    let of = |dimension, numerator, denominator| Scale { dimension, numerator, denominator };
    match unit {
        Some(ValueUnit::Micros) => of(Dimension::Time, 1, 1_000),
        Some(ValueUnit::Millis) => of(Dimension::Time, 1, 1),
        Some(ValueUnit::Seconds) => of(Dimension::Time, 1_000, 1),
        Some(ValueUnit::Bytes) => of(Dimension::Bytes, 1, 1_000),
        None => of(Dimension::Number, 1, 1_000),
    }
}
