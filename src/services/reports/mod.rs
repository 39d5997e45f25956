//! Reports: hand in, read, find, change, delete.

pub mod change;
pub mod content;
pub mod list;
pub mod many;
pub mod read;
pub mod search;
pub mod similar;
pub mod split;
pub mod submit;

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::domain::policy::{self, View};
use crate::domain::report::Report;
use crate::domain::search::Highlight;
use crate::domain::status::Transition;
use crate::domain::workflow;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::organisations;

/// A report as one reader may see it, with what it needs to be shown.
#[derive(Debug)]
pub struct Shown {
    pub report: Report,
    pub view: View,
    pub organisations: Organisations,
    /// What the reader may do now.
    pub actions: Vec<&'static Transition>,
    /// Today in Amsterdam.
    pub today: NaiveDate,
    /// The reader sees what is internal to government.
    pub internal: bool,
    /// In a list that was searched: how well it fits, and where the words stand.
    pub fit: f64,
    pub highlights: Vec<Highlight>,
}

/// The organisations that reports name.
pub type Organisations = HashMap<OrganisationId, Organisation>;

/// Every organisation that a report names.
fn named(report: &Report) -> Vec<OrganisationId> {
    let routing = report.handling.routing.iter();
    let routed = routing.flat_map(|routing| {
        let suggested = routing
            .suggestions
            .iter()
            .map(|suggestion| suggestion.authority);
        routing
            .lead
            .into_iter()
            .chain(routing.contributors.iter().copied())
            .chain(suggested)
    });
    std::iter::once(report.submitter)
        .chain(report.authorities())
        .chain(
            report
                .handling
                .advice
                .iter()
                .map(|advice| advice.organisation),
        )
        .chain(routed)
        .collect()
}

/// Loads organisations in one statement.
pub fn load_organisations(
    conn: &mut Conn,
    ids: impl Iterator<Item = OrganisationId>,
) -> Result<Organisations, Error> {
    let mut ids: Vec<OrganisationId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let found = organisations::by_ids(conn, &ids)?;
    Ok(found
        .into_iter()
        .map(|organisation| (organisation.id, organisation))
        .collect())
}

/// Makes a report ready to be shown; `NotFound` when for this reader it is not there.
pub fn show(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    report: Report,
) -> Result<Shown, Error> {
    let view = policy::view(actor, &report).ok_or(Error::NotFound)?;
    let now = context.clock.now();
    let organisations = load_organisations(conn, named(&report).into_iter())?;
    let actions = workflow::available(actor, &report, now);
    Ok(Shown {
        internal: policy::sees_internal(actor, &report),
        report,
        view,
        organisations,
        actions,
        today: local_date(now),
        fit: 0.0,
        highlights: Vec::new(),
    })
}
