//! How the terminal report looks: its width, its colours, its tables.

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table};

use crate::report::escape::printable;

/// How the report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether it may have colours.
    pub colour: bool,
    /// How many characters a line may have.
    pub width: usize,
}

/// What a text says by its colour, besides its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Title,
    Quiet,
    Good,
    Soft,
    Bad,
}

/// Narrower than this, tables become unreadable and lines are better left to wrap.
const LEAST_WIDTH: usize = 60;

impl Style {
    /// A width that tables can be set in.
    pub(super) fn table_width(self) -> u16 {
        u16::try_from(self.width.max(LEAST_WIDTH)).unwrap_or(u16::MAX)
    }

    /// `text` in its colour. It must be printable already.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        let style = tone.style();
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A table with a line under its head.
    pub(super) fn table(self, head: &[&str]) -> Table {
        let mut table = self.bare_table();
        table.load_style(NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
        table.set_header(head.iter().map(|text| self.cell(Tone::Quiet, text)));
        table
    }

    /// A table of nothing but its cells.
    pub(super) fn bare_table(self) -> Table {
        let mut table = Table::new();
        table.load_style(NOTHING).set_width(self.table_width());
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if self.colour {
            table.enforce_styling()
        } else {
            table.force_no_tty()
        };
        table
    }

    /// A cell of a table; what is not printable in it, line breaks among it, is replaced.
    pub(super) fn cell(self, tone: Tone, text: &str) -> Cell {
        self.lines(tone, &[text])
    }

    /// A cell of several lines.
    pub(super) fn lines(self, tone: Tone, lines: &[impl AsRef<str>]) -> Cell {
        let lines: Vec<_> = lines.iter().map(|line| printable(line.as_ref())).collect();
        let cell = Cell::new(lines.join("\n"));
        let cell = match tone.colour().filter(|_| self.colour) {
            Some(colour) => cell.fg(colour),
            None => cell,
        };
        if tone == Tone::Title { cell.add_attribute(Attribute::Bold) } else { cell }
    }

    /// The same, set to the right as figures are.
    pub(super) fn figure(self, tone: Tone, text: &str) -> Cell {
        self.cell(tone, text).set_alignment(CellAlignment::Right)
    }
}

impl Tone {
    fn style(self) -> anstyle::Style {
        let coloured = |colour: anstyle::AnsiColor| anstyle::Style::new().fg_color(Some(colour.into()));
        match self {
            Tone::Plain => anstyle::Style::new(),
            Tone::Title => anstyle::Style::new().bold(),
            Tone::Quiet => coloured(anstyle::AnsiColor::BrightBlack),
            Tone::Good => coloured(anstyle::AnsiColor::Green),
            Tone::Soft => coloured(anstyle::AnsiColor::Yellow),
            Tone::Bad => coloured(anstyle::AnsiColor::Red),
        }
    }

    fn colour(self) -> Option<Color> {
        match self {
            Tone::Plain | Tone::Title => None,
            Tone::Quiet => Some(Color::DarkGrey),
            Tone::Good => Some(Color::DarkGreen),
            Tone::Soft => Some(Color::DarkYellow),
            Tone::Bad => Some(Color::DarkRed),
        }
    }
}
