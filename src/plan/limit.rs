//! One limit: `< 100ms`, `>= 99.9%`, `== 0`, or a range such as `480..500`.

use std::fmt;

use super::figure::{Dimension, Figure};
use super::quantity;
use super::text::{Cursor, Misread};

/// How a bound compares; written as `<`, `<=`, `>`, `>=`, `==`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

/// Longer texts first, so that `<=` is not read as `<`.
const OPERATORS: [(&str, Operator); 5] = [
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("==", Operator::Equal),
    ("<", Operator::Below),
    (">", Operator::Above),
];

/// To which side a limit keeps its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `<` and `<=`: small is good.
    UpperBound,
    /// `>` and `>=`: large is good.
    LowerBound,
    /// `==`
    Exact,
    /// `480..500`
    Range,
}

/// A limit that a figure of the same dimension holds or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The figure compared with one other.
    Bound {
        /// How they compare.
        operator: Operator,
        /// What it is compared with.
        bound: Figure,
    },
    /// The figure between two others, both included.
    Range {
        /// Not above `high`.
        low: Figure,
        /// Not below `low`.
        high: Figure,
    },
}

impl Limit {
    /// Reads a limit on something that measures `dimension`; another unit is refused, and so is a share
    /// beyond 100 %.
    pub fn parse(text: &str, dimension: Dimension) -> Result<Self, Misread> {
        let mut cursor = Cursor::new(text);
        let limit = if let Some(operator) = read_operator(&mut cursor) {
            Self::Bound { operator, bound: read_figure(&mut cursor, dimension)? }
        } else {
            read_range(&mut cursor, dimension)?
        };
        cursor.expect_end(&format!("one limit, such as < {}", quantity::expected(dimension).1))?;
        Ok(limit)
    }

    /// Whether the figure keeps the limit. One of another dimension never does.
    #[must_use]
    pub fn holds(&self, figure: &Figure) -> bool {
        match self {
            Self::Bound { operator, bound } => match operator {
                Operator::Below => figure < bound,
                Operator::AtMost => figure <= bound,
                Operator::Above => figure > bound,
                Operator::AtLeast => figure >= bound,
                Operator::Equal => figure == bound,
            },
            Self::Range { low, high } => figure >= low && figure <= high,
        }
    }

    /// To which side it keeps its figures.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::Bound { operator: Operator::Below | Operator::AtMost, .. } => Direction::UpperBound,
            Self::Bound { operator: Operator::Above | Operator::AtLeast, .. } => Direction::LowerBound,
            Self::Bound { operator: Operator::Equal, .. } => Direction::Exact,
            Self::Range { .. } => Direction::Range,
        }
    }

    /// The edge of the limit that `figure` has to cross to come inside: what a message shows beside it.
    /// Of a range that already holds it, the upper one.
    #[must_use]
    pub fn nearest_edge(&self, figure: &Figure) -> Figure {
        match self {
            Self::Bound { bound, .. } => *bound,
            Self::Range { low, .. } if figure < low => *low,
            Self::Range { high, .. } => *high,
        }
    }
}

fn read_operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    OPERATORS.into_iter().find(|(text, _)| cursor.eat(text)).map(|(_, operator)| operator)
}

fn read_figure(cursor: &mut Cursor<'_>, dimension: Dimension) -> Result<Figure, Misread> {
    cursor.skip_spaces();
    let start = cursor.clone();
    let figure = quantity::read(cursor, dimension)?;
    if dimension == Dimension::Share && figure.numerator() > figure.denominator() {
        return Err(start.fault("a share is at most 100%, or 1: with a plain number, 0.5 is 50%"));
    }
    Ok(figure)
}

fn read_range(cursor: &mut Cursor<'_>, dimension: Dimension) -> Result<Limit, Misread> {
    let start = cursor.clone();
    let example = quantity::expected(dimension).1;
    let forms = format!("expected <, <=, >, >= or ==, such as < {example}, or a range such as 480..500");
    if !cursor.peek().is_some_and(|c| c.is_ascii_digit() || c == '-') {
        return Err(start.fault(forms));
    }
    let low = read_figure(cursor, dimension)?;
    cursor.skip_spaces();
    if !cursor.eat("..") {
        return Err(start.fault(forms));
    }
    let high = read_figure(cursor, dimension)?;
    if high < low {
        return Err(start.fault("the range runs backwards, expected the smaller first, such as 480..500"));
    }
    Ok(Limit::Range { low, high })
}

impl fmt::Display for Operator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
        })
    }
}

/// In the words of people, rounded where it is long; see [`Figure::show_beside`] for telling two apart.
impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound { operator, bound } => write!(out, "{operator} {bound}"),
            Self::Range { low, high } => write!(out, "{low}..{high}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, dimension: Dimension, expected: Result<&str, (usize, &str)>) {
        let shown = Limit::parse(text, dimension).map(|limit| limit.to_string());
        let shown = shown.map_err(|fault| (fault.at, fault.message));
        let expected = expected.map(str::to_owned).map_err(|(at, message)| (at, message.to_owned()));
        assert_eq!(shown, expected, "{text}");
    }

    #[track_caller]
    fn check_holds(text: &str, figures: &[(u64, bool)]) {
        let limit = Limit::parse(text, Dimension::Count).unwrap();
        for (figure, expected) in figures {
            assert_eq!(limit.holds(&Figure::count(*figure)), *expected, "{figure} {text}");
        }
    }

    #[test]
    fn a_limit_reads_with_any_of_its_operators_and_units() {
        check("< 100ms", Dimension::Time, Ok("< 100 ms"));
        check("<=1.5s", Dimension::Time, Ok("<= 1.5 s"));
        check("> 5%", Dimension::Share, Ok("> 5%"));
        check(">= 0.999", Dimension::Share, Ok(">= 99.9%"));
        check("== 0", Dimension::Count, Ok("== 0"));
        check(">= 1200/s", Dimension::Rate, Ok(">= 1,200/s"));
        check("< 64KiB", Dimension::Bytes, Ok("< 65.5 kB"));
        check("480..500", Dimension::Count, Ok("480..500"));
        check("100ms .. 1s", Dimension::Time, Ok("100 ms..1 s"));
        check("<= 150%", Dimension::Number, Ok("<= 1.5"));
    }

    #[test]
    fn what_is_no_limit_is_pointed_at() {
        check("< 100mss", Dimension::Time, Err((5, "unknown unit \"mss\", expected us, ms, s, m or h")));
        check(
            "< 5%",
            Dimension::Time,
            Err((3, "\"%\" does not fit: this measures time, expected us, ms, s, m or h, such as 100ms")),
        );
        check(
            "= 5",
            Dimension::Count,
            Err((0, "expected <, <=, >, >= or ==, such as < 100, or a range such as 480..500")),
        );
        check(
            "100ms",
            Dimension::Time,
            Err((0, "expected <, <=, >, >= or ==, such as < 100ms, or a range such as 480..500")),
        );
        check(
            "5..3",
            Dimension::Count,
            Err((0, "the range runs backwards, expected the smaller first, such as 480..500")),
        );
        check("< 5 6", Dimension::Count, Err((4, "unexpected \"6\", expected one limit, such as < 100")));
        check(
            ">= 99",
            Dimension::Share,
            Err((3, "a share is at most 100%, or 1: with a plain number, 0.5 is 50%")),
        );
    }

    #[test]
    fn the_caret_of_a_limit_stands_under_its_unit() {
        let fault = Limit::parse("< 100mss", Dimension::Time).unwrap_err();
        let expected = "latency.p95: \"< 100mss\"
                   ^ unknown unit \"mss\", expected us, ms, s, m or h";
        assert_eq!(fault.under("latency.p95"), expected);
    }

    #[test]
    fn the_edge_belongs_to_a_limit_as_its_operator_says() {
        check_holds("< 5", &[(4, true), (5, false)]);
        check_holds("<= 5", &[(5, true), (6, false)]);
        check_holds("> 5", &[(6, true), (5, false)]);
        check_holds(">= 5", &[(5, true), (4, false)]);
        check_holds("== 5", &[(5, true), (4, false), (6, false)]);
        check_holds("5..7", &[(4, false), (5, true), (7, true), (8, false)]);
    }

    #[test]
    fn a_figure_of_another_dimension_never_holds() {
        let limit = Limit::parse("< 5", Dimension::Count).unwrap();
        assert!(!limit.holds(&Figure::micros(1)));
    }
}
