//! What somebody said in a request, beyond what its schema checks.

use crate::domain::invalid::FieldError;
use crate::domain::publication::Publication;
use crate::services::Error;

/// Texts without the blanks around them; blanks alone say nothing, which is a fault.
#[derive(Default)]
pub struct Said(Vec<FieldError>);

impl Said {
    pub fn text(&mut self, text: String, at: impl Into<String>) -> String {
        let text = text.trim().to_owned();
        if text.is_empty() {
            self.0.push(FieldError::new(at.into(), "required"));
        }
        text
    }

    pub fn maybe(&mut self, text: Option<String>, at: &str) -> Option<String> {
        text.map(|text| self.text(text, at))
    }

    pub fn new_value(&mut self, text: Option<Option<String>>, at: &str) -> Option<Option<String>> {
        text.map(|text| self.maybe(text, at))
    }

    /// A publication by its id, as `stb-2026-123`.
    pub fn publication(&mut self, id: Option<&str>) -> Option<Publication> {
        let id = id?;
        let found = Publication::parse(id);
        if found.is_none() {
            let fault = FieldError::new("/publication", "publication_malformed");
            self.0.push(fault);
        }
        found
    }

    pub fn checked<T>(self, value: T) -> Result<T, Error> {
        if self.0.is_empty() {
            return Ok(value);
        }
        Err(Error::Invalid(self.0))
    }
}
