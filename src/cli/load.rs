//! Reads a test from a file, changes in it what the command line asks for, and checks it.

use std::io::Read;
use std::path::Path;

use super::exit::Refused;
use super::options::{Changes, TestOptions};
use crate::plan::{Checked, Document, Fault, Options};

/// The test that the options mean, or everything that is wrong with it.
pub fn load(options: &TestOptions) -> Result<Checked, Refused> {
    let text = read(&options.file)?;
    check(&text, &options.changes).map_err(|faults| refused(&options.file, &faults))
}

/// The test in `text`, changed and checked.
pub fn check(text: &str, changes: &Changes) -> Result<Checked, Vec<Fault>> {
    let mut document = Document::parse(text)?;
    let mut faults: Vec<Fault> = Vec::new();
    faults.extend(changes.set.iter().filter_map(|assignment| document.set(assignment).err()));
    faults.extend(changes.target.iter().filter_map(|url| document.set_target(url).err()));
    let options = Options { workers: changes.workers, quick: changes.quick, phases: changes.phase.clone() };
    match document.check(&options) {
        Ok(checked) if faults.is_empty() => Ok(checked),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

/// The text of a file; `-` is standard input.
pub(super) fn read(file: &Path) -> Result<String, Refused> {
    let text = if is_standard_input(file) {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    text.map_err(|error| Refused::one(format!("{}: can't be read: {error}", called(file))))
}

/// `file: path: message`, a line for each fault.
pub(super) fn refused(file: &Path, faults: &[Fault]) -> Refused {
    Refused(faults.iter().map(|fault| format!("{}: {fault}", called(file))).collect())
}

/// How a file is called in messages.
pub(super) fn called(file: &Path) -> String {
    if is_standard_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}
