//! `meldpunt admin client`: a machine of an organisation.

use clap::Args;

use crate::audit::Entry;
use crate::cli::admin::{home, open, told};
use crate::cli::logging::audit;
use crate::cli::serve::say;
use crate::config::Settings;
use crate::domain::actor::{Role, Scope};
use crate::domain::code::codes;
use crate::services::clients::{self, NewClient};

#[derive(Debug, Args)]
pub struct New {
    /// Its organisation: id, abbreviation as BZK, or code as GM1714
    #[arg(long)]
    organisation: String,

    /// What it is called
    #[arg(long)]
    name: String,

    /// reporter, desk, coordinator, liaison, analyst, org_admin or admin; may be repeated
    #[arg(long, required = true)]
    role: Vec<Role>,

    /// Limit it to this scope; may be repeated
    #[arg(long)]
    scope: Vec<Scope>,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(new: New) -> Result<(), String> {
    let context = open(new.settings)?;
    let organisation = home(&context, &new.organisation)?;
    let client = NewClient {
        name: new.name,
        roles: new.role,
        scopes: Some(new.scope).filter(|scopes| !scopes.is_empty()),
    };
    let ctx = context.clone();
    let (client, secret) = context
        .db
        .write_blocking(move |conn| clients::create(&ctx, conn, None, organisation, client))
        .map_err(|e| told(&e))?;
    let object = format!("clients/{}", client.id);
    let line = Entry::command("admin client", &object, context.clock.now())
        .with("organisation", organisation.to_string())
        .with("roles", codes(&client.roles));
    audit(&context.settings, &line);
    say(&format!("client id      {}", client.id));
    say(&format!("client secret  {secret}"));
    say("               shown this once");
    Ok(())
}
