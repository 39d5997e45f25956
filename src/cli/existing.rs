//! For commands that work on a database that is there: they make none, and migrate none.

use crate::app;
use crate::cli::logging;
use crate::config::{Address, Settings};
use crate::domain::actor::Language;
use crate::http::messages;
use crate::services::{Context, Error};

/// What the use cases run on.
///
/// # Errors
/// One sentence for the operator: no such database, or one whose schema is behind.
pub fn open(settings: Settings) -> Result<Context, String> {
    logging::start(&settings)?;
    refuse_missing(&settings)?;
    let context = app::context(settings)?;
    match context.db.pending_migrations()? {
        0 => Ok(context),
        steps => Err(format!(
            "the schema is behind this version (migrations to make: {steps}): run `meldpunt migrate` first"
        )),
    }
}

/// Opening a SQLite database would make it.
pub fn refuse_missing(settings: &Settings) -> Result<(), String> {
    match settings.database()? {
        Address::Sqlite(path) if !path.is_file() => Err(format!(
            "there is no database at {}: is DATABASE_URL right? `meldpunt migrate` makes one",
            path.display()
        )),
        _ => Ok(()),
    }
}

/// A refusal in one line, in the words of the API.
pub fn told(error: &Error) -> String {
    match error {
        Error::Conflict(code) | Error::Forbidden(code) => messages::detail(code, 409, Language::En),
        Error::Busy(why) | Error::Full(why) | Error::Internal(why) => why.clone(),
        other => format!("{other:?}"),
    }
}
