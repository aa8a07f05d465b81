//! The record of a run: what is written down before any worker hears of a start, so that a new operator goes on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The key of the record in its ConfigMap.
const KEY: &str = "record.json";

/// What a new operator must know of a run that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// When the first phase was let begin.
    pub started_at: Timestamp,
    /// The UID of the pod of each index.
    pub owners: Vec<String>,
}

impl Record {
    /// As the data of a ConfigMap.
    #[must_use]
    pub fn to_data(&self) -> BTreeMap<String, String> {
        let Ok(json) = serde_json::to_string(self) else { unreachable!("a record consists of texts") };
        BTreeMap::from([(KEY.to_owned(), json)])
    }

    /// From the data of a ConfigMap; none: it holds no record.
    #[must_use]
    pub fn from_data(data: &BTreeMap<String, String>) -> Option<Self> {
        serde_json::from_str(data.get(KEY)?).ok()
    }
}
