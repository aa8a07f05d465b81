//! README's way from nothing to a verdict: its very commands, in their order.

use crate::support::installation::Installation;

/// The commands to install are those that all tests here begin with, those to uninstall those that they end with.
pub(crate) fn the_five_minutes_of_readme_are_as_told(installation: &Installation) {
    let [target, test, delete] = installation.path_of_readme() else {
        panic!("README's section has other blocks than it had")
    };
    let _left = Shop(installation);
    installation.types(target);
    let said = installation.types(test);
    println!("{said}");
    let verdict = said.lines().find_map(|line| line.split_once(": score ")).map(|(verdict, _)| verdict);
    let is_unsound =
        said.lines().any(|line| line.starts_with("Inconclusive: the load generator was not sound"));
    assert!(verdict == Some("Pass") || is_unsound, "{said}");
    for part in
        ["loadtest.loadgate.dev/quickstart condition met", "PHASE", "Observed Generation:  1", "Started"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    installation.types(delete);
    let left = installation.kubectl.within("shop").tries(&["get", "namespace", "shop"]);
    assert!(left.is_err_and(|said| said.contains("not found")));
}

/// The namespace that README calls so goes in any case.
struct Shop<'a>(&'a Installation);

impl Drop for Shop<'_> {
    fn drop(&mut self) {
        drop(self.0.kubectl.tries(&["delete", "namespace", "shop", "--ignore-not-found", "--timeout=60s"]));
    }
}
