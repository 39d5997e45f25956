use crate::domain::code::code_list;
use crate::domain::invalid::FieldError;
use chrono::NaiveDate;
code_list! { pub enum Register { Bwb = "bwb", Cvdr = "cvdr", Celex = "celex", Unknown = "unknown" } }
pub struct CitationInput {
    pub citation: String,
    pub article: Option<String>,
    pub paragraph: Option<String>,
    pub part: Option<String>,
    pub consulted_on: Option<NaiveDate>,
}
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Citation {
    pub register: Register,
    pub identifier: Option<String>,
    pub text: Option<String>,
    pub article: Option<String>,
    pub paragraph: Option<String>,
    pub part: Option<String>,
    pub consulted_on: Option<NaiveDate>,
}
impl Citation {
    pub fn parse(
        _input: CitationInput,
        _pointer: &str,
        _today: NaiveDate,
    ) -> Result<Citation, Vec<FieldError>> {
        Err(vec![])
    }
    pub fn jci(&self) -> Option<String> {
        None
    }
    pub fn url(&self) -> Option<String> {
        None
    }
}
