//! What kubectl prints of a test, in mid-run and at the end.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::installation::Room;

/// Holds the row to what it says in the phase that the load is in; none: it isn't on any more.
pub(crate) fn is_shown_in_mid_run(room: &Room, name: &str, phases: &[&str], workers: &str) -> Option<()> {
    let table = room.kubectl.run(&["get", "loadtests"]);
    let row = row(&table);
    let cell = |name: &str| row[name].as_str();
    (cell("PHASE") == "Running").then_some(())?;
    assert_eq!(
        ["NAME", "VERDICT", "SCORE", "GRADE", "WORKERS"].map(cell),
        [name, "", "", "", workers],
        "{table}"
    );
    let of = phases.len();
    let is_of = |(index, phase): (usize, &&str)| {
        let share = cell("PROGRESS").strip_prefix(&format!("phase {}/{of} {phase} ", index + 1));
        share.and_then(|share| share.strip_suffix('%')).is_some_and(|share| share.parse::<u32>().is_ok())
    };
    assert!(phases.iter().enumerate().any(is_of), "{table}");
    // A phase that has just begun has nothing to show.
    let is_new = [cell("P95"), cell("ERRORS")] == ["–", "–"];
    assert!(is_new || cell("ERRORS") == "0%", "{table}");
    are_figures(&row, if is_new { &["RPS"] } else { &["RPS", "P95"] }, &table);
    Some(())
}

/// Holds the row to what the status says.
pub(crate) fn is_shown_at_the_end(room: &Room, status: &Value, progress: &str) {
    let table = room.kubectl.run(&["get", "loadtests"]);
    let row = row(&table);
    let word = |name: &str| status[name].as_str().unwrap();
    assert_eq!([&row["PHASE"], &row["VERDICT"]], [word("phase"), word("verdict")], "{table}");
    assert_eq!(row["SCORE"], status["compliance"]["score"].to_string());
    assert_eq!(row["GRADE"], status["compliance"]["grade"].as_str().unwrap());
    assert_eq!([row["PROGRESS"].as_str(), &row["ERRORS"]], [progress, "0%"], "{table}");
    let workers = ["ready", "desired"].map(|name| status["workers"][name].to_string()).join("/");
    assert_eq!(row["WORKERS"], workers, "{table}");
    are_figures(&row, &["RPS", "P95"], &table);
}

fn are_figures(row: &BTreeMap<String, String>, columns: &[&str], table: &str) {
    let begins = |cell: &str| cell.starts_with(|first: char| first.is_ascii_digit());
    for column in columns {
        let unit = if *column == "RPS" { "/s" } else { "s" };
        assert!(begins(&row[*column]) && row[*column].ends_with(unit), "{column}: {table}");
    }
    assert!(begins(&row["AGE"]), "{table}");
}

/// The cells of the only row, by the names of their columns. A cell may be empty.
fn row(text: &str) -> BTreeMap<String, String> {
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let [head, row] = &lines[..] else { panic!("not a table of one row:\n{text}") };
    let begins = |at: usize| head[at] != ' ' && (at == 0 || head[at - 1] == ' ');
    let starts: Vec<usize> = (0..head.len()).filter(|at| begins(*at)).collect();
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    let cell = |line: &[char], from: usize, to: usize| {
        let to = to.min(line.len());
        line[from.min(to)..to].iter().collect::<String>().trim().to_owned()
    };
    starts.iter().zip(ends).map(|(from, to)| (cell(head, *from, to), cell(row, *from, to))).collect()
}
