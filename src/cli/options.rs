//! Options that several subcommands have.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::plan::quick;

/// Which test is meant, and what is changed in it.
#[derive(Args, Clone, Debug)]
pub struct TestOptions {
    /// The file with the LoadTest; `-` reads standard input.
    pub file: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the flattened options have their own")]
    pub changes: Changes,
}

/// What is changed in a test.
#[derive(Args, Clone, Debug, Default)]
pub struct Changes {
    /// Divides lengths and counts, by 60 unless a factor is given; every phase stays.
    #[arg(long, value_name = "FACTOR", num_args = 0..=1, require_equals = true, default_missing_value = FACTOR_TEXT,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub quick: Option<u32>,
    /// How many workers share the load.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub workers: Option<u32>,
    /// Sends the load there instead.
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// Sets a field of the spec, such as `phases[0].load.constantUsers.users=50`; can be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Runs only the phases whose names match; `*` stands for any characters.
    #[arg(long, value_name = "PATTERN")]
    pub phase: Option<String>,
}

const FACTOR_TEXT: &str = "60";
const _: () = assert!(quick::FACTOR == 60, "FACTOR_TEXT and the help text name another factor");

/// Options of a run.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the flattened options have their own")]
    pub test: TestOptions,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the flattened options have their own")]
    pub output: OutputOptions,
    /// Where the value of a secretKeyRef comes from: `name/key=env:VARIABLE` or `name/key=file:PATH`; can be repeated.
    #[arg(long, value_name = "NAME/KEY=SOURCE")]
    pub secret: Vec<String>,
    /// Where the content of a configMapKeyRef is: `name/key=PATH`; can be repeated.
    #[arg(long, value_name = "NAME/KEY=PATH")]
    pub config_map: Vec<String>,
}

/// Where a report goes.
#[derive(Args, Clone, Debug, Default)]
pub struct OutputOptions {
    /// Writes report.json, junit.xml and report.txt into this folder.
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// What is written to standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// A rendering of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; its schema is docs/report.schema.json.
    Json,
    /// For pipelines.
    Junit,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        run: RunOptions,
    }

    fn typed(arguments: &[&str]) -> Result<RunOptions, clap::Error> {
        Typed::try_parse_from([&["run"], arguments].concat()).map(|typed| typed.run)
    }

    #[test]
    fn a_quick_run_has_the_usual_factor_unless_one_is_given() {
        for (arguments, want) in [
            (&["shop.yaml"][..], None),
            (&["--quick", "shop.yaml"], Some(60)),
            (&["--quick=10", "shop.yaml"], Some(10)),
        ] {
            assert_eq!(typed(arguments).unwrap().test.changes.quick, want, "{arguments:?}");
        }
    }

    #[test]
    fn options_can_be_repeated_and_have_defaults() {
        let run = typed(&["-", "--set", "a=1", "--set", "b=2", "--secret", "n/k=env:X", "--report", "out"])
            .unwrap();
        assert_eq!(run.test.changes.set, ["a=1", "b=2"]);
        assert_eq!(run.secret, ["n/k=env:X"]);
        assert_eq!(run.output.report, Some(PathBuf::from("out")));
        assert_eq!(run.output.format, Format::Text);
        assert!(typed(&["-", "--format", "xml"]).is_err());
    }
}
