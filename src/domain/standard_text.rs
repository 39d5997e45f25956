//! Standard texts (standaardteksten): what is written often, with gaps for what differs by report. A gap is one of a closed
//! list, as `{reference}`; any other brace is a mistake and is told when the text is written.

use chrono::{DateTime, Utc};

use crate::domain::actor::Language;
use crate::domain::code::{Code, code_list, codes};
use crate::domain::id::{OrganisationId, StandardTextId};
use crate::domain::invalid::FieldError;
use crate::domain::message::Writer;
use crate::domain::report::Outcome;
use crate::domain::status::Action;

code_list! {
    /// A gap in a standard text, written between braces (Dutch: invulveld).
    pub enum Placeholder {
        /// The number people say aloud (kenmerk).
        Reference = "reference",
        /// What it is about (titel).
        Title = "title",
        /// Whose report it is (melder).
        Reporter = "reporter",
        /// The lead authority (eerstverantwoordelijke).
        Lead = "lead",
        /// The rule that hinders most (regel).
        Rule = "rule",
        /// The status, in words (status).
        Status = "status",
        /// The outcome, in words (uitkomst).
        Outcome = "outcome",
        /// The day by which the next thing is due (uiterlijk op).
        DueOn = "dueOn",
        /// Today (vandaag).
        Today = "today",
    }
}

/// A standard text in one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardText {
    pub id: StandardTextId,
    pub version: i32,
    /// The authority that has it for itself; none when it is for all.
    pub organisation: Option<OrganisationId>,
    pub name: String,
    /// What it is said with.
    pub action: Action,
    /// The outcome it goes with; none for any.
    pub outcome: Option<Outcome>,
    pub language: Language,
    pub text: String,
    /// No longer offered; what was written with it stays.
    pub retired: bool,
    pub made_at: DateTime<Utc>,
    /// None for those the service comes with.
    pub made_by: Option<Writer>,
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Plain(&'a str),
    Gap(&'a str),
    /// A brace that opens or closes nothing.
    Stray,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (plain, from) = rest.split_at(at);
        found.push(Piece::Plain(plain));
        let inner = &from[1..];
        let end = inner.find(['{', '}']);
        match end.filter(|end| from.starts_with('{') && inner[*end..].starts_with('}')) {
            Some(end) => {
                found.push(Piece::Gap(&inner[..end]));
                rest = &inner[end + 1..];
            }
            None => {
                found.push(Piece::Stray);
                rest = inner;
            }
        }
    }
    found.push(Piece::Plain(rest));
    found
}

/// What is wrong with the gaps of a text that stands at this pointer, each fault once.
pub fn faults(text: &str, pointer: &str) -> Vec<FieldError> {
    let mut found: Vec<FieldError> = Vec::new();
    for piece in pieces(text) {
        let fault = match piece {
            Piece::Gap(name) if Placeholder::parse(name).is_none() => {
                FieldError::new(pointer, "placeholder_unknown")
                    .with("name", name.chars().take(50).collect::<String>())
                    .with("options", codes(Placeholder::ALL).join(", "))
            }
            Piece::Stray => FieldError::new(pointer, "placeholder_malformed"),
            Piece::Plain(_) | Piece::Gap(_) => continue,
        };
        if !found.contains(&fault) {
            found.push(fault);
        }
    }
    found
}

/// The text with its gaps filled, and the gaps for which there is no value: they stay as they are, for whoever goes on
/// writing.
pub fn fill(
    text: &str,
    value: impl Fn(Placeholder) -> Option<String>,
) -> (String, Vec<Placeholder>) {
    let (mut filled, mut missing) = (String::with_capacity(text.len()), Vec::new());
    for piece in pieces(text) {
        match piece {
            Piece::Plain(plain) => filled.push_str(plain),
            Piece::Stray => {}
            Piece::Gap(name) => {
                let gap = Placeholder::parse(name);
                match gap.and_then(&value) {
                    Some(value) => filled.push_str(&value),
                    None => {
                        filled.push_str(&format!("{{{name}}}"));
                        missing.extend(gap.filter(|gap| !missing.contains(gap)));
                    }
                }
            }
        }
    }
    (filled, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_of_the_list_and_braces_are_gaps() {
        let codes = |text: &str| -> Vec<&str> {
            faults(text, "/text")
                .iter()
                .map(|fault| fault.code)
                .collect()
        };
        assert!(codes("Uw melding {reference} ligt bij {lead}.").is_empty());
        assert!(codes("").is_empty());
        assert_eq!(codes("{naam}"), ["placeholder_unknown"]);
        assert_eq!(codes("{naam} en {naam}"), ["placeholder_unknown"]);
        assert_eq!(codes("{a} {b}").len(), 2);
        assert_eq!(codes("{Reference}"), ["placeholder_unknown"]);
        assert_eq!(codes("{ reference }"), ["placeholder_unknown"]);
        assert_eq!(codes("{}"), ["placeholder_unknown"]);
        for stray in [
            "{reference",
            "reference}",
            "{re{ference}",
            "{{reference}}",
            "a } b",
        ] {
            assert!(codes(stray).contains(&"placeholder_malformed"), "{stray}");
        }
    }

    #[test]
    fn what_has_no_value_stays_a_gap_and_is_told() {
        let value = |gap| match gap {
            Placeholder::Reference => Some("MKR-2026-000001".to_owned()),
            // A value is never read as a text with gaps.
            Placeholder::Title => Some("{lead}".to_owned()),
            _ => None,
        };
        let (text, missing) = fill("Over {reference} ({title}): {lead}, {lead}.", value);
        assert_eq!(text, "Over MKR-2026-000001 ({lead}): {lead}, {lead}.");
        assert_eq!(missing, [Placeholder::Lead]);
    }
}
