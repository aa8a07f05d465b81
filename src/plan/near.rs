//! Names that a misspelt one may have meant.

use std::collections::BTreeSet;

/// From this similarity on (Jaro-Winkler, 0 to 1) a name is taken for a slip of another.
const SIMILAR: f64 = 0.82;
/// The most names that a message lists.
const MOST_LISTED: usize = 12;

/// ``there is no scenario `mesage`; did you mean `message`?``
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("there is no {what} `{name}`; {}", instead(name, known))
}

/// ``did you mean `message`?``, or all the names there are.
pub(super) fn instead<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.into_iter().collect();
    let mut seen = BTreeSet::new();
    known.retain(|name| seen.insert(*name));
    let near = near(name, &known);
    match (near.is_empty(), known.is_empty()) {
        (false, _) => format!("did you mean {}?", listed(&near, " or ")),
        (true, false) => format!("there are {}", listed(&known, " and ")),
        (true, true) => "there are none".to_owned(),
    }
}

/// The known names that are like `name`, the likest first; three at most.
fn near<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let likeness = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let mut scored: Vec<(f64, &str)> = known.iter().map(|other| (likeness(other), *other)).collect();
    scored.retain(|(score, _)| *score >= SIMILAR);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, other)| other).collect()
}

/// ``a`, `b` and `c``, cut where it would fill the screen.
pub(super) fn listed(names: &[&str], last: &str) -> String {
    let quoted: Vec<String> = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    if names.len() > MOST_LISTED {
        return format!("{} and {} more", quoted.join(", "), names.len() - MOST_LISTED);
    }
    match quoted.split_last() {
        Some((end, [])) => end.clone(),
        Some((end, begin)) => format!("{}{last}{end}", begin.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_answered_with_what_it_is_near_to() {
        for (name, known, want) in [
            ("mesage", vec!["message", "models"], "there is no scenario `mesage`; did you mean `message`?"),
            (
                "Login",
                vec!["login", "logon"],
                "there is no scenario `Login`; did you mean `login` or `logon`?",
            ),
            ("xyz", vec!["a", "b", "c"], "there is no scenario `xyz`; there are `a`, `b` and `c`"),
            ("hom", vec!["home", "home"], "there is no scenario `hom`; did you mean `home`?"),
            ("xyz", vec!["a"], "there is no scenario `xyz`; there are `a`"),
            ("xyz", vec![], "there is no scenario `xyz`; there are none"),
        ] {
            assert_eq!(unknown("scenario", name, known), want);
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let names = ["n"; 20];
        assert!(listed(&names, " and ").ends_with("`n` and 8 more"));
    }
}
