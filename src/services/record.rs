//! The record of an authority.

use crate::domain::actor::Actor;
use crate::domain::id::OrganisationId;
use crate::domain::policy;
use crate::services::{Context, Error};
use crate::store::reports::Record;
use crate::store::{organisations, reports};

/// What became of the reports that an organisation led.
///
/// # Errors
/// `NotFound` when it is not there, or can be no authority.
pub async fn of(context: &Context, actor: Actor, id: OrganisationId) -> Result<Record, Error> {
    let confidential = policy::counts_confidential(&actor, id);
    context
        .db
        .read(move |conn| {
            organisations::find(conn, id)?
                .filter(|organisation| organisation.owns_rules)
                .ok_or(Error::NotFound)?;
            Ok(reports::record(conn, id, confidential)?)
        })
        .await
}
