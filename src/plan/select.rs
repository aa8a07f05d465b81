//! `--phase PATTERN`: which phases are left out.

use super::fault::At;
use super::model::PhaseIndex;
use super::near;
use crate::api::LoadTestSpec;

/// The phases whose names don't match. A pattern that matches none is reported.
pub(super) fn left_out(pattern: &str, spec: &LoadTestSpec, at: &At) -> Vec<PhaseIndex> {
    let names: Vec<&str> = spec.phases.iter().map(|phase| phase.name.as_str()).collect();
    let left_out: Vec<PhaseIndex> =
        (0..names.len()).filter(|index| !matches(pattern, names[*index])).collect();
    at.require(left_out.len() < names.len(), near::unknown("phase", pattern, names));
    left_out
}

/// Whether `name` is `pattern`, in which each `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((begin, rest)) => name.strip_prefix(begin).is_some_and(|behind| {
            let places = behind.char_indices().map(|(place, _)| place).chain([behind.len()]);
            places.into_iter().any(|place| matches(rest, &behind[place..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, want) in [
            ("spike", "spike", true),
            ("spike", "spikes", false),
            ("*", "spike", true),
            ("sp*", "spike", true),
            ("*ke", "spike", true),
            ("s*k*", "spike", true),
            ("s*x*", "spike", false),
            ("*i*k*e*", "spike", true),
            ("a*a", "a", false),
            ("", "spike", false),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} on {name}");
        }
    }
}
