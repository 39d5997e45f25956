//! The lines of a file: CSV, a JSON array, or JSON with an object a line.

use std::path::Path;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use crate::domain::actor::Language;
use crate::domain::code::{Code, codes};
use crate::domain::invalid::FieldError;
use crate::domain::report::Contact;

/// Every column, in the order of the sample.
const COLUMNS: [&str; 17] = [
    "organisation",
    "externalReference",
    "submittedOn",
    "title",
    "description",
    "effect",
    "regulations",
    "domains",
    "municipalities",
    "provinces",
    "confidentiality",
    "contactName",
    "contactEmail",
    "outcome",
    "explanation",
    "settledOn",
    "lead",
];

/// Between the values of a list in one cell.
const BETWEEN: char = '|';

/// A line, and what was found wrong with it.
#[derive(Debug)]
pub struct Line {
    /// As an editor counts; of a JSON array the number of the item.
    pub number: usize,
    fields: Map<String, Value>,
    faults: Vec<FieldError>,
}

/// Reads a file: what its form is follows from how it begins.
///
/// # Errors
/// One sentence: it cannot be read, or is none of the forms.
pub fn read(path: &Path) -> Result<Vec<Line>, String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| told(&e))?;
    let text = text.trim_start_matches('\u{feff}');
    match text.trim_start().chars().next() {
        None => Err(told(&"the file is empty")),
        Some('[') => {
            let items: Vec<Value> = serde_json::from_str(text).map_err(|e| told(&e))?;
            let items = items.into_iter().enumerate();
            Ok(items
                .map(|(at, item)| Line::new(at + 1, Ok(item)))
                .collect())
        }
        Some('{') => Ok(text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(at, line)| Line::new(at + 1, serde_json::from_str(line)))
            .collect()),
        Some(_) => csv_lines(text).map_err(|e| told(&e)),
    }
}

fn csv_lines(text: &str) -> Result<Vec<Line>, String> {
    // Dutch spreadsheets write semicolons.
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|e| e.to_string())?.clone();
    let unknown: Vec<&str> = columns
        .iter()
        .filter(|column| !COLUMNS.contains(&column.trim()))
        .collect();
    if !unknown.is_empty() {
        return Err(format!(
            "unknown columns: {}; known are {}",
            unknown.join(", "),
            COLUMNS.join(", ")
        ));
    }
    let mut lines = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        let number = row.position().map_or(0, csv::Position::line);
        let cells = columns.iter().zip(row.iter());
        let fields: Map<String, Value> = cells
            .filter(|(_, cell)| !cell.trim().is_empty())
            .map(|(column, cell)| (column.trim().to_owned(), Value::from(cell.trim())))
            .collect();
        let mut line = Line::new(usize::try_from(number).unwrap_or(0), Ok(fields.into()));
        if row.len() != columns.len() {
            line.fault("", "wrong_number_of_cells");
        }
        lines.push(line);
    }
    Ok(lines)
}

impl Line {
    fn new(number: usize, item: Result<Value, serde_json::Error>) -> Self {
        let mut line = Self {
            number,
            fields: Map::new(),
            faults: Vec::new(),
        };
        match item {
            Ok(Value::Object(fields)) => line.fields = fields,
            Ok(_) => line.fault("", "wrong_type"),
            Err(_) => line.fault("", "no_json"),
        }
        line.fields.retain(|_, value| !value.is_null());
        let unknown: Vec<String> = line
            .fields
            .keys()
            .filter(|name| !COLUMNS.contains(&name.as_str()))
            .cloned()
            .collect();
        for name in unknown {
            line.fault(&name, "unknown_field");
        }
        line
    }

    pub fn fault(&mut self, column: &str, code: &'static str) {
        self.faults
            .push(FieldError::new(format!("/{column}"), code));
    }

    /// All that is wrong; a line that is no record at all says that alone.
    pub fn faults(self) -> Vec<FieldError> {
        let whole = self
            .faults
            .iter()
            .find(|fault| fault.pointer == "/")
            .cloned();
        whole.map_or(self.faults, |whole| vec![whole])
    }

    pub fn has(&self, column: &str) -> bool {
        self.fields.contains_key(column)
    }

    /// A text that must be there.
    pub fn text(&mut self, column: &'static str, longest: usize) -> String {
        let text = match self.fields.get(column) {
            None => {
                self.fault(column, "required");
                return String::new();
            }
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                self.fault(column, "wrong_type");
                return String::new();
            }
        };
        if text.is_empty() {
            self.fault(column, "required");
        } else if text.chars().count() > longest || text.contains('\0') {
            self.faults
                .push(FieldError::new(format!("/{column}"), "too_long").with("limit", longest));
        }
        text
    }

    /// One of a list of codes.
    pub fn code<C: Code>(&mut self, column: &'static str) -> Option<C> {
        let text = self.text(column, 100);
        let found = C::parse(&text);
        if found.is_none() && !text.is_empty() {
            let options = codes(C::ALL).join(", ");
            let fault = FieldError::new(format!("/{column}"), "not_in_list");
            self.faults.push(fault.with("options", options));
        }
        found
    }

    /// A day as 2024-03-01.
    pub fn day(&mut self, column: &'static str) -> Option<NaiveDate> {
        let text = self.text(column, 100);
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
        let day = day.filter(|day| chrono::Datelike::year(day) >= 1945);
        if day.is_none() && !text.is_empty() {
            let fault = FieldError::new(format!("/{column}"), "wrong_format");
            self.faults.push(fault.with("format", "2019-03-01"));
        }
        day
    }

    /// Values: an array, or a text with bars between them.
    pub fn list(&mut self, column: &'static str) -> Vec<String> {
        let values = match self.fields.get(column) {
            None => return Vec::new(),
            Some(Value::String(text)) => text.split(BETWEEN).map(Value::from).collect(),
            Some(Value::Array(values)) => values.clone(),
            Some(_) => vec![Value::Null],
        };
        let texts: Option<Vec<String>> = values
            .iter()
            .map(|value| value.as_str().map(|text| text.trim().to_owned()))
            .collect();
        let texts = texts.unwrap_or_else(|| {
            self.fault(column, "wrong_type");
            Vec::new()
        });
        texts.into_iter().filter(|text| !text.is_empty()).collect()
    }

    /// Whom to reach, when it is told.
    pub fn contact(&mut self) -> Option<Contact> {
        if !self.has("contactName") && !self.has("contactEmail") {
            return None;
        }
        Some(Contact {
            name: self.text("contactName", 120),
            email: self.text("contactEmail", 254),
            language: Language::Nl,
        })
    }
}
