//! The register of changes to who may what.

use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::id::{AuditEventId, Id, OrganisationId, PrincipalId, kind};
use crate::domain::register::{AuditEvent, AuditKind, Change, Doer, Subject, SubjectKind};
use crate::store::db::Conn;
use crate::store::schema::audit_events as t;
use crate::store::types::{Coded, Instant, Json};

/// The id of whatever it was done to.
type SubjectId = Id<kind::Subject>;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    id: AuditEventId,
    at: Instant,
    kind: Coded<AuditKind>,
    actor_id: Option<PrincipalId>,
    actor_name: Option<String>,
    actor_organisation_id: Option<OrganisationId>,
    organisation_id: OrganisationId,
    subject_kind: Coded<SubjectKind>,
    subject_id: SubjectId,
    subject_name: String,
    changes: Json<Vec<Change>>,
}

impl From<Row> for AuditEvent {
    fn from(row: Row) -> Self {
        let actor = match (row.actor_id, row.actor_name, row.actor_organisation_id) {
            (Some(id), Some(name), Some(organisation)) => Some(Doer {
                id,
                name,
                organisation,
            }),
            _ => None,
        };
        Self {
            id: row.id,
            at: row.at.0,
            kind: row.kind.0,
            actor,
            subject: Subject {
                kind: row.subject_kind.0,
                id: row.subject_id.uuid(),
                name: row.subject_name,
                organisation: row.organisation_id,
            },
            changes: row.changes.0,
        }
    }
}

/// Which events: none for all of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub organisation: Option<OrganisationId>,
    pub subject: Option<Uuid>,
}

/// Adds an event.
pub fn insert(conn: &mut Conn, event: AuditEvent) -> QueryResult<()> {
    let actor = event.actor;
    let row = Row {
        id: event.id,
        at: Instant(event.at),
        kind: Coded(event.kind),
        actor_id: actor.as_ref().map(|actor| actor.id),
        actor_organisation_id: actor.as_ref().map(|actor| actor.organisation),
        actor_name: actor.map(|actor| actor.name),
        organisation_id: event.subject.organisation,
        subject_kind: Coded(event.subject.kind),
        subject_id: SubjectId::from_uuid(event.subject.id),
        subject_name: event.subject.name,
        changes: Json(event.changes),
    };
    diesel::insert_into(t::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// A page, newest first; `own` narrows to one organisation beside the filter. Ids ascend with time.
pub fn list(
    conn: &mut Conn,
    own: Option<OrganisationId>,
    filter: &Filter,
    before: Option<AuditEventId>,
    limit: i64,
) -> QueryResult<Vec<AuditEvent>> {
    let mut query = t::table.select(Row::as_select()).into_boxed();
    for organisation in [own, filter.organisation].into_iter().flatten() {
        query = query.filter(t::organisation_id.eq(organisation));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(t::subject_id.eq(SubjectId::from_uuid(subject)));
    }
    if let Some(before) = before {
        query = query.filter(t::id.lt(before));
    }
    let rows: Vec<Row> = query.order(t::id.desc()).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}
