//! All rows of a plan, once what stands outside the spec has been read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Table;
use crate::api::ConfigMapKeyRef;
use crate::plan::fault::Fault;
use crate::plan::model::{Body, Feeder, FileBody, Form, Multipart, Place, Plan, Rows};
use crate::plan::template::Name;

/// How many bytes of the digest are kept.
const KEPT: usize = 16;

/// The most bytes of a body: each user may hold one that its socket hasn't taken yet.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// All that a plan reads: the rows of its feeders, and bodies that stand outside the spec.
#[derive(Clone, Debug, Default)]
pub struct Data {
    tables: Vec<Arc<Table>>,
    bodies: BTreeMap<Place, Arc<[u8]>>,
    digest: String,
}

/// Each ConfigMap that `plan` reads a key of, once, in order.
#[must_use]
pub fn config_maps(plan: &Plan) -> Vec<ConfigMapKeyRef> {
    let of_place = |place: &Place| match place {
        Place::ConfigMap(reference) => Some(reference.clone()),
        Place::File(_) => None,
    };
    let references: BTreeSet<_> = plan.places().filter_map(|(_, place)| of_place(place)).collect();
    references.into_iter().collect()
}

/// A fault for each file that `plan` reads: there is none where it runs in a cluster.
#[must_use]
pub fn files(plan: &Plan) -> Vec<Fault> {
    const MESSAGE: &str = "is read where the test runs without a cluster only; put it into a ConfigMap and name that by configMapKeyRef";
    let files = plan.places().filter(|(_, place)| matches!(place, Place::File(_)));
    files.map(|(path, _)| Fault::new(format!("{path}.file"), MESSAGE)).collect()
}

impl Plan {
    /// Where content outside the spec is, each with the path of its field.
    fn places(&self) -> impl Iterator<Item = (String, &Place)> {
        let of_rows = self.data.iter().filter_map(|feeder| match &feeder.rows {
            Rows::Inline(_) => None,
            Rows::Outside(form, place) => Some((format!("{}.{}", feeder.path, form.field()), place)),
        });
        of_rows.chain(self.file_bodies().map(|body| (body.path.clone(), &body.place)))
    }

    /// Bodies that stand outside the spec, of the load and of the preflight.
    fn file_bodies(&self) -> impl Iterator<Item = &FileBody> {
        self.bodies().flat_map(Body::files)
    }

    fn bodies(&self) -> impl Iterator<Item = &Body> {
        let steps = self.steps.iter().map(|step| &step.request);
        let requests = steps.chain(self.target.preflight.iter().map(|action| &action.request));
        requests.filter_map(|request| request.body.as_ref())
    }

    /// The fields of each feeder that steps name, with the first step that does.
    fn fields_named(&self, feeder: usize) -> BTreeMap<&str, usize> {
        let mut named = BTreeMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            for name in step.names() {
                if let Name::Data { feeder: of, field } = name
                    && *of == feeder
                {
                    named.entry(field.as_str()).or_insert(index);
                }
            }
        }
        named
    }
}

impl Data {
    /// Reads all of it. `content` gives what is at a place, or why it can't; none: nobody can know it here.
    ///
    /// # Errors
    /// When content can't be had or read, or lacks a field that is named.
    pub fn read(
        plan: &Plan,
        mut content: impl FnMut(&Place) -> Result<Option<Vec<u8>>, String>,
    ) -> Result<Self, Vec<Fault>> {
        let (mut tables, mut faults, mut digest) = (Vec::new(), Vec::new(), None);
        for (index, feeder) in plan.data.iter().enumerate() {
            match &feeder.rows {
                Rows::Inline(table) => tables.push(Arc::clone(table)),
                Rows::Outside(form, place) => {
                    let read = content(place).and_then(|bytes| match bytes {
                        Some(bytes) => {
                            note(digest.get_or_insert_with(Sha256::new), &bytes);
                            table(plan, index, *form, &bytes)
                        }
                        None => Ok(Table::default()),
                    });
                    match read {
                        Ok(table) => tables.push(Arc::new(table)),
                        Err(message) => faults.push(fault(feeder, *form, message)),
                    }
                }
            }
        }
        let mut bodies = BTreeMap::new();
        for body in plan.file_bodies() {
            if bodies.contains_key(&body.place) {
                continue;
            }
            match content(&body.place).and_then(fitting) {
                Ok(Some(bytes)) => {
                    note(digest.get_or_insert_with(Sha256::new), &bytes);
                    bodies.insert(body.place.clone(), Arc::from(bytes));
                }
                Ok(None) => {}
                Err(message) => faults.push(Fault::new(body.path.as_str(), message)),
            }
        }
        let digest = digest.map(hex).unwrap_or_default();
        let data = Data { tables, bodies, digest };
        faults.extend(plan.bodies().filter_map(Body::multipart).filter_map(|form| data.too_long(form)));
        if faults.is_empty() { Ok(data) } else { Err(faults) }
    }

    /// The rows of the feeder at this place of the plan.
    #[must_use]
    pub fn table(&self, feeder: usize) -> Option<&Arc<Table>> {
        self.tables.get(feeder)
    }

    /// The bytes of a body; empty where nobody could read it.
    #[must_use]
    pub fn body(&self, body: &FileBody) -> &[u8] {
        self.bodies.get(&body.place).map_or(&[], |bytes| bytes)
    }

    /// The files of a form are one body.
    fn too_long(&self, form: &Multipart) -> Option<Fault> {
        let length: usize = form.files().map(|file| self.body(file).len()).sum();
        let message = || format!("has files of {length} bytes; a body may have {LARGEST_BODY}");
        (length > LARGEST_BODY).then(|| Fault::new(form.path.as_str(), message()))
    }

    /// A digest of all content that stands outside the spec; empty where there is none.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn fitting(bytes: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, String> {
    match &bytes {
        Some(body) if body.len() > LARGEST_BODY => {
            Err(format!("has {} bytes; a body may have {LARGEST_BODY}", body.len()))
        }
        Some(_) | None => Ok(bytes),
    }
}

fn fault(feeder: &Feeder, form: Form, message: String) -> Fault {
    Fault::new(format!("{}.{}", feeder.path, form.field()), message)
}

fn table(plan: &Plan, feeder: usize, form: Form, bytes: &[u8]) -> Result<Table, String> {
    let table = match form {
        Form::Csv => Table::of_csv(bytes)?,
        Form::Json => Table::of_json(bytes)?,
    };
    for (field, step) in plan.fields_named(feeder) {
        if table.column(field).is_none() {
            return Err(format!("{}; step {} names it", table.no_field(field), plan.step_label(step)));
        }
    }
    Ok(table)
}

/// With its length, so that no two lists of contents look alike.
fn note(digest: &mut Sha256, bytes: &[u8]) {
    digest.update((bytes.len() as u64).to_be_bytes());
    digest.update(bytes);
}

fn hex(digest: Sha256) -> String {
    digest.finalize().iter().take(KEPT).fold(String::with_capacity(2 * KEPT), |mut hex, byte| {
        // Writing to a String never fails.
        _ = write!(hex, "{byte:02x}");
        hex
    })
}
