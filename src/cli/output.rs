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

/// Where the report of a run will go.
#[derive(Clone, Debug)]
pub struct Output {
    folder: Option<PathBuf>,
    format: Format,
}

impl Output {
    /// Makes the folder and tries to write in it, so that a long run doesn't end with a report that finds no place.
    pub fn prepare(options: &OutputOptions) -> anyhow::Result<Self> {
        if let Some(folder) = &options.report {
            fs::create_dir_all(folder)
                .with_context(|| format!("--report: can't make the folder {}", folder.display()))?;
            // A file of its own: an earlier report stays as it is until there is a new one.
            let probe = folder.join(".loadgate");
            write(&probe, "")?;
            fs::remove_file(&probe).with_context(|| format!("--report: can't remove {}", probe.display()))?;
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
        if let Some(folder) = &self.folder {
            write(&folder.join("report.json"), &json::render(report))?;
            write(&folder.join("junit.xml"), &junit::render(report))?;
            write(&folder.join("report.txt"), &text::render(report, FILE_STYLE))?;
        }
        print(&match self.format {
            Format::Text => text::render(report, terminal::style()),
            Format::Json => json::render(report),
            Format::Junit => junit::render(report),
        })
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
