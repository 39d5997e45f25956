//! Releasing what somebody worked on who no longer can: else a report waits for a person who is not there.

use chrono::{DateTime, Utc};

use crate::domain::actor::Role;
use crate::domain::event::{Details, EventKind, PersonRef};
use crate::domain::id::PrincipalId;
use crate::domain::report::Report;
use crate::services::recording::{self, Step};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::reports;

/// Whether somebody with these roles works on reports.
pub fn works(roles: &[Role]) -> bool {
    roles
        .iter()
        .any(|role| matches!(role, Role::Liaison | Role::Desk | Role::Coordinator))
}

/// Unassigns a person from every report, in the transaction that takes its role or its place. Its colleagues find them
/// among those that nobody works on.
pub fn release(
    conn: &mut Conn,
    ctx: &Context,
    person: PrincipalId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut steps = Vec::new();
    for before in reports::assigned_to(conn, person)? {
        let mut after: Report = before.clone();
        let gone = |id: PrincipalId| id == person;
        after.handling.assignees.retain(|one| !gone(one.id));
        after.updated_at = now;
        after.version += 1;
        if !reports::update(conn, &before, &after)? {
            return Err(Error::Stale);
        }
        let former = before.handling.assignees.iter().find(|one| gone(one.id));
        let said = Details {
            former_assignee: former.map(PersonRef::from),
            ..Details::default()
        };
        let mut step = Step::by_service(&before, &after, EventKind::Unassign, now).with(said);
        step.quiet = true;
        steps.push(step);
    }
    recording::record(conn, ctx, &steps)
}
