//! `meldpunt admin organisation`: for who is not among the facts, as a water board or a partner.

use chrono::NaiveDate;
use clap::Args;

use crate::audit::Entry;
use crate::cli::admin::{open, told};
use crate::cli::logging::audit;
use crate::cli::serve::say;
use crate::config::Settings;
use crate::domain::actor::OrganisationKind;
use crate::domain::code::Code;
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::services::reference;

#[derive(Debug, Args)]
pub struct New {
    /// ministry, municipality, province, water_board, eu_contact or partner
    #[arg(long)]
    kind: OrganisationKind,

    /// Official name, in Dutch
    #[arg(long)]
    name: String,

    #[arg(long)]
    abbreviation: Option<String>,

    /// TOOI code, as mnre1034
    #[arg(long)]
    tooi: Option<String>,

    /// CBS code of a municipality, as GM1714
    #[arg(long)]
    municipality_code: Option<String>,

    /// CBS code of its province, as PV29
    #[arg(long)]
    province_code: Option<String>,

    /// It owns rules: reports can be routed to it
    #[arg(long)]
    owns_rules: bool,

    /// First day on which it exists
    #[arg(long)]
    valid_from: Option<NaiveDate>,

    #[command(flatten)]
    settings: Settings,
}

pub fn run(new: New) -> Result<(), String> {
    let context = open(new.settings)?;
    let now = context.clock.now();
    if new.name.trim().is_empty() {
        return Err("--name: a name is needed".into());
    }
    let organisation = Organisation {
        id: OrganisationId::new(),
        kind: new.kind,
        name: new.name.trim().to_owned(),
        abbreviation: new.abbreviation,
        tooi: new.tooi,
        municipality_code: new.municipality_code,
        province_code: new.province_code,
        owns_rules: new.owns_rules,
        operator: false,
        valid_from: new.valid_from,
        valid_until: None,
        successor: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let added = context
        .db
        .write_blocking(move |conn| reference::add(conn, None, organisation, now))
        .map_err(|e| told(&e))?;
    let object = format!("organisations/{}", added.id);
    let line = Entry::command("admin organisation", &object, now);
    audit(&context.settings, &line.with("kind", added.kind.as_str()));
    say(&format!("organisation  {}", added.id));
    say(&format!("name          {}", added.name));
    Ok(())
}
