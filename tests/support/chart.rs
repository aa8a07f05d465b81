//! The chart, rendered by helm with its defaults and with each file of values in its folder `ci`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::{path, tools};

/// What the project's clusters run: without a cluster, helm would assume a version of its own.
pub(crate) const KUBERNETES: &str = "1.36.3";

/// Where the chart is installed.
pub(crate) const NAMESPACE: &str = "loadgate-system";

/// The chart as a set of values makes it.
pub(crate) struct Rendering {
    /// `default`, or the name of a file of values.
    pub(crate) values: String,
    /// All of it, as `kubectl apply` would read it.
    pub(crate) text: String,
    pub(crate) objects: Vec<Value>,
}

impl Rendering {
    /// The objects of a kind.
    pub(crate) fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.objects.iter().filter(|object| object["kind"] == kind).collect()
    }

    /// The only object of a kind.
    pub(crate) fn the(&self, kind: &str) -> &Value {
        let found = self.of_kind(kind);
        let [one] = found[..] else { panic!("{}: {} objects are a {kind}", self.values, found.len()) };
        one
    }
}

/// The chart's folder.
pub(crate) fn folder() -> PathBuf {
    path("charts/loadgate")
}

/// Every file of values, and none, which stands for the defaults.
pub(crate) fn value_sets() -> Vec<Option<PathBuf>> {
    let files = std::fs::read_dir(folder().join("ci")).unwrap().map(|entry| Some(entry.unwrap().path()));
    let mut sets = std::iter::once(None).chain(files).collect::<Vec<_>>();
    sets.sort();
    sets
}

/// The chart with each set of values; none where helm can't be had.
pub(crate) fn renderings() -> Option<&'static [Rendering]> {
    static ONCE: OnceLock<Option<Vec<Rendering>>> = OnceLock::new();
    let all = ONCE.get_or_init(|| {
        let helm = tools::program("helm")?;
        Some(value_sets().iter().map(|values| render(&helm, values.as_deref())).collect())
    });
    all.as_deref()
}

/// The chart with the values of `ci/<name>-values.yaml`, or with its defaults.
pub(crate) fn rendering(name: &str) -> Option<&'static Rendering> {
    renderings()?.iter().find(|rendering| rendering.values == name)
}

fn render(helm: &Path, values: Option<&Path>) -> Rendering {
    let mut command = template(helm);
    if let Some(file) = values {
        command.arg("--values").arg(file);
    }
    let text = tools::output(&mut command).unwrap();
    let documents =
        serde_yaml::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap());
    let name = values.and_then(Path::file_name).map_or("default".into(), |name| name.to_string_lossy());
    Rendering {
        values: name.trim_end_matches("-values.yaml").to_owned(),
        objects: documents.filter(|object| !object.is_null()).collect(),
        text,
    }
}

/// `helm template` of the chart, to which values can be added.
pub(crate) fn template(helm: &Path) -> Command {
    let mut command = Command::new(helm);
    command.args(["template", "loadgate"]).arg(folder());
    command.args(["--namespace", NAMESPACE, "--kube-version", KUBERNETES]);
    command
}
