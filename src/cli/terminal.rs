//! What the terminal can show.

use console::Term;

use crate::report::text::Style;

/// The width of lines where there is no terminal.
const USUAL_WIDTH: usize = 120;

/// How standard output is written to: colours only on a terminal, and not where `NO_COLOR` forbids them.
#[must_use]
pub fn style() -> Style {
    let width = Term::stdout().size_checked().map_or(USUAL_WIDTH, |(_, columns)| usize::from(columns));
    Style { colour: console::colors_enabled(), width }
}
