//! `meldpunt admin`: what an operator of the machine does without signing in, through the use cases that the API calls.
//! It is how the first administrator comes to be.

mod client;
mod organisation;
mod person;

use std::fmt::Write;

use clap::{Args, Subcommand};

use crate::app;
use crate::cli::logging;
use crate::config::Settings;
use crate::domain::actor::Language;
use crate::domain::id::OrganisationId;
use crate::domain::identifier::parse_municipality_code;
use crate::domain::organisation::Organisation;
use crate::http::messages;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::organisations;

#[derive(Debug, Args)]
pub struct Admin {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add an organisation
    Organisation(Box<organisation::New>),
    /// Add a person, and print the link to set a password with
    Person(Box<person::New>),
    /// Add an API client, and print its secret
    Client(Box<client::New>),
}

pub fn run(admin: Admin) -> Result<(), String> {
    match admin.what {
        What::Organisation(new) => organisation::run(*new),
        What::Person(new) => person::run(*new),
        What::Client(new) => client::run(*new),
    }
}

/// What the use cases run on, with the schema and the facts in place: `admin` may come before the first `serve`.
fn open(settings: Settings) -> Result<Context, String> {
    logging::start(&settings)?;
    let context = app::context(settings)?;
    app::prepare(&context)?;
    Ok(context)
}

/// An organisation by id, abbreviation, municipality code or TOOI code.
pub(in crate::cli) fn find(conn: &mut Conn, named: &str) -> Result<OrganisationId, Error> {
    if let Ok(id) = named.parse::<OrganisationId>() {
        return organisations::find(conn, id)?
            .map(|found| found.id)
            .ok_or(Error::NotFound);
    }
    let tooi = parse_municipality_code(named)
        .unwrap_or_else(|| named.to_owned())
        .to_lowercase();
    if let Some(found) = organisations::by_tooi(conn, &tooi)? {
        return Ok(found.id);
    }
    let found: Vec<Organisation> = organisations::by_abbreviation(conn, named)?
        .into_iter()
        .filter(|found| found.successor.is_none())
        .collect();
    match found.as_slice() {
        [only] => Ok(only.id),
        _ => Err(Error::NotFound),
    }
}

/// An organisation for the command line: one that is not there is told by what was typed.
fn home(context: &Context, named: &str) -> Result<OrganisationId, String> {
    let found = context.db.read_blocking(|conn| find(conn, named));
    found.map_err(|e| match e {
        Error::NotFound => format!(
            "--organisation: {named:?} names none, or several; take an id, an abbreviation as BZK, or a code as GM1714"
        ),
        other => told(&other),
    })
}

/// A refusal in one line: what the API would say, with flags for fields.
fn told(error: &Error) -> String {
    match error {
        Error::Invalid(faults) => {
            let mut text = String::new();
            for fault in faults {
                let words = messages::field(fault.code, &fault.params, Language::En);
                let field = fault
                    .pointer
                    .trim_start_matches('/')
                    .split('/')
                    .next()
                    .unwrap_or_default();
                let separator = if text.is_empty() { "" } else { " " };
                let _ = write!(text, "{separator}--{}: {words}", flag(field));
            }
            text
        }
        Error::Conflict(code) | Error::Forbidden(code) => messages::detail(code, 409, Language::En),
        Error::NotFound => "there is no such organisation".to_owned(),
        Error::Busy(why) | Error::Full(why) | Error::Internal(why) => why.clone(),
        other => format!("{other:?}"),
    }
}

/// `municipalityCode` is `--municipality-code`; a list is a flag that repeats.
fn flag(field: &str) -> String {
    match field {
        "roles" => return "role".to_owned(),
        "scopes" => return "scope".to_owned(),
        _ => {}
    }
    field.chars().fold(String::new(), |mut flag, letter| {
        if letter.is_ascii_uppercase() {
            flag.push('-');
        }
        flag.push(letter.to_ascii_lowercase());
        flag
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::invalid::FieldError;

    #[test]
    fn faults_name_their_flags() {
        let faults = vec![
            FieldError::new("/municipalityCode", "required"),
            FieldError::new("/roles/0", "role_not_here"),
        ];
        let text = told(&Error::Invalid(faults));
        assert!(
            text.starts_with("--municipality-code: ") && text.contains(" --role: "),
            "{text}"
        );
    }
}
