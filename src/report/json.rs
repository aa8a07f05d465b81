//! The report as JSON: `report.json`.

use super::Report;

/// Indented JSON with a line break at its end. Its schema is `docs/report.schema.json`.
#[must_use]
pub fn render(report: &Report) -> String {
    match serde_json::to_string_pretty(report) {
        Ok(json) => json + "\n",
        Err(_) => {
            unreachable!("a report consists of texts, whole numbers, lists and maps with texts as keys")
        }
    }
}

/// The JSON schema of a report.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Report).to_value();
    crate::api::drop_foreign_formats(&mut schema);
    crate::api::drop_rules(&mut schema);
    schema
}
