//! A run as it goes: bars on a terminal, plain lines elsewhere, both on standard error.

use std::time::{Duration, Instant};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::plan::{PhaseIndex, Plan};
use crate::report::escape::printable;
use crate::report::figures::{count, length};
use crate::report::progress::Glance;

/// How often a plain line is written while nothing changes.
const EVERY: Duration = Duration::from_secs(5);
/// The parts that a bar is divided into.
const PARTS: u64 = 1000;

/// Shows a run as it goes.
pub enum Live {
    /// One line a phase, on a terminal.
    Bars(Bars),
    /// Line after line, elsewhere.
    Lines(Lines),
}

impl Live {
    /// Bars when standard error is a terminal.
    #[must_use]
    pub fn start(plan: &Plan) -> Self {
        if Term::stderr().is_term() { Live::Bars(Bars::new(plan)) } else { Live::Lines(Lines::new(plan)) }
    }

    /// Shows how far the run is now.
    pub fn show(&mut self, glance: &Glance) {
        match self {
            Live::Bars(bars) => bars.show(glance),
            Live::Lines(lines) => lines.show(glance),
        }
    }

    /// Leaves the bars as they are.
    pub fn finish(self) {
        if let Live::Bars(bars) = self {
            bars.finish();
        }
    }
}

/// One line a phase.
pub struct Bars {
    phases: Vec<(PhaseIndex, ProgressBar)>,
}

impl Bars {
    fn new(plan: &Plan) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let longest = plan.phases_to_run().map(|(_, phase)| phase.name.chars().count()).max().unwrap_or(0);
        let phases = plan.phases_to_run().map(|(index, phase)| {
            let bar = all.add(ProgressBar::new(PARTS).with_style(style(WAITING)));
            bar.set_prefix(format!("{:longest$}", phase.name));
            bar.tick();
            (index, bar)
        });
        Bars { phases: phases.collect() }
    }

    fn show(&mut self, glance: &Glance) {
        for (phase, bar) in &self.phases {
            match phase.cmp(&glance.phase) {
                std::cmp::Ordering::Less if !bar.is_finished() => bar.finish(),
                std::cmp::Ordering::Equal => show_in(bar, glance),
                std::cmp::Ordering::Less | std::cmp::Ordering::Greater => {}
            }
        }
    }

    fn finish(self) {
        for (_, bar) in self.phases.iter().filter(|(_, bar)| !bar.is_finished()) {
            bar.abandon();
        }
    }
}

/// A phase that has not begun, and one that has.
const WAITING: &str = "  {prefix:.dim}  {bar:24.dim}";
const BEGUN: &str = "  {prefix}  {bar:24.green/dim} {percent:>3}%  {msg}";

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸─")
}

fn show_in(bar: &ProgressBar, glance: &Glance) {
    if bar.position() == 0 {
        bar.set_style(style(BEGUN));
    }
    bar.set_position(parts(glance.done).max(1));
    bar.set_message(figures(glance));
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=PARTS just before"
)]
fn parts(done: f64) -> u64 {
    (done * PARTS as f64).clamp(0.0, PARTS as f64) as u64
}

/// Line after line: at every change of phase, and every few seconds.
pub struct Lines {
    names: Vec<String>,
    begun: Instant,
    last: Option<(PhaseIndex, Instant)>,
}

impl Lines {
    fn new(plan: &Plan) -> Self {
        let names = plan.phases.iter().map(|phase| phase.name.clone()).collect();
        Lines { names, begun: Instant::now(), last: None }
    }

    fn show(&mut self, glance: &Glance) {
        let is_due = self.last.is_none_or(|(phase, at)| phase != glance.phase || at.elapsed() >= EVERY);
        if is_due {
            self.last = Some((glance.phase, Instant::now()));
            let name = self.names.get(glance.phase).map_or("", String::as_str);
            eprintln!("{}", printable(&line(self.begun.elapsed(), name, glance)));
        }
    }
}

/// `[12s] steady 45%: 500 users, 1,204/s, p95 61.2 ms, errors 0%`.
fn line(elapsed: Duration, phase: &str, glance: &Glance) -> String {
    let elapsed = length(Duration::from_secs(elapsed.as_secs()));
    format!("[{elapsed}] {phase} {}%: {}", parts(glance.done) / (PARTS / 100), figures(glance))
}

fn figures(glance: &Glance) -> String {
    let Glance { users, rps, p95, errors, .. } = glance;
    let users = if *users == 1 { "1 user".to_owned() } else { format!("{} users", count(*users)) };
    format!("{users}, {rps}, p95 {p95}, errors {errors}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_tells_where_the_run_is() {
        let text = |text: &str| text.to_owned();
        let glance = Glance {
            phase: 1,
            done: 0.456,
            users: 1_500,
            rps: text("1,204/s"),
            p95: text("61.2 ms"),
            errors: text("0%"),
        };
        assert_eq!(
            line(Duration::from_millis(72_400), "steady", &glance),
            "[1m12s] steady 45%: 1,500 users, 1,204/s, p95 61.2 ms, errors 0%"
        );
    }
}
