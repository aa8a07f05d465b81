//! Rows of one feeder: from objects, CSV or JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::plan::near;

/// The most rows that there may be.
const MOST_ROWS: usize = 1_000_000;

/// Rows with fields. A row may lack some.
#[derive(Clone, Default, PartialEq)]
pub struct Table {
    fields: Vec<String>,
    /// Row by row, each with all fields.
    cells: Vec<Option<Value>>,
}

impl Table {
    /// The rows of objects: the fields are those of all of them.
    pub(in crate::plan) fn of_objects(rows: &[BTreeMap<String, Value>]) -> Self {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for name in rows.iter().flat_map(BTreeMap::keys) {
            let next = places.len();
            places.entry(name).or_insert(next);
        }
        let mut fields = vec![String::new(); places.len()];
        for (name, place) in &places {
            (*name).clone_into(&mut fields[*place]);
        }
        let cells = rows.iter().flat_map(|row| fields.iter().map(|name| row.get(name).cloned())).collect();
        Table { fields, cells }
    }

    /// The rows of a JSON list of objects.
    pub(super) fn of_json(text: &[u8]) -> Result<Self, String> {
        let rows: Vec<Map<String, Value>> = serde_json::from_slice(without_mark(text))
            .map_err(|error| format!("isn't a JSON list of objects: {error}"))?;
        let rows: Vec<BTreeMap<String, Value>> =
            rows.into_iter().map(|row| row.into_iter().collect()).collect();
        check_count(rows.len())?;
        Ok(Table::of_objects(&rows))
    }

    /// The rows of a CSV text: its first line names the fields, and all values are texts.
    pub(super) fn of_csv(text: &[u8]) -> Result<Self, String> {
        let mut lines = csv::Reader::from_reader(without_mark(text));
        let head = lines.headers().map_err(|error| unreadable(&error))?;
        let fields: Vec<String> = head.iter().map(str::to_owned).collect();
        for (place, name) in fields.iter().enumerate() {
            if name.is_empty() || fields[..place].contains(name) {
                return Err(format!("names its field {} `{name}`; give each a name of its own", place + 1));
            }
        }
        let mut cells = Vec::new();
        let mut line = csv::StringRecord::new();
        while lines.read_record(&mut line).map_err(|error| unreadable(&error))? {
            cells.extend(line.iter().map(|value| Some(Value::from(value))));
        }
        check_count(cells.len().checked_div(fields.len()).unwrap_or(0))?;
        Ok(Table { fields, cells })
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.cells.len().checked_div(self.fields.len()).unwrap_or(0)
    }

    /// The place of a field among those of a row.
    #[must_use]
    pub fn column(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|known| known == field)
    }

    /// The value in a row; none: the row has none.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Option<&Value> {
        self.cells.get(row * self.fields.len() + column)?.as_ref()
    }

    /// The names of the fields.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// What to say of a field that no row has.
    pub(in crate::plan) fn no_field(&self, field: &str) -> String {
        format!("has no field `{field}`; {}", near::instead(field, self.fields.iter().map(String::as_str)))
    }
}

/// Rows may hold what nobody else is to see.
impl std::fmt::Debug for Table {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Table")
            .field("fields", &self.fields)
            .field("rows", &self.rows())
            .finish_non_exhaustive()
    }
}

/// Some editors begin files with a mark of their byte order.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

fn check_count(rows: usize) -> Result<(), String> {
    match rows {
        0 => Err("has no rows".to_owned()),
        1..=MOST_ROWS => Ok(()),
        _ => Err(format!("has {rows} rows; there may be {MOST_ROWS}")),
    }
}

/// Without the values, which may be nobody's business.
fn unreadable(error: &csv::Error) -> String {
    let line = |place: Option<&csv::Position>| place.map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = line(pos.as_ref());
            format!("line {line} has {len} values, and the first line names {expected_len} fields")
        }
        csv::ErrorKind::Utf8 { pos, .. } => format!("line {} isn't UTF-8", line(pos.as_ref())),
        _ => "isn't CSV".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(read: Result<Table, String>, want: &Result<(&[&str], Vec<Option<Value>>), &str>) {
        match (read, want) {
            (Ok(table), Ok((fields, cells))) => {
                assert_eq!(table.fields, *fields);
                assert_eq!(&table.cells, cells);
            }
            (Err(told), Err(want)) => assert!(told.starts_with(want), "{told}"),
            (read, want) => panic!("{read:?}, and not {want:?}"),
        }
    }

    #[test]
    fn the_first_line_of_csv_names_the_fields_and_all_values_are_texts() {
        let some = |value: &str| Some(json!(value));
        for (text, want) in [
            ("a,b\n1,\"x, y\"\n", Ok((&["a", "b"][..], vec![some("1"), some("x, y")]))),
            ("\u{feff}a\r\n\"\"\r\nz", Ok((&["a"][..], vec![some(""), some("z")]))),
            ("a,b\n1\n", Err("line 2 has 1 values, and the first line names 2 fields")),
            ("a,a\n1,2\n", Err("names its field 2 `a`; give each a name of its own")),
            ("a,\n1,2\n", Err("names its field 2 ``; give each a name of its own")),
            ("a,b\n", Err("has no rows")),
            ("", Err("has no rows")),
        ] {
            check(Table::of_csv(text.as_bytes()), &want);
        }
        check(Table::of_csv(b"a\n\xff\n"), &Err("line 2 isn't UTF-8"));
    }

    #[test]
    fn values_of_json_keep_their_type_and_a_row_may_lack_a_field() {
        let table = Table::of_json(b"[{\"a\": 1}, {\"b\": [true], \"a\": null}]").expect("it is sound");
        assert_eq!((table.rows(), table.fields()), (2, &["a".to_owned(), "b".to_owned()][..]));
        let cell = |row, field: &str| table.cell(row, table.column(field).expect("it is there"));
        assert_eq!((cell(0, "a"), cell(0, "b")), (Some(&json!(1)), None));
        assert_eq!((cell(1, "a"), cell(1, "b")), (Some(&json!(null)), Some(&json!([true]))));
        for (text, want) in [
            ("{}", "isn't a JSON list of objects: "),
            ("[1]", "isn't a JSON list of objects: "),
            ("[]", "has no rows"),
        ] {
            check(Table::of_json(text.as_bytes()), &Err(want));
        }
    }
}
