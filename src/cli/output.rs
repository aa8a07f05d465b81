//! The one place that writes reports.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::options::{Format, OutputOptions};
use super::terminal;
use crate::report::text::{self, Style};
use crate::report::{Report, json, junit};

/// The width of lines in `report.txt`.
const FILE_STYLE: Style = Style { colour: false, width: 120 };

/// The files of a report.
const FILES: [&str; 3] = ["report.json", "junit.xml", "report.txt"];

/// Where the report of a run will go.
#[derive(Clone, Debug)]
pub struct Output {
    folder: Option<PathBuf>,
    format: Format,
}

impl Output {
    /// Makes the folder and tries to write in it, so that a long run doesn't end with a report that finds no place.
    /// The report of an earlier run is removed.
    pub fn prepare(options: &OutputOptions) -> anyhow::Result<Self> {
        if let Some(folder) = &options.report {
            fs::create_dir_all(folder)
                .with_context(|| format!("--report: can't make the folder {}", folder.display()))?;
            let probe = folder.join(".loadgate");
            write(&probe, "")?;
            remove(&probe)?;
            // Of a run that then can't begin, or is killed, nobody shall find an earlier one that passed.
            for name in FILES {
                remove(&folder.join(name))?;
            }
        }
        Ok(Output { folder: options.report.clone(), format: options.format })
    }

    /// The folder that reports are written into.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Writes the report: every form into the folder, the one asked for to standard output.
    pub fn write(&self, report: &Report) -> anyhow::Result<()> {
        self.write_files(report)?;
        print(&match self.format {
            Format::Text => text::render(report, terminal::style()),
            Format::Json => json::render(report),
            Format::Junit => junit::render(report),
        })
    }

    /// Writes the report of a run that never began: to standard output only where a program reads it. A person has been
    /// told why, and tables of nothing say nothing.
    pub fn write_for_programs(&self, report: &Report) -> anyhow::Result<()> {
        match self.format {
            Format::Text => self.write_files(report),
            Format::Json | Format::Junit => self.write(report),
        }
    }

    fn write_files(&self, report: &Report) -> anyhow::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let texts = [json::render(report), junit::render(report), text::render(report, FILE_STYLE)];
        FILES.iter().zip(texts).try_for_each(|(name, text)| write(&folder.join(name), &text))
    }
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("--report: can't remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("--report: can't write {}", path.display()))
}

/// Writes to standard output. That nobody reads it any more, as behind `| head`, is no failure.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("can't write to standard output")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn into(folder: PathBuf) -> anyhow::Result<Output> {
        Output::prepare(&OutputOptions { report: Some(folder), format: Format::Text })
    }

    #[test]
    fn a_folder_is_made_before_the_run_and_nothing_is_left_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        into(folder.clone()).unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    }

    #[test]
    fn the_report_of_an_earlier_run_is_gone_before_the_next_begins() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["report.json", "junit.xml", "report.txt", "notes.txt"] {
            fs::write(folder.path().join(name), "passed").unwrap();
        }
        into(folder.path().to_owned()).unwrap();
        let left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, ["notes.txt"], "what others wrote stays");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told_by_its_name_and_option() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        let message = into(file.join("b")).unwrap_err().to_string();
        assert!(
            message.starts_with("--report: can't make the folder") && message.contains("file/b"),
            "{message}"
        );
    }
}
