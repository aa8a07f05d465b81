//! What a step takes from its response.

use crate::api;
use crate::plan::fault::At;
use crate::plan::model::{Extract, Origin};

use super::check::{bytes_regex as regex_of, json_path};
use super::header::lower_name;

/// The values that a step takes, into the slots from `first_slot` on.
pub(super) fn extracts(list: &[api::Extract], first_slot: usize, at: &At) -> Option<Vec<Extract>> {
    let extracts: Vec<Option<Extract>> = (list.iter().enumerate())
        .map(|(index, extract)| {
            let from = origin(extract, &at.item(index))?;
            Some(Extract { slot: first_slot + index, from })
        })
        .collect();
    extracts.into_iter().collect()
}

fn origin(extract: &api::Extract, at: &At) -> Option<Origin> {
    let api::Extract { name: _, json_path: path, header, regex } = extract;
    match (path, header, regex) {
        (Some(path), None, None) => json_path(path, &at.field("jsonPath")).map(Origin::JsonPath),
        (None, Some(name), pattern) => {
            let name = lower_name(name, &at.field("header"));
            let pattern = pattern.as_deref().map(|pattern| regex_of(pattern, &at.field("regex")));
            Some(Origin::Header(name, pattern.map_or(Some(None), |pattern| pattern.map(Some))?))
        }
        (None, None, Some(pattern)) => regex_of(pattern, &at.field("regex")).map(Origin::Regex),
        (None, None, None) => {
            at.fault("takes nothing; give it jsonPath, header or regex");
            None
        }
        _ => {
            at.fault(
                "takes several at once; keep one of jsonPath, header and regex, or a regex with its header",
            );
            None
        }
    }
}
