//! A table as kubectl prints it, by its columns.

use std::collections::BTreeMap;

/// The cells of the only row, by the names of their columns. A cell may be empty.
pub(crate) fn row(text: &str) -> BTreeMap<String, String> {
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
