//! Rows of data that stand beside the spec: in files, and in what ConfigMaps hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::exit::Refused;
use super::load;
use crate::api::ConfigMapKeyRef;
use crate::plan::data::config_maps;
use crate::plan::{Data, Place, Plan};

/// The most bytes of a file.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Reads all rows for a run. `file` is that of the test; `given` tells where what ConfigMaps hold is.
pub(super) fn read(plan: &Plan, file: &Path, given: &[String]) -> Result<Data, Refused> {
    let mut refused = Vec::new();
    let mut known: BTreeMap<ConfigMapKeyRef, PathBuf> = BTreeMap::new();
    for argument in given {
        match parse(argument) {
            Ok((reference, path)) => _ = known.insert(reference, path),
            Err(line) => refused.push(line),
        }
    }
    if !refused.is_empty() {
        return Err(Refused(refused));
    }
    let rows = Data::read(plan, |place| match place {
        Place::File(name) => content(&beside(file, name)).map(Some),
        Place::ConfigMap(reference) => match known.get(reference) {
            Some(path) => content(path).map(Some),
            None => Err(format!("needs its content: --config-map {}/{}=PATH", reference.name, reference.key)),
        },
    });
    rows.map_err(|faults| load::refused(file, &faults))
}

/// Reads what can be read without a run: what a ConfigMap holds is known where it is.
pub(super) fn look(plan: &Plan, file: &Path) -> Result<(), Refused> {
    let rows = Data::read(plan, |place| match place {
        Place::File(name) => content(&beside(file, name)).map(Some),
        Place::ConfigMap(_) => Ok(None),
    });
    rows.map(drop).map_err(|faults| load::refused(file, &faults))
}

/// Reads all rows where the operator has had them mounted: a file for each, by its place among the ConfigMaps.
pub(super) fn mounted(plan: &Plan, spec: &Path, folder: Option<&Path>) -> Result<Data, Refused> {
    let references = config_maps(plan);
    let rows = Data::read(plan, |place| match place {
        Place::File(_) => Err("is a file, which no worker has".to_owned()),
        Place::ConfigMap(reference) => {
            let ConfigMapKeyRef { name, key } = reference;
            let index = references.iter().position(|known| known == reference);
            let path = folder.zip(index).map(|(folder, index)| folder.join(index.to_string()));
            match path.filter(|path| path.exists()) {
                Some(path) => content(&path).map(Some),
                None => Err(format!(
                    "there is no key {key:?} in a ConfigMap {name:?} in the namespace of the test"
                )),
            }
        }
    });
    rows.map_err(|faults| load::refused(spec, &faults))
}

/// `name/key=PATH`.
fn parse(argument: &str) -> Result<(ConfigMapKeyRef, PathBuf), String> {
    let parts =
        argument.split_once('=').and_then(|(reference, path)| Some((reference.split_once('/')?, path)));
    match parts {
        Some(((name, key), path)) if !name.is_empty() && !key.is_empty() && !path.is_empty() => {
            Ok((ConfigMapKeyRef { name: name.to_owned(), key: key.to_owned() }, PathBuf::from(path)))
        }
        _ => Err(format!("--config-map {argument}: write name/key=PATH")),
    }
}

/// A file's path counts from the folder of the test's own file; standard input has none.
fn beside(file: &Path, name: &str) -> PathBuf {
    file.parent().map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
}

fn content(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("{} can't be read: {error}", path.display());
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST {
        return Err(format!("{} has {size} bytes; there may be {LARGEST}", path.display()));
    }
    std::fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_says_of_which_key_a_file_is_the_content() {
        let (reference, path) = parse("shop/rows.csv=/tmp/a=b").unwrap();
        assert_eq!((reference.name.as_str(), reference.key.as_str()), ("shop", "rows.csv"));
        assert_eq!(path, Path::new("/tmp/a=b"));
        for wrong in ["shop=/tmp/a", "shop/=/tmp/a", "/rows=/tmp/a", "shop/rows=", "shop/rows"] {
            assert!(parse(wrong).unwrap_err().ends_with("write name/key=PATH"), "{wrong}");
        }
    }

    #[test]
    fn a_file_lies_beside_the_test() {
        assert_eq!(beside(Path::new("tests/shop.yaml"), "rows.csv"), Path::new("tests/rows.csv"));
        assert_eq!(beside(Path::new("shop.yaml"), "rows.csv"), Path::new("rows.csv"));
        assert_eq!(beside(Path::new("-"), "rows.csv"), Path::new("rows.csv"));
    }
}
