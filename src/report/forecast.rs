//! What a run would do, told before it is started: its phases in time, its loads, its workers' shares.

use std::time::Duration;

use crate::plan::executor::Drive;
use crate::plan::{Executor, Phase, PhaseIndex, Plan, Share, Step};

/// What a run would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The phases that would be run, in order.
    pub phases: Vec<PhaseForecast>,
    /// How long all of them take; what depends on the target, and the pauses between phases, come on top.
    pub length: Duration,
    /// Whether the length of a phase depends on the target.
    pub open_ended: bool,
    /// The most users at the same time.
    pub peak_users: u32,
    /// The most iterations started in a second; none where no phase has a bound.
    pub peak_rate: Option<f64>,
    /// Each worker's part.
    pub workers: Vec<WorkerForecast>,
}

/// What a phase would do.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseForecast {
    /// The phase.
    pub phase: PhaseIndex,
    /// When it begins at the earliest.
    pub start: Duration,
    /// How long it takes; none where that depends on the target.
    pub length: Option<Duration>,
    /// When it is cut off, counted from its start.
    pub deadline: Duration,
    /// The most users at the same time.
    pub users: u32,
    /// The most iterations started in a second; none where that depends on the target.
    pub rate: Option<f64>,
    /// How many iterations there are, or how many there are at most; none where that depends on the target.
    pub iterations: Option<Count>,
    /// How many requests are expected from that, by the steps' probabilities.
    pub requests: Option<Count>,
}

/// A number of iterations or requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// As many as this.
    Exactly(u64),
    /// About as many, by probability.
    About(u64),
    /// Not more: a slow target leaves less time.
    AtMost(u64),
}

/// A worker's part of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerForecast {
    /// The most users at the same time.
    pub users: u32,
    /// Iterations of the phases whose number of iterations is known.
    pub iterations: u64,
}

impl Forecast {
    /// What a run of `plan` would do.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let mut length = Duration::ZERO;
        let mut phases = Vec::new();
        for (index, phase) in plan.phases_to_run() {
            let forecast = PhaseForecast::new(plan, index, phase, length);
            length += forecast.length.unwrap_or_default();
            phases.push(forecast);
        }
        Forecast {
            length,
            open_ended: phases.iter().any(|phase| phase.length.is_none()),
            peak_users: phases.iter().map(|phase| phase.users).max().unwrap_or(0),
            peak_rate: plan.phases_to_run().filter_map(|(_, phase)| peak_rate(plan, phase)).reduce(f64::max),
            workers: (0..plan.workers)
                .filter_map(|index| worker(plan, Share::new(index, plan.workers)?))
                .collect(),
            phases,
        }
    }
}

impl PhaseForecast {
    fn new(plan: &Plan, index: PhaseIndex, phase: &Phase, start: Duration) -> Self {
        let rate = rate(plan, phase);
        let iterations = iterations(phase, rate);
        PhaseForecast {
            phase: index,
            start,
            length: phase.executor.planned_length(),
            deadline: phase.deadline,
            users: phase.executor.users(),
            rate,
            iterations,
            requests: iterations
                .map(|count| requests(count, mean(plan, phase, requests_of)).and(once(plan, phase))),
        }
    }
}

/// Iterations in a second: by the schedule, or what pace and think times leave room for.
fn rate(plan: &Plan, phase: &Phase) -> Option<f64> {
    match phase.executor.drive() {
        Drive::Arrivals(arrivals) => Some(arrivals.mean_rate()),
        Drive::Users(users) if !users.connects_ahead() => {
            let seconds = mean(plan, phase, least_seconds);
            (seconds > 0.0).then(|| f64::from(phase.executor.users()) / seconds)
        }
        // That of the highest one.
        Drive::Levels(..) => rate(plan, phase.levels.last()?),
        Drive::Users(_) | Drive::Pause(_) => None,
    }
}

/// The most iterations in a second.
fn peak_rate(plan: &Plan, phase: &Phase) -> Option<f64> {
    match phase.executor.drive() {
        Drive::Arrivals(arrivals) => arrivals.peak_rate(),
        Drive::Users(_) | Drive::Levels(..) | Drive::Pause(_) => rate(plan, phase),
    }
}

fn iterations(phase: &Phase, rate: Option<f64>) -> Option<Count> {
    match (phase.executor.total_iterations(), phase.executor.planned_length()) {
        (Some(total), _) => Some(Count::Exactly(total)),
        (None, Some(length)) => {
            let count = whole(rate? * length.as_secs_f64());
            Some(if phase.executor.is_open_loop() { Count::About(count) } else { Count::AtMost(count) })
        }
        (None, None) => None,
    }
}

fn requests(iterations: Count, each: f64) -> Count {
    let times = |number: u64| whole(number as f64 * each);
    match iterations {
        Count::Exactly(number) if each.fract() == 0.0 => Count::Exactly(times(number)),
        Count::Exactly(number) | Count::About(number) => Count::About(times(number)),
        Count::AtMost(number) => Count::AtMost(times(number)),
    }
}

impl Count {
    /// With some more, about as many.
    fn and(self, more: u64) -> Count {
        match self {
            Count::Exactly(number) if more == 0 => Count::Exactly(number),
            Count::Exactly(number) | Count::About(number) => Count::About(number + more),
            Count::AtMost(number) => Count::AtMost(number + more),
        }
    }
}

/// Requests that are sent once a user: each user runs each scenario, or nearly.
fn once(plan: &Plan, phase: &Phase) -> u64 {
    let steps = phase.scenarios.iter().flat_map(|scenario| plan.scenarios[*scenario].once());
    let likely: u64 = steps.map(|step| u64::from(plan.steps[step].probability_ppm)).sum();
    whole(likely as f64 / 1e6 * f64::from(phase.executor.users()))
}

/// The mean of a figure over the scenarios of a phase, by their weights.
fn mean(plan: &Plan, phase: &Phase, figure: impl Fn(&Plan, &Phase, usize) -> f64) -> f64 {
    let weight = |scenario: usize| f64::from(plan.scenarios[scenario].weight);
    let all: f64 = phase.scenarios.iter().map(|scenario| weight(*scenario)).sum();
    let sum: f64 =
        phase.scenarios.iter().map(|scenario| weight(*scenario) * figure(plan, phase, *scenario)).sum();
    if all > 0.0 { sum / all } else { 0.0 }
}

/// Requests of one iteration, by probability.
fn requests_of(plan: &Plan, _: &Phase, scenario: usize) -> f64 {
    likely_steps(plan, scenario).map(|(_, likely)| likely).sum::<u64>() as f64 / LIKELY
}

/// The steps of an iteration, each with how often it is likely to be taken.
fn likely_steps(plan: &Plan, scenario: usize) -> impl Iterator<Item = (&Step, u64)> {
    let scenario = &plan.scenarios[scenario];
    scenario.steps.clone().map(|index| {
        let step = &plan.steps[index];
        (step, scenario.comes_to_ppm(index) * u64::from(step.probability_ppm))
    })
}

/// What stands for once in the figures of [`likely_steps`]: parts per million of parts per million. Whole numbers add up exactly.
const LIKELY: f64 = 1e12;

/// The least time of one iteration: its pace, or its think times where these are longer.
fn least_seconds(plan: &Plan, phase: &Phase, scenario: usize) -> f64 {
    let think = likely_steps(plan, scenario).filter_map(|(step, likely)| {
        let think = step.think.as_ref()?;
        Some(think.mean_seconds() * likely as f64 / LIKELY)
    });
    let pace = plan.pace(phase, scenario).map_or(0.0, |pace| pace.as_secs_f64());
    pace.max(think.sum())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

fn worker(plan: &Plan, share: Share) -> Option<WorkerForecast> {
    let executors = || plan.phases_to_run().map(|(_, phase)| &phase.executor);
    let users = executors().map(|executor| share.count_u32(executor.users())).max()?;
    let own = |executor: &Executor| Some(share.among(executor.users())?.count(executor.total_iterations()?));
    Some(WorkerForecast { users, iterations: executors().filter_map(own).sum() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Document, Options};

    /// A phase of two users that run a scenario of these blocks and steps.
    fn forecast(load: &str, blocks: &str, steps: &str) -> PhaseForecast {
        let text = format!(
            "apiVersion: loadgate.dev/v1alpha1\nkind: LoadTest\nmetadata: {{name: told}}\nspec:\n  target: {{baseUrl: \"http://shop\"}}
  scenarios: [{{name: visit, blocks: [{blocks}], steps: [{steps}]}}]
  phases: [{{name: steady, load: {{{load}}}}}]"
        );
        let checked = Document::parse(&text).and_then(|document| document.check(&Options::default()));
        Forecast::new(&checked.expect("it is sound").plan).phases.remove(0)
    }

    #[test]
    fn the_rounds_of_a_block_are_requests_and_take_their_time() {
        const STEPS: &str = "{name: home, request: {path: /}}, \
            {name: view, block: look, request: {path: /view}, think: 2s}, \
            {name: rate, block: look, probability: 10%, request: {path: /rate}}";
        const TEN: &str = "iterations: {users: 2, perUser: 5}";
        const TIMED: &str = "constantUsers: {users: 2, duration: 30s}";
        for (block, per_iteration) in [("repeat: 3", 43), ("repeat: 3, probability: 50%", 27)] {
            let block = format!("{{name: look, {block}}}");
            assert_eq!(forecast(TEN, &block, STEPS).requests, Some(Count::About(per_iteration)));
        }
        let paused = forecast(TIMED, "{name: look, repeat: 3, probability: 50%}", STEPS);
        assert_eq!(paused.iterations, Some(Count::AtMost(20)), "each takes 3 s of pauses in the mean");
    }

    #[test]
    fn what_is_sure_is_exact() {
        let steps = "{name: view, block: look, request: {path: /view}}, {name: pay, request: {path: /pay}}";
        let told = forecast("iterations: {users: 2, perUser: 5}", "{name: look, repeat: 4}", steps);
        assert_eq!(told.requests, Some(Count::Exactly(50)));
    }
}
