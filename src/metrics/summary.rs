//! Names and shares in which figures are told.

use super::outcome::ErrorClass;

/// The names that the spec declares.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// Error classes, in order.
    pub errors: &'a [String],
    /// Groups, in order.
    pub groups: &'a [String],
}

impl Names<'_> {
    /// How an error class is called.
    #[must_use]
    pub fn class(&self, class: ErrorClass) -> String {
        match class {
            ErrorClass::Declared(place) => {
                self.errors.get(usize::from(place)).cloned().unwrap_or_else(|| class.to_string())
            }
            other => other.to_string(),
        }
    }
}

/// `part` of `whole` in parts per million, rounded to nearest; 0 of nothing.
#[must_use]
pub fn ppm(part: u64, whole: u64) -> u32 {
    let whole = u128::from(whole);
    let rounded = (u128::from(part) * 1_000_000 + whole / 2).checked_div(whole).unwrap_or(0);
    u32::try_from(rounded).unwrap_or(u32::MAX)
}
