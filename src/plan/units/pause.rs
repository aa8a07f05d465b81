//! Pauses: `2s`, or drawn anew each time, such as `1s..3s`, `exponential(2s)` or `normal(2s, 500ms)`.

use std::fmt;
use std::time::Duration;

use super::duration::read_duration;
use crate::plan::text::{Cursor, Misread};

/// How long a pause is: drawn anew each time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pause {
    /// What it is drawn from.
    pub shape: Shape,
    /// What is drawn below this is this.
    pub least: Duration,
    /// What is drawn above this is this; not below `least`, and equal where there is nothing to draw.
    pub most: Duration,
}

/// What a pause is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All lengths are equally likely.
    Even,
    /// It ends at any moment as likely as at any other.
    Exponential {
        /// The mean, where nothing bounds it.
        mean: Duration,
    },
    /// Most lengths are near the mean.
    Normal {
        /// The mean, where nothing bounds it.
        mean: Duration,
        /// The standard deviation.
        deviation: Duration,
    },
}

/// What is never drawn from an exponential distribution, in means: see [`Draws`](crate::plan::draw::Draws).
const EXPONENTIAL_MOST: u32 = 37;
/// What is never drawn from a normal distribution, in deviations from the mean.
const NORMAL_MOST: u32 = 9;

const EXPECTED: &str =
    "expected a duration such as 30s, a range such as 1s..3s, exponential(2s) or normal(2s, 500ms)";

impl Pause {
    /// Reads one; a range behind the figures of a distribution bounds it: `exponential(2s, 1s..10s)`.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        let mut cursor = Cursor::new(text);
        let pause = if cursor.eat("exponential(") {
            exponential(&mut cursor)?
        } else if cursor.eat("normal(") {
            normal(&mut cursor)?
        } else if cursor.peek().is_some_and(|first| first.is_ascii_digit()) {
            even(&mut cursor)?
        } else {
            return Err(cursor.fault(EXPECTED));
        };
        cursor.expect_end("a duration such as 2s or a range such as 1s..3s")?;
        Ok(pause)
    }

    /// Its mean, in seconds.
    #[must_use]
    pub fn mean_seconds(&self) -> f64 {
        let (least, most) = (self.least.as_secs_f64(), self.most.as_secs_f64());
        match self.shape {
            Shape::Even => f64::midpoint(least, most),
            Shape::Exponential { mean } => {
                let mean = mean.as_secs_f64();
                least + mean * (libm::exp(-least / mean) - libm::exp(-most / mean))
            }
            Shape::Normal { mean, deviation } => {
                let (mean, deviation) = (mean.as_secs_f64(), deviation.as_secs_f64());
                let (low, high) = ((least - mean) / deviation, (most - mean) / deviation);
                let (below, above) = (likely_below(low), likely_below(-high));
                least * below
                    + most * above
                    + mean * (1.0 - below - above)
                    + deviation * (density(low) - density(high))
            }
        }
    }
}

/// How likely a figure of the standard normal distribution is below this one.
fn likely_below(figure: f64) -> f64 {
    libm::erfc(-figure / std::f64::consts::SQRT_2) / 2.0
}

/// The density of the standard normal distribution.
fn density(figure: f64) -> f64 {
    libm::exp(-figure * figure / 2.0) / (2.0 * std::f64::consts::PI).sqrt()
}

fn even(cursor: &mut Cursor<'_>) -> Result<Pause, Misread> {
    let (least, most) = range(cursor)?;
    Ok(Pause { shape: Shape::Even, least, most })
}

fn exponential(cursor: &mut Cursor<'_>) -> Result<Pause, Misread> {
    let mean = argument(cursor)?;
    let bounds = bounds(cursor)?;
    let (least, most) = bounds.unwrap_or((Duration::ZERO, mean.saturating_mul(EXPONENTIAL_MOST)));
    Ok(Pause { shape: Shape::Exponential { mean }, least, most })
}

fn normal(cursor: &mut Cursor<'_>) -> Result<Pause, Misread> {
    let mean = argument(cursor)?;
    if !cursor.eat(",") {
        return Err(cursor.fault("expected a comma and the standard deviation, such as normal(2s, 500ms)"));
    }
    let deviation = argument(cursor)?;
    let bounds = bounds(cursor)?;
    let most = mean.saturating_add(deviation.saturating_mul(NORMAL_MOST));
    let (least, most) = bounds.unwrap_or((Duration::ZERO, most));
    Ok(Pause { shape: Shape::Normal { mean, deviation }, least, most })
}

fn argument(cursor: &mut Cursor<'_>) -> Result<Duration, Misread> {
    cursor.skip_spaces();
    let length = read_duration(cursor)?;
    cursor.skip_spaces();
    Ok(length)
}

/// The range behind the figures of a distribution, if there is one, and its closing parenthesis.
fn bounds(cursor: &mut Cursor<'_>) -> Result<Option<(Duration, Duration)>, Misread> {
    let mut bounds = None;
    if cursor.eat(",") {
        cursor.skip_spaces();
        let start = cursor.clone();
        let (least, most) = range(cursor)?;
        if least == most {
            return Err(start.fault("expected a range that bounds it, such as 1s..10s"));
        }
        cursor.skip_spaces();
        bounds = Some((least, most));
    }
    if cursor.eat(")") {
        Ok(bounds)
    } else {
        Err(cursor.fault("expected `)`, or a comma and a range that bounds it"))
    }
}

fn range(cursor: &mut Cursor<'_>) -> Result<(Duration, Duration), Misread> {
    let start = cursor.clone();
    let least = read_duration(cursor)?;
    cursor.skip_spaces();
    let mut most = least;
    if cursor.eat("..") {
        cursor.skip_spaces();
        most = read_duration(cursor)?;
    }
    if most < least {
        return Err(start.fault("the range runs backwards, expected the smaller first, such as 1s..3s"));
    }
    Ok((least, most))
}

/// One way of the several to write it, in nanoseconds.
impl fmt::Display for Pause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape {
            Shape::Even => {}
            Shape::Exponential { mean } => write!(out, "exponential {} ", mean.as_nanos())?,
            Shape::Normal { mean, deviation } => {
                write!(out, "normal {} {} ", mean.as_nanos(), deviation.as_nanos())?;
            }
        }
        write!(out, "{}..{}ns", self.least.as_nanos(), self.most.as_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, (usize, &str)>) {
        let parsed = Pause::parse(text).map(|pause| pause.to_string());
        assert_eq!(
            parsed.map_err(|fault| (fault.at, fault.message)),
            expected.map(str::to_owned).map_err(|(at, message)| (at, message.to_owned())),
            "{text}"
        );
    }

    #[test]
    fn a_pause_is_fixed_or_drawn() {
        check("2s", Ok("2000000000..2000000000ns"));
        check("500us .. 1ms", Ok("500000..1000000ns"));
        check("exponential(1us)", Ok("exponential 1000 0..37000ns"));
        check("exponential( 2us , 1us..10us )", Ok("exponential 2000 1000..10000ns"));
        check("normal(2us,500us)", Ok("normal 2000 500000 0..4502000ns"));
        check("normal(2us, 1us, 1us..3us)", Ok("normal 2000 1000 1000..3000ns"));
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        const BACKWARDS: &str = "the range runs backwards, expected the smaller first, such as 1s..3s";
        check("", Err((0, EXPECTED)));
        check("uniform(1s)", Err((0, EXPECTED)));
        check("3s..1s", Err((0, BACKWARDS)));
        check("1s..", Err((4, "expected a number, such as 100ms")));
        check(
            "exponential(2)",
            Err((13, "a unit is missing: this measures time, expected us, ms, s, m or h, such as 100ms")),
        );
        check("exponential(0s)", Err((12, "must be above 0")));
        check("exponential(2s", Err((14, "expected `)`, or a comma and a range that bounds it")));
        check("exponential(2s, 3s..1s)", Err((16, BACKWARDS)));
        check("exponential(2s, 3s)", Err((16, "expected a range that bounds it, such as 1s..10s")));
        check(
            "normal(2s)",
            Err((9, "expected a comma and the standard deviation, such as normal(2s, 500ms)")),
        );
        check(
            "normal(2s, 1h1h)",
            Err((13, "\"h\" comes after \"h\", expected from large to small, such as 7m30s")),
        );
        check(
            "normal(2s, 1s) x",
            Err((15, "unexpected \"x\", expected a duration such as 2s or a range such as 1s..3s")),
        );
    }

    #[test]
    fn the_mean_knows_what_bounds_it() {
        for (text, want) in [
            ("2s", 2.0),
            ("1s..3s", 2.0),
            ("exponential(2s)", 2.0),
            // 1 + 2 (e^-0.5 - e^-2)
            ("exponential(2s, 1s..4s)", 1.942_390_753),
            ("normal(2s, 100ms)", 2.0),
            ("normal(2s, 5s, 1s..3s)", 2.0),
            // What would be below 0 is 0: the mean of the half above it.
            ("normal(1us, 1s)", 0.398_942_78),
        ] {
            let mean = Pause::parse(text).unwrap().mean_seconds();
            assert!((mean - want).abs() < 1e-6, "{text}: {mean}");
        }
    }
}
