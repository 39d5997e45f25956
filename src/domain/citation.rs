//! Citations: which rule hinders, read from what people have at hand (an identifier, a link, a title) and linked back to
//! the register it is in.

mod reading;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::article::{parse_article, parse_paragraph, parse_part};
use crate::domain::citation::reading::{Reading, Source, encode, read};
use crate::domain::code::code_list;
use crate::domain::invalid::FieldError;

/// Longest citation as sent, in characters.
pub const MAX_CITATION: usize = 500;

/// The Kingdom's first year: no text of a regulation is older.
const EARLIEST_YEAR: i32 = 1815;

code_list! {
    /// The register an identifier is from, hence the level of government that made the rule (Dutch: register).
    pub enum Register {
        /// National regulations (Basiswettenbestand).
        Bwb = "bwb",
        /// Regulations of municipalities, provinces and water boards (Centrale voorziening decentrale regelgeving).
        Cvdr = "cvdr",
        /// Law of the European Union.
        Celex = "celex",
        /// Free text: no identifier was given.
        Unknown = "unknown",
    }
}

/// A citation as sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CitationInput {
    /// Identifier, JCI link, address in a register, or free text.
    pub citation: String,
    pub article: Option<String>,
    pub paragraph: Option<String>,
    pub part: Option<String>,
    pub consulted_on: Option<NaiveDate>,
}

/// A rule and the place in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Citation {
    pub register: Register,
    /// Canonical identifier, such as `BWBR0003420`, `CVDR641839` or `CVDR603544/1`, `32016R0679`; none for free text.
    pub identifier: Option<String>,
    /// The free text, when the register is unknown.
    pub text: Option<String>,
    /// Article (artikel), such as `25h`, `1.50` or `3:4`.
    pub article: Option<String>,
    /// Paragraph (lid), such as `2a`.
    pub paragraph: Option<String>,
    /// Part (onderdeel), such as `b` or `1°`.
    pub part: Option<String>,
    /// Date of the text that was read.
    pub consulted_on: Option<NaiveDate>,
}

impl Citation {
    /// Reads a citation. `pointer` is the JSON pointer of its object, such as `/citations/0`; `today` the date in
    /// Amsterdam.
    ///
    /// # Errors
    /// All faulty fields at once. At `citation`: `required`, `too_long`, `control_characters`, `citation_malformed` (it
    /// means to be an identifier or an address in a register and is none). At their fields: `article_malformed`,
    /// `paragraph_malformed`, `part_malformed`, `date_in_future`, `date_too_early`, and `citation_conflict` where a field
    /// differs from what the citation itself says.
    pub fn parse(
        input: CitationInput,
        pointer: &str,
        today: NaiveDate,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let read = read(&input.citation).unwrap_or_else(|error| {
            errors.push(FieldError {
                pointer: format!("{pointer}/citation"),
                ..error
            });
            Reading::default()
        });
        let mut label = |given: Option<String>, read: Option<String>, field: &Field| {
            let at = format!("{pointer}/{}", field.name);
            let given = given.and_then(|given| {
                let label = (field.parse)(&given);
                if label.is_none() {
                    errors.push(FieldError::new(&at, field.malformed));
                }
                label
            });
            reconcile(given, read, &at, &mut errors)
        };
        let article = label(input.article, read.article, &ARTICLE);
        let paragraph = label(input.paragraph, read.paragraph, &PARAGRAPH);
        let part = label(input.part, read.part, &PART);

        let date_field = if input.consulted_on.is_some() {
            "consultedOn"
        } else {
            "citation"
        };
        let consulted_on = reconcile(
            input.consulted_on,
            read.date,
            &format!("{pointer}/consultedOn"),
            &mut errors,
        );
        if let Some(date) = consulted_on {
            let at = format!("{pointer}/{date_field}");
            if date > today {
                errors.push(FieldError::new(at, "date_in_future").with("latest", today));
            } else if date.year() < EARLIEST_YEAR {
                let earliest = format!("{EARLIEST_YEAR}-01-01");
                errors.push(FieldError::new(at, "date_too_early").with("earliest", earliest));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let (register, identifier, text) = match read.source {
            Source::Identifier(register, identifier) => (register, Some(identifier), None),
            Source::Text(text) => (Register::Unknown, None, Some(text)),
        };
        Ok(Self {
            register,
            identifier,
            text,
            article,
            paragraph,
            part,
            consulted_on,
        })
    }

    /// The identifier of the regulation whatever its version, by which citations of the same rule meet: that of a CVDR
    /// or consolidated CELEX version without the version.
    pub fn regulation(&self) -> Option<String> {
        let identifier = self.identifier.as_deref()?;
        Some(match self.register {
            Register::Cvdr => identifier
                .split('/')
                .next()
                .unwrap_or(identifier)
                .to_owned(),
            Register::Celex => match (identifier.strip_prefix('0'), identifier.split_once('-')) {
                (Some(_), Some((act, _))) => format!("3{}", &act[1..]),
                _ => identifier.to_owned(),
            },
            Register::Bwb | Register::Unknown => identifier.to_owned(),
        })
    }

    /// The JCI 1.3 link of a national rule: `jci1.3:c:BWBR0003420&artikel=153&lid=1&o=a&z=2026-01-01&g=2026-01-01`.
    /// [`Citation::parse`] reads it back.
    pub fn jci(&self) -> Option<String> {
        let identifier = self
            .identifier
            .as_deref()
            .filter(|_| self.register == Register::Bwb)?;
        let mut jci = format!("jci1.3:c:{}", encode(identifier));
        // The blank of `P 15` is written as an underscore, as the official texts do.
        let article = self
            .article
            .as_ref()
            .map(|article| article.replace(' ', "_"));
        for (key, value) in [
            ("artikel", &article),
            ("lid", &self.paragraph),
            ("o", &self.part),
        ] {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = write!(jci, "&{key}={}", encode(value));
            }
        }
        if let Some(date) = self.consulted_on {
            let _ = write!(jci, "&z={date}&g={date}");
        }
        Some(jci)
    }

    /// Where the rule can be read. A national rule with an article is linked by its JCI, which wetten.overheid.nl resolves:
    /// an anchor would need the chapters and sections above the article.
    pub fn url(&self) -> Option<String> {
        let identifier = encode(self.identifier.as_deref()?);
        match self.register {
            Register::Bwb if self.article.is_some() => self
                .jci()
                .map(|jci| format!("https://wetten.overheid.nl/{jci}")),
            Register::Bwb => Some(match self.consulted_on {
                Some(date) => format!("https://wetten.overheid.nl/{identifier}/{date}"),
                None => format!("https://wetten.overheid.nl/{identifier}"),
            }),
            Register::Cvdr => {
                // The slash is that before the version.
                let path = identifier.replace("%2F", "/");
                Some(format!("https://lokaleregelgeving.overheid.nl/{path}"))
            }
            Register::Celex => Some(format!(
                "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:{identifier}"
            )),
            Register::Unknown => None,
        }
    }
}

/// A label that a citation may have in a field of its own.
struct Field {
    name: &'static str,
    malformed: &'static str,
    parse: fn(&str) -> Option<String>,
}

const ARTICLE: Field = Field {
    name: "article",
    malformed: "article_malformed",
    parse: parse_article,
};
const PARAGRAPH: Field = Field {
    name: "paragraph",
    malformed: "paragraph_malformed",
    parse: parse_paragraph,
};
const PART: Field = Field {
    name: "part",
    malformed: "part_malformed",
    parse: parse_part,
};

/// What the field says, else what the citation says; an error when they differ.
fn reconcile<T: PartialEq + ToString>(
    given: Option<T>,
    read: Option<T>,
    pointer: &str,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    match (given, read) {
        (Some(given), Some(read)) => {
            if given != read {
                errors.push(
                    FieldError::new(pointer, "citation_conflict")
                        .with("citation", read.to_string()),
                );
            }
            Some(given)
        }
        (given, read) => given.or(read),
    }
}
