//! `spec.data`: rows of values, and what templates may name of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::{self, LoadTestSpec};
use crate::plan::data::Table;
use crate::plan::fault::At;
use crate::plan::model::{Feeder, Form, Place, Rows};
use crate::plan::template::RowNames;

/// All feeders.
pub(super) fn feeders(spec: &LoadTestSpec, at: &At) -> Option<Vec<Feeder>> {
    let feeders: Vec<Option<Feeder>> =
        spec.data.iter().enumerate().map(|(index, data)| feeder(data, &at.item(index))).collect();
    feeders.into_iter().collect()
}

/// What templates may name of each, also where the rest of it is faulty.
pub(super) fn names(spec: &LoadTestSpec) -> Vec<RowNames<'_>> {
    let fields = |data: &api::Data| {
        data.inline
            .as_ref()
            .map(|rows| rows.iter().flat_map(|row| row.keys().cloned()).collect::<BTreeSet<_>>())
    };
    let names = spec.data.iter().map(|data| RowNames {
        name: &data.name,
        is_of_user: data.order == Some(api::RowOrder::PerUser),
        fields: fields(data),
    });
    names.collect()
}

fn feeder(data: &api::Data, at: &At) -> Option<Feeder> {
    let rows = match (&data.inline, &data.csv, &data.json) {
        (Some(rows), None, None) => Some(Rows::Inline(Arc::new(Table::of_objects(rows)))),
        (None, Some(content), None) => {
            place(content, &at.field("csv")).map(|place| Rows::Outside(Form::Csv, place))
        }
        (None, None, Some(content)) => {
            place(content, &at.field("json")).map(|place| Rows::Outside(Form::Json, place))
        }
        (None, None, None) => {
            at.fault("has no rows; give it inline, csv or json");
            None
        }
        _ => {
            at.fault("has its rows from several places; keep one of inline, csv and json");
            None
        }
    };
    Some(Feeder {
        name: data.name.clone(),
        rows: rows?,
        order: data.order.unwrap_or_default(),
        path: at.path().to_owned(),
    })
}

/// Where content outside the spec is.
pub(super) fn place(content: &api::Content, at: &At) -> Option<Place> {
    match (&content.config_map_key_ref, &content.file) {
        (Some(reference), None) => Some(Place::ConfigMap(reference.clone())),
        (None, Some(file)) => Some(Place::File(file.clone())),
        (Some(_), Some(_)) => {
            at.fault("has both configMapKeyRef and file; keep one");
            None
        }
        (None, None) => {
            at.fault("needs a configMapKeyRef or a file");
            None
        }
    }
}
