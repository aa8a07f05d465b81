//! README's way from nothing to a verdict: its very commands, in their order.

use std::io::Write;

use tempfile::NamedTempFile;

use crate::local::quickstart;
use crate::support::installation::Installation;
use crate::support::loadtests::soundly;

/// What its commands apply.
const FILE: &str = "examples/quickstart.yaml";

/// The commands to install are those that all tests here begin with, those to uninstall those that they end with.
pub(crate) fn the_five_minutes_of_readme_are_as_told(installation: &Installation) {
    let [target, test, delete] = installation.path_of_readme() else {
        panic!("README's section has other blocks than it had")
    };
    let _left = Shop(installation);
    soundly(|attempt| {
        installation.types(target);
        let said = said_of(installation, test, attempt);
        installation.types(delete);
        let left = installation.kubectl.within("shop").tries(&["get", "namespace", "shop"]);
        assert!(left.is_err_and(|said| said.contains("not found")));
        // A busy machine may also be slow to answer.
        said.lines().any(|line| line.starts_with("Pass: score ")).then_some(())
    });
}

/// Where README's load was too much for this machine twice, its commands take a file that asks for less.
fn said_of(installation: &Installation, commands: &str, attempt: usize) -> String {
    let mut gentler = NamedTempFile::new().unwrap();
    gentler.write_all(quickstart(attempt).to_string().as_bytes()).unwrap();
    let file = gentler.path().to_string_lossy().into_owned();
    let is_as_told = attempt < 2;
    let commands = if is_as_told { commands.to_owned() } else { commands.replace(FILE, &file) };
    assert_eq!(commands.contains(FILE), is_as_told, "README takes another file than {FILE}");
    let said = installation.types(&commands);
    println!("{said}");
    for part in
        ["loadtest.loadgate.dev/quickstart condition met", "PHASE", "Observed Generation:  1", "Started"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    said
}

/// The namespace that README calls so goes in any case.
struct Shop<'a>(&'a Installation);

impl Drop for Shop<'_> {
    fn drop(&mut self) {
        drop(self.0.kubectl.tries(&["delete", "namespace", "shop", "--ignore-not-found", "--timeout=60s"]));
    }
}
