//! Observations as a sheet: what a spreadsheet writes, read line by line, with every fault by its line and column.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::domain::experiment::Experiment;
use crate::domain::experiment::progress::Observed;
use crate::domain::id::{IndicatorId, OrganisationId};
use crate::domain::invalid::FieldError;
use crate::services::observations::NewObservation;

/// The columns, in any order; `participant` is a municipality's code as `GM1714`, an id, `all` or `comparison`.
pub const COLUMNS: [&str; 5] = ["indicator", "participant", "observedOn", "value", "note"];
/// Longest note.
const NOTE: usize = 1000;
/// Most lines of a sheet.
const MOST_LINES: usize = 1000;
/// Greatest value, as the schema of a single observation has it.
const GREATEST: f64 = 1e12;

/// A sheet as it was read: what can be entered with the line of each, and the faults of the others.
#[derive(Debug, Default)]
pub struct Sheet {
    pub observations: Vec<NewObservation>,
    /// Line of each observation, the header being the first.
    pub lines: Vec<u64>,
    pub faults: Vec<FieldError>,
}

impl Sheet {
    /// The fault of an observation, as told of its line.
    pub fn of_line(&self, fault: FieldError) -> FieldError {
        let mut parts = fault.pointer.trim_start_matches("/items/").splitn(2, '/');
        let at = parts.next().and_then(|at| at.parse::<usize>().ok());
        let column = match parts.next() {
            // Whose it is stands in one column here.
            Some("of") | None => "participant",
            Some(column) => column,
        };
        let line = at.and_then(|at| self.lines.get(at)).copied();
        FieldError {
            pointer: format!("/lines/{}/{column}", line.unwrap_or_default()),
            ..fault
        }
    }
}

/// Reads a sheet for an experiment; `codes` names the participants by their code.
pub fn read(text: &str, of: &Experiment, codes: &BTreeMap<String, OrganisationId>) -> Sheet {
    let text = text.trim_start_matches('\u{feff}');
    let mut sheet = Sheet::default();
    // Dutch spreadsheets write semicolons, and decimal commas.
    let head = text.lines().next().unwrap_or_default();
    let dutch = head.contains(';');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if dutch { b';' } else { b',' })
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    };
    let known = |name: &String| COLUMNS.contains(&name.as_str());
    let needed = COLUMNS[..4]
        .iter()
        .all(|one| header.iter().any(|name| name == one));
    if !needed || !header.iter().all(known) {
        let fault = FieldError::new("/lines/1", "sheet_header");
        sheet.faults.push(fault.with("columns", COLUMNS.join(", ")));
        return sheet;
    }
    for row in reader.records() {
        let Ok(row) = row else {
            sheet
                .faults
                .push(FieldError::new("/file", "sheet_unreadable"));
            return sheet;
        };
        if sheet.lines.len() >= MOST_LINES {
            let fault = FieldError::new("/file", "sheet_too_long").with("most", MOST_LINES);
            sheet.faults.push(fault);
            return sheet;
        }
        let line = row.position().map_or(0, csv::Position::line);
        if row.len() != header.len() {
            sheet
                .faults
                .push(FieldError::new(format!("/lines/{line}"), "sheet_cells"));
            continue;
        }
        let cell = |name: &str| {
            let at = header.iter().position(|column| column == name);
            at.and_then(|at| row.get(at)).unwrap_or_default()
        };
        let fault = |column: &str, code| FieldError::new(format!("/lines/{line}/{column}"), code);
        let indicator =
            indicator(of, cell("indicator")).ok_or_else(|| fault("indicator", "unknown_indicator"));
        let whose =
            whose(cell("participant"), codes).ok_or_else(|| fault("participant", "no_participant"));
        let on = day(cell("observedOn")).ok_or_else(|| fault("observedOn", "sheet_day"));
        let value = number(cell("value"), dutch).ok_or_else(|| fault("value", "sheet_number"));
        let note = match cell("note") {
            note if note.chars().count() > NOTE => {
                Err(fault("note", "too_long").with("limit", NOTE))
            }
            note if note.chars().any(char::is_control) => Err(fault("note", "control_character")),
            note => Ok(Some(note.to_owned()).filter(|note| !note.is_empty())),
        };
        match (indicator, whose, on, value, note) {
            (Ok(indicator), Ok(of), Ok(observed_on), Ok(value), Ok(note)) => {
                sheet.lines.push(line);
                sheet.observations.push(NewObservation {
                    indicator,
                    of,
                    observed_on,
                    value,
                    note,
                });
            }
            (indicator, whose, on, value, note) => {
                let found = [
                    indicator.err(),
                    whose.err(),
                    on.err(),
                    value.err(),
                    note.err(),
                ];
                sheet.faults.extend(found.into_iter().flatten());
            }
        }
    }
    if sheet.observations.is_empty() && sheet.faults.is_empty() {
        sheet.faults.push(FieldError::new("/file", "sheet_empty"));
    }
    sheet
}

/// By its id or its name.
fn indicator(of: &Experiment, text: &str) -> Option<IndicatorId> {
    let id = text.parse::<IndicatorId>().ok();
    let found = of
        .plan
        .indicators
        .iter()
        .find(|one| Some(one.id) == id || one.name.to_lowercase() == text.to_lowercase());
    found.map(|one| one.id)
}

fn whose(text: &str, codes: &BTreeMap<String, OrganisationId>) -> Option<Observed> {
    match text {
        "all" => Some(Observed::All),
        "comparison" => Some(Observed::Comparison),
        text => {
            let code = codes.get(&text.to_uppercase()).copied();
            let id = code.or_else(|| text.parse::<OrganisationId>().ok())?;
            Some(Observed::Participant(id))
        }
    }
}

/// `2027-10-01`, or as a Dutch spreadsheet writes it `1-10-2027`.
fn day(text: &str) -> Option<NaiveDate> {
    let whole = |format| NaiveDate::parse_from_str(text, format).ok();
    let year_first = text
        .get(..4)
        .is_some_and(|year| year.chars().all(|one| one.is_ascii_digit()));
    if year_first {
        return whole("%Y-%m-%d");
    }
    whole("%d-%m-%Y").filter(|_| text.len() >= 8)
}

fn number(text: &str, dutch: bool) -> Option<f64> {
    let plain = if dutch {
        text.replace(',', ".")
    } else {
        text.to_owned()
    };
    let digits = plain.trim_start_matches('-');
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.chars().all(|one| one.is_ascii_digit() || one == '.');
    let value: f64 = plain.parse().ok().filter(|_| is_number)?;
    (value.abs() <= GREATEST).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_are_read_as_a_spreadsheet_writes_them() {
        for (text, day_of) in [
            ("2027-10-01", Some("2027-10-01")),
            ("1-10-2027", Some("2027-10-01")),
            ("01-10-2027", Some("2027-10-01")),
            ("1-11-2027", Some("2027-11-01")),
            ("10/01/2027", None),
            ("1-10-27", None),
            ("31-02-2027", None),
            ("", None),
        ] {
            assert_eq!(day(text), day_of.map(|day| day.parse().unwrap()), "{text}");
        }
        for (text, dutch, value) in [
            ("43", false, Some(43.0)),
            ("43,5", true, Some(43.5)),
            ("-4.25", false, Some(-4.25)),
            ("43,5", false, None),
            ("1.234,5", true, None),
            ("1e3", false, None),
            ("inf", false, None),
            ("NaN", true, None),
            ("", false, None),
            ("2000000000000", false, None),
        ] {
            assert_eq!(number(text, dutch), value, "{text}");
        }
    }
}
