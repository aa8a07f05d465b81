//! Compares what the sources name with the tables in `layers.rs`; each fault is one line that starts with its place.

use super::{
    FENCES, LAYERS, NEVER_ALLOWED, PURE, WORLD,
    code::{NamedPath, Source},
};

/// A row of the import table.
pub(crate) struct Layer {
    pub(crate) module: &'static str,
    pub(crate) may_import: &'static [&'static str],
}

/// A crate, and the places in `src` where it may be named.
pub(crate) struct Fence {
    pub(crate) dependency: &'static str,
    pub(crate) places: &'static [&'static str],
    pub(crate) one_file: bool,
}

pub(crate) fn check(sources: &[Source]) -> Vec<String> {
    let mut faults: Vec<String> = sources.iter().flat_map(check_source).collect();
    faults
        .extend(FENCES.iter().filter(|fence| fence.one_file).flat_map(|fence| second_files(fence, sources)));
    faults
}

fn check_source(source: &Source) -> Vec<String> {
    let owner = source.file.split(['/', '.']).next().unwrap_or_default();
    let Some(layer) = LAYERS.iter().find(|layer| layer.module == owner) else {
        return vec![format!("src/{}:1: {owner} is not in the table of tests/layers.rs", source.file)];
    };
    let mut faults = Vec::new();
    for path in &source.paths {
        let told = [import_fault(layer, path), fence_fault(source, path), purity_fault(source, path)];
        faults.extend(
            told.into_iter().flatten().map(|fault| format!("src/{}:{}: {fault}", source.file, path.line)),
        );
    }
    faults.extend(lint_faults(source));
    faults
}

fn import_fault(layer: &Layer, path: &NamedPath) -> Option<String> {
    let [root, module, ..] = path.segments.as_slice() else { return None };
    let is_fine = root != "crate"
        || layer.module == "lib"
        || module == layer.module
        || layer.may_import.contains(&module.as_str());
    let may = if layer.may_import.is_empty() { "nothing".to_owned() } else { layer.may_import.join(", ") };
    (!is_fine)
        .then(|| format!("{} may not import {}; it may import {may}", layer.module, path.segments.join("::")))
}

fn fence_fault(source: &Source, path: &NamedPath) -> Option<String> {
    let fence = FENCES.iter().find(|fence| fence.dependency == path.segments[0])?;
    (!lies_in(source, fence.places)).then(|| {
        let places = fence.places.join(", ");
        format!("{} may only be named in {places}: {}", fence.dependency, path.segments.join("::"))
    })
}

fn purity_fault(source: &Source, path: &NamedPath) -> Option<String> {
    if !lies_in(source, PURE) {
        return None;
    }
    let names = |part: &[&str]| path.segments.windows(part.len()).any(|window| window == part);
    let part = WORLD.iter().find(|part| names(part))?;
    Some(format!(
        "{} in a pure module; take it as an argument: {}",
        part.join("::"),
        path.segments.join("::")
    ))
}

fn lint_faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for silenced in &source.silenced {
        let place = format!("src/{}:{}", source.file, silenced.line);
        if !silenced.words.iter().any(|word| word == "reason") {
            faults.push(format!("{place}: `{}` without a reason", silenced.by));
        }
        for lint in NEVER_ALLOWED.iter().filter(|lint| silenced.words.iter().any(|word| word == *lint)) {
            faults.push(format!("{place}: {lint} is never allowed"));
        }
    }
    faults
}

fn second_files(fence: &Fence, sources: &[Source]) -> Vec<String> {
    let mut uses = sources.iter().filter_map(|source| {
        let path = source.paths.iter().find(|path| path.segments[0] == fence.dependency)?;
        Some((source, path.line))
    });
    let Some((first, _)) = uses.next() else { return Vec::new() };
    uses.map(|(source, line)| {
        let (dependency, first) = (fence.dependency, &first.file);
        format!("src/{}:{line}: {dependency} is already named in {first}, and only one file may", source.file)
    })
    .collect()
}

/// A place is a module with all below it; with a `*` at its end, all whose path starts so.
fn lies_in(source: &Source, places: &[&str]) -> bool {
    let path = source.file.trim_end_matches(".rs");
    places.iter().any(|place| match place.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    })
}
