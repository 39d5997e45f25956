//! `meldpunt admin person`: the first administrator, and whoever cannot be invited by another.

use std::io::Read;

use chrono::SecondsFormat;
use clap::Args;

use crate::audit::Entry;
use crate::cli::admin::{home, open, told};
use crate::cli::logging::audit;
use crate::cli::serve::say;
use crate::cli::wait;
use crate::config::Settings;
use crate::domain::actor::{Language, Role};
use crate::domain::code::codes;
use crate::services::people::NewPerson;
use crate::services::{Error, links, passwords, people};
use crate::store::sessions::LinkPurpose;

#[derive(Debug, Args)]
pub struct New {
    /// Its organisation: id, abbreviation as BZK, or code as GM1714
    #[arg(long)]
    organisation: String,

    #[arg(long)]
    email: String,

    /// Name of the person
    #[arg(long)]
    name: String,

    /// reporter, desk, coordinator, liaison, analyst, org_admin or admin; may be repeated
    #[arg(long, required = true)]
    role: Vec<Role>,

    /// Language of its mail: nl or en
    #[arg(long, default_value = "nl")]
    language: Language,

    /// Read the password from the standard input, instead of making a link to set one
    #[arg(long, conflicts_with = "mail_link")]
    password_stdin: bool,

    /// Mail the link instead of printing it
    #[arg(long)]
    mail_link: bool,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(new: New) -> Result<(), String> {
    let context = open(new.settings)?;
    let organisation = home(&context, &new.organisation)?;
    let password = if new.password_stdin {
        Some(password(&new.name, &new.email)?)
    } else {
        None
    };
    let hash = match password {
        Some(password) => Some(wait(context.passwords.hash(password)).map_err(|e| told(&e))?),
        None => None,
    };
    let person = NewPerson {
        name: new.name,
        email: new.email,
        language: new.language,
        roles: new.role,
    };
    let roles = codes(&person.roles);
    let ctx = context.clone();
    let (id, link) = context
        .db
        .write_blocking::<_, Error, _>(move |conn| {
            let person = people::add(&ctx, conn, None, organisation, person)?;
            let link = if let Some(hash) = hash {
                links::give_password(conn, &person, &hash, ctx.clock.now())?;
                None
            } else if new.mail_link {
                links::send(&ctx, conn, &person, LinkPurpose::Invitation)?;
                None
            } else {
                Some(links::make(&ctx, conn, &person, LinkPurpose::Invitation)?)
            };
            Ok((person.id, link))
        })
        .map_err(|e| told(&e))?;
    let object = format!("people/{id}");
    let line = Entry::command("admin person", &object, context.clock.now())
        .with("organisation", organisation.to_string())
        .with("roles", roles);
    audit(&context.settings, &line);
    say(&format!("person        {id}"));
    match link {
        Some((link, until)) => {
            let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
            say(&format!("set password  {link}"));
            say(&format!(
                "              works once, until {until}, on the running service"
            ));
        }
        None if new.mail_link => say("invitation    queued; the running service mails it"),
        None => say("password      set"),
    }
    Ok(())
}

/// The password on the standard input, checked as one that is set over the API.
fn password(name: &str, email: &str) -> Result<String, String> {
    let mut text = String::new();
    std::io::stdin()
        .take(10_000)
        .read_to_string(&mut text)
        .map_err(|e| format!("the password cannot be read: {e}"))?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    let faults = passwords::faults(&password, name, Some(email));
    if faults.is_empty() {
        Ok(password)
    } else {
        Err(told(&Error::Invalid(faults)))
    }
}
