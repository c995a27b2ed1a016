//! Recorded figures: what `book/figures/NAME.json` holds, how a page finds a value in it, and how a
//! value reads. `record` writes these files; the directives `figures` and `figure` show them.
//!
//! What must hold: each row has one value for each column, so a table has no holes that nobody meant.
//! `null` is a hole that was meant: what this machine couldn't measure.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// One recording: a table, when it was made, and on which machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// The day, as `2026-11-23`.
    pub recorded: String,
    /// What it was recorded on.
    pub machine: Machine,
    /// How it was measured, in one sentence.
    pub how: String,
    /// What was measured.
    pub columns: Vec<Column>,
    /// Of what it was measured.
    pub rows: Vec<Row>,
}

/// What a recording was made on. A figure means little without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// How many threads it runs at once.
    pub cores: usize,
    /// The operating system and its version.
    pub system: String,
    /// The compiler's version.
    pub rustc: String,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// What a page calls it.
    pub id: String,
    /// What a reader calls it.
    pub title: String,
    /// Of one value; empty for a count.
    pub unit: String,
}

/// The values of one thing that was measured, in the columns' order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What a page calls it.
    pub id: String,
    /// What a reader calls it.
    pub title: String,
    /// `None`: not measured.
    pub values: Vec<Option<f64>>,
}

impl Figures {
    /// Reads `NAME.json` in `folder`.
    ///
    /// # Errors
    ///
    /// That there is none, with the recordings there are; that it can't be read; as
    /// [`parse`](Self::parse).
    pub fn load(folder: &Path, name: &str) -> Result<Self, String> {
        let file = format!("{name}.json");
        let text = fs::read_to_string(folder.join(&file)).map_err(|error| {
            format!("figures {file}: {error}; recorded are: {}", list(names(folder)))
        })?;
        Self::parse(&text).map_err(|error| format!("figures {file}: {error}"))
    }

    /// Reads a recording's text.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    ///
    /// ```
    /// use asyncio_book::figures::Figures;
    ///
    /// let figures = Figures::parse(r#"{
    ///     "recorded": "2026-11-23",
    ///     "machine": {"cpu": "a fast one", "cores": 2, "system": "Linux", "rustc": "1.95.0"},
    ///     "how": "By hand.",
    ///     "columns": [{"id": "cpu", "title": "CPU time", "unit": "ms"}],
    ///     "rows": [{"id": "ladder_1", "title": "busy loop", "values": [1010.4]}]
    /// }"#)?;
    /// assert_eq!(figures.shown("ladder_1", "cpu")?, "1,010 ms");
    /// # Ok::<(), String>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let figures: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let columns = figures.columns.len();
        match figures.rows.iter().find(|row| row.values.len() != columns) {
            None => Ok(figures),
            Some(Row { id, values, .. }) => {
                Err(format!("row {id} has {} values for {columns} columns", values.len()))
            }
        }
    }

    /// The recording as text, as [`parse`](Self::parse) reads it: one line a row, so that a change
    /// shows in a diff.
    pub fn to_json(&self) -> String {
        let lines = |items: Vec<String>| items.join(",\n    ");
        format!(
            "{{\n  \"recorded\": {},\n  \"machine\": {},\n  \"how\": {},\n  \
             \"columns\": [\n    {}\n  ],\n  \"rows\": [\n    {}\n  ]\n}}\n",
            json(&self.recorded),
            json(&self.machine),
            json(&self.how),
            lines(self.columns.iter().map(json).collect()),
            lines(self.rows.iter().map(json).collect()),
        )
    }

    /// The value in `row` and `column`, by their ids. `None`: it wasn't measured.
    ///
    /// # Errors
    ///
    /// That there is no such row or column, with those there are.
    pub fn value(&self, row: &str, column: &str) -> Result<Option<f64>, String> {
        Ok(self.row(row)?.values[self.column(column)?.0])
    }

    /// The value in `row` and `column` as a page shows it: with its unit.
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value); and that it wasn't measured, since a sentence needs a number.
    pub fn shown(&self, row: &str, column: &str) -> Result<String, String> {
        let value = self.value(row, column)?;
        let value = value.ok_or(format!("row {row}, column {column}: not measured"))?;
        Ok(self.column(column)?.1.shown(value))
    }

    fn row(&self, id: &str) -> Result<&Row, String> {
        self.rows.iter().find(|row| row.id == id).ok_or_else(|| {
            format!("no row {id}; there are: {}", list(self.rows.iter().map(|row| row.id.clone())))
        })
    }

    fn column(&self, id: &str) -> Result<(usize, &Column), String> {
        let mut numbered = self.columns.iter().enumerate();
        numbered.find(|(_, column)| column.id == id).ok_or_else(|| {
            let ids = self.columns.iter().map(|column| column.id.clone());
            format!("no column {id}; there are: {}", list(ids))
        })
    }
}

impl Column {
    /// One of its values, with the unit.
    pub fn shown(&self, value: f64) -> String {
        match self.unit.as_str() {
            "" => number(value),
            unit => format!("{} {unit}", number(value)),
        }
    }
}

/// A value as it reads: `1,010`, `35`, `3.4`. One decimal under 10, where it says something.
pub fn number(value: f64) -> String {
    let text = format!("{value:.0$}", usize::from(value.abs() < 9.95));
    let text = text.strip_suffix(".0").unwrap_or(&text);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    format!("{sign}{}", grouped(digits))
}

/// `1,234,567` for `1234567`.
fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !digits.contains('.') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The recordings in `folder`.
fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = files
        .filter_map(|file| file.file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .filter(|name| !name.contains('.'))
        .collect();
    names.sort();
    names
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("figures are plain data")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let column = |id: &str, unit: &str| Column {
            id: id.to_owned(),
            title: id.to_uppercase(),
            unit: unit.to_owned(),
        };
        let row = |id: &str, values: [Option<f64>; 2]| Row {
            id: id.to_owned(),
            title: id.to_uppercase(),
            values: values.to_vec(),
        };
        Figures {
            recorded: "2026-11-23".to_owned(),
            machine: Machine {
                cpu: "a \"fast\" one".to_owned(),
                cores: 2,
                system: "Linux 6".to_owned(),
                rustc: "1.95.0".to_owned(),
            },
            how: "By hand.".to_owned(),
            columns: vec![column("cpu", "ms"), column("syscalls", "")],
            rows: vec![row("busy", [Some(1010.4), Some(60.0)]), row("parked", [Some(0.9), None])],
        }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let figures = figures();
        assert_eq!(Figures::parse(&figures.to_json()).unwrap(), figures);
    }

    #[test]
    fn a_value_is_found_by_row_and_column() {
        let figures = figures();
        assert_eq!(figures.shown("busy", "cpu").unwrap(), "1,010 ms");
        assert_eq!(figures.shown("busy", "syscalls").unwrap(), "60");
        assert_eq!(figures.shown("parked", "cpu").unwrap(), "0.9 ms");
        assert_eq!(figures.value("parked", "syscalls").unwrap(), None);
    }

    #[test]
    fn what_isn_t_there_is_named_with_what_is() {
        let figures = figures();
        let error = |row, column| figures.shown(row, column).unwrap_err();
        assert_eq!(error("bussy", "cpu"), "no row bussy; there are: busy, parked");
        assert_eq!(error("busy", "gpu"), "no column gpu; there are: cpu, syscalls");
        assert_eq!(error("parked", "syscalls"), "row parked, column syscalls: not measured");
    }

    #[test]
    fn a_recording_that_isn_t_there_is_named_with_those_that_are() {
        let folder = tempfile::tempdir().unwrap();
        let error = || Figures::load(folder.path(), "lader").unwrap_err();
        assert!(error().starts_with("figures lader.json: "), "{}", error());
        assert!(error().ends_with("; recorded are: none"), "{}", error());
        for file in ["ladder.json", "02_tasks.trace.json", "notes.txt"] {
            fs::write(folder.path().join(file), figures().to_json()).unwrap();
        }
        assert!(error().ends_with("; recorded are: ladder"), "{}", error());
        assert_eq!(Figures::load(folder.path(), "ladder").unwrap(), figures());
    }

    #[test]
    fn a_row_with_a_value_too_few_is_refused() {
        let mut figures = figures();
        figures.rows[1].values.pop();
        let error = Figures::parse(&figures.to_json()).unwrap_err();
        assert_eq!(error, "row parked has 1 values for 2 columns");
    }

    #[test]
    fn a_number_has_as_many_digits_as_it_means() {
        for (value, text) in [
            (0.0, "0"),
            (0.94, "0.9"),
            (3.0, "3"),
            (9.94, "9.9"),
            (9.96, "10"),
            (35.4, "35"),
            (999.9, "1,000"),
            (1_234_567.0, "1,234,567"),
            (-1010.4, "-1,010"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
