//! Holds the layers: which module may import which, which crate may be named where, and what is pure.
//!
//! The rules are the tables below; `layers/code.rs` reads the sources and `layers/rules.rs` compares.
//! Sources are read as tokens (by proc-macro2), not as lines and not as a syntax tree: comments and strings
//! drop out by themselves, and paths inside `select!` or `format!` are seen, which a syntax tree leaves unparsed.
//! Test code counts like any other.

#[path = "layers/code.rs"]
mod code;
#[path = "layers/rules.rs"]
mod rules;

use std::{fs, path::Path};

use code::Source;
use rules::{Fence, Layer};

/// Each top-level module of `src` and what it may import. A row names only rows above it: so there is no cycle.
const LAYERS: &[Layer] = &[
    Layer { module: "api", may_import: &[] },
    Layer { module: "telemetry", may_import: &[] },
    Layer { module: "target", may_import: &[] },
    Layer { module: "plan", may_import: &["api"] },
    Layer { module: "metrics", may_import: &[] },
    Layer { module: "engine", may_import: &["plan", "metrics"] },
    Layer { module: "verdict", may_import: &["plan", "metrics"] },
    Layer { module: "ingest", may_import: &["plan", "metrics", "verdict"] },
    Layer { module: "conduct", may_import: &["plan", "metrics"] },
    Layer { module: "worker", may_import: &["engine", "conduct", "ingest", "plan", "metrics"] },
    Layer { module: "report", may_import: &["plan", "metrics", "verdict", "api"] },
    Layer { module: "store", may_import: &["report"] },
    Layer { module: "ui", may_import: &["report", "ingest", "store"] },
    Layer {
        module: "operator",
        may_import: &[
            "api",
            "telemetry",
            "target",
            "plan",
            "metrics",
            "ingest",
            "conduct",
            "verdict",
            "report",
            "store",
            "ui",
        ],
    },
    Layer {
        module: "cli",
        may_import: &[
            "api",
            "telemetry",
            "target",
            "plan",
            "metrics",
            "engine",
            "ingest",
            "conduct",
            "worker",
            "verdict",
            "report",
            "store",
            "ui",
            "operator",
        ],
    },
    Layer { module: "main", may_import: &["cli", "telemetry"] },
    Layer { module: "lib", may_import: &[] },
];

/// Crates that may be named in some places only.
const FENCES: &[Fence] = &[
    Fence { dependency: "kube", places: &["api", "operator", "store", "cli"], one_file: false },
    Fence { dependency: "k8s_openapi", places: &["api", "operator", "store", "cli"], one_file: false },
    Fence { dependency: "hdrhistogram", places: &["metrics"], one_file: true },
    Fence { dependency: "reqwest", places: &["engine/full*", "conduct", "ingest/client"], one_file: false },
    Fence { dependency: "anyhow", places: &["cli", "main"], one_file: false },
];

/// Modules that get the world as an argument.
const PURE: &[&str] =
    &["plan", "metrics", "verdict", "report", "ingest/session*", "operator/decide*", "operator/build*"];

/// What a pure module doesn't name: clocks, environment, files, network, threads, the runtime.
const WORLD: &[&[&str]] = &[
    &["Instant", "now"],
    &["SystemTime", "now"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
    &["std", "env"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "process"],
    &["std", "thread"],
    &["tokio"],
];

/// Lints that stay denied: no `#[allow]`, with a reason or without, lifts them.
const NEVER_ALLOWED: &[&str] = &["unwrap_used", "todo", "unimplemented", "dbg_macro", "unsafe_code"];

#[test]
fn the_sources_keep_the_layers() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    read_folder(&src, &src, &mut sources);
    assert!(sources.iter().any(|source| source.file == "lib.rs"), "no lib.rs below {}", src.display());

    let faults = rules::check(&sources);
    assert!(faults.is_empty(), "the layers of tests/layers.rs are broken:\n{}", faults.join("\n"));
}

#[test]
fn each_row_of_the_table_names_only_rows_above_it() {
    for (row, layer) in LAYERS.iter().enumerate() {
        for import in layer.may_import {
            let is_above = LAYERS[..row].iter().any(|above| above.module == *import);
            assert!(is_above, "{} names {import}, which isn't above it", layer.module);
        }
    }
}

#[test]
fn what_keeps_the_layers_is_let_through() {
    for (file, text) in [
        ("plan/mod.rs", "use crate::api::LoadTestSpec;"),
        ("plan/mod.rs", "// use crate::engine::Pacer;\n/* crate::cli */ /// crate::cli::x\nconst A: u8 = 1;"),
        ("plan/mod.rs", r#"const A: &str = "use crate::engine::Pacer; Instant::now()";"#),
        ("plan/rate.rs", "use super::timeline::At; use super::super::api::Load;"),
        ("plan/rate.rs", "mod tests { use super::*; use super::super::super::api::Load; }"),
        ("plan/rate.rs", "pub(crate) fn f(at: std::time::Instant) -> self::Rate { at.kube }"),
        ("plan/rate.rs", "fn f() -> impl Fn() + use<'static> { let kube = reqwest; }"),
        ("plan/rate.rs", "use crate::plan::{self, timeline::{At, Span}};"),
        ("engine/full.rs", "use reqwest::Client;"),
        ("engine/full/pool.rs", "use ::reqwest::{Client, Method};"),
        ("ingest/client.rs", "use reqwest::Client;"),
        ("ingest/server.rs", "fn f() { tokio::spawn(g()); std::fs::read(p); Instant::now(); }"),
        ("operator/mod.rs", "use crate::{api, ui, ingest::session}; use kube::Api;"),
        ("metrics/histogram.rs", "use hdrhistogram::Histogram;"),
        ("lib.rs", "pub mod api; pub mod plan;"),
        ("main.rs", "fn main() -> ExitCode { loadgate::cli::run() }"),
        ("plan/mod.rs", "#[allow(clippy::too_many_lines, reason = \"one table\")] fn f() {}"),
        ("plan/mod.rs", "fn f() { <At as Tell>::kube::x(); }"),
    ] {
        let faults = rules::check(&[parse(file, text)]);
        assert!(faults.is_empty(), "{file}: {text}\n{}", faults.join("\n"));
    }
}

#[test]
fn what_breaks_the_layers_is_told_with_its_line_and_import() {
    for (file, text, told) in [
        // One module imports another that is above it.
        (
            "plan/mod.rs",
            "\nuse crate::engine::Pacer;",
            "src/plan/mod.rs:2: plan may not import crate::engine::Pacer",
        ),
        ("plan/mod.rs", "pub use crate::engine::*;", "plan may not import crate::engine::*"),
        ("plan/mod.rs", "pub(crate) use crate::engine;", "plan may not import crate::engine"),
        (
            "plan/mod.rs",
            "fn f() {\n\n let _ = crate::cli::run(); }",
            ":3: plan may not import crate::cli::run",
        ),
        ("plan/mod.rs", "fn f(_: Vec<crate::cli::Run>) {}", "crate::cli::Run"),
        (
            "plan/mod.rs",
            "use crate::{api::Load,\n engine::{pacer::Pacer, stop}};",
            ":2: plan may not import crate::engine::pacer::Pacer",
        ),
        ("plan/mod.rs", "use crate::{api, verdict as judge};", "crate::verdict"),
        ("plan/mod.rs", "use {crate::api::A, crate::report::B};", "crate::report::B"),
        ("plan/mod.rs", "macro_rules! m { () => { $crate::engine::go() } }", "crate::engine::go"),
        ("plan/mod.rs", "fn f() { format!(\"{}\", crate::engine::NAME) }", "crate::engine::NAME"),
        ("plan/mod.rs", "#[cfg(test)] mod tests { use crate::engine::Pacer; }", "crate::engine::Pacer"),
        ("plan/mod.rs", "use super::engine::Pacer;", "plan may not import crate::engine::Pacer"),
        ("plan/rate.rs", "use super::super::engine::Pacer;", "plan may not import crate::engine::Pacer"),
        ("plan/mod.rs", "mod tests { use super::super::engine::Pacer; }", "crate::engine::Pacer"),
        ("plan/mod.rs", "use crate::*;", "plan may not import crate::*"),
        ("operator/mod.rs", "use crate::worker::run;", "operator may not import crate::worker::run"),
        ("main.rs", "use loadgate::engine::Pacer;", "main may not import crate::engine::Pacer"),
        // A module that the table doesn't know.
        ("helpers/mod.rs", "", "src/helpers/mod.rs:1: helpers is not in the table"),
        ("cli/run.rs", "use crate::helpers::x;", "cli may not import crate::helpers::x"),
        // A crate out of its places.
        ("plan/mod.rs", "use kube::Client;", "kube may only be named in api, operator, store, cli"),
        ("plan/mod.rs", "use {kube, std::fmt};", "kube may only be named in"),
        ("plan/mod.rs", "extern crate kube;", "kube may only be named in"),
        ("plan/mod.rs", "use kube as k;", "kube may only be named in"),
        ("plan/mod.rs", "fn f(_: Vec::<::kube::Client>) {}", "kube may only be named in"),
        ("plan/mod.rs", "fn f() { return ::kube::x(); }", "kube may only be named in"),
        ("plan/mod.rs", "#[derive(kube::CustomResource)] struct A;", "kube may only be named in"),
        ("report/mod.rs", "use k8s_openapi::api;", "k8s_openapi may only be named in"),
        (
            "engine/fast.rs",
            "use reqwest::Client;",
            "reqwest may only be named in engine/full*, conduct, ingest/client",
        ),
        ("ingest/server.rs", "use reqwest::Client;", "reqwest may only be named in"),
        ("verdict/mod.rs", "use hdrhistogram::Histogram;", "hdrhistogram may only be named in metrics"),
        ("worker/mod.rs", "fn f() -> anyhow::Result<()> {}", "anyhow may only be named in"),
        // The world in a pure module.
        (
            "plan/mod.rs",
            "fn f() { std::time::Instant::now(); }",
            "plan/mod.rs:1: Instant::now in a pure module",
        ),
        ("metrics/mod.rs", "fn f() { SystemTime::now(); }", "SystemTime::now in a pure module"),
        ("verdict/mod.rs", "use std::{fmt, env};", "std::env in a pure module"),
        ("report/html.rs", "use std::fs;", "std::fs in a pure module"),
        (
            "report/html.rs",
            "use std::{collections::BTreeMap, net::{IpAddr, Ipv4Addr}};",
            "std::net in a pure module",
        ),
        ("report/html.rs", "#[tokio::test] async fn t() {}", "tokio in a pure module"),
        ("ingest/session.rs", "use tokio::sync::Mutex;", "tokio in a pure module"),
        ("ingest/session/epoch.rs", "fn f() { let now = Instant::now; }", "Instant::now in a pure module"),
        // Lints that are silenced.
        ("api/mod.rs", "\n#[allow(dead_code)] fn f() {}", "src/api/mod.rs:2: `allow` without a reason"),
        ("api/mod.rs", "#![allow(dead_code)]", "`allow` without a reason"),
        ("api/mod.rs", "#[cfg_attr(test, allow(dead_code))] fn f() {}", "`allow` without a reason"),
        ("api/mod.rs", "fn f() { #[expect(dead_code)] let a = 1; }", "`expect` without a reason"),
        (
            "api/mod.rs",
            "#[allow(clippy::unwrap_used, reason = \"short\")] fn f() {}",
            "unwrap_used is never allowed",
        ),
    ] {
        let faults = rules::check(&[parse(file, text)]);
        assert!(
            faults.iter().any(|fault| fault.contains(told)),
            "{file}: {text}\ntold: {faults:#?}\nnot: {told}"
        );
    }
}

#[test]
fn a_crate_for_one_file_is_refused_in_the_second() {
    let one = parse("metrics/histogram.rs", "use hdrhistogram::Histogram;");
    let two = parse("metrics/recorder.rs", "\nuse hdrhistogram::Histogram;");
    let faults = rules::check(&[one, two]);
    assert_eq!(
        faults,
        [
            "src/metrics/recorder.rs:2: hdrhistogram is already named in metrics/histogram.rs, and only one file may"
        ]
    );
}

#[test]
fn a_source_that_is_no_rust_is_told() {
    let told = Source::parse("plan/mod.rs", "fn f( {").expect_err("an open bracket is no Rust");
    assert!(told.starts_with("src/plan/mod.rs:1: "), "{told}");
}

fn parse(file: &str, text: &str) -> Source {
    Source::parse(file, text).unwrap_or_else(|fault| panic!("{fault}"))
}

fn read_folder(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder of src is readable").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let file = path.strip_prefix(root).expect("a file of src lies in src");
            sources.push(parse(&file.to_string_lossy(), &text));
        }
    }
}
