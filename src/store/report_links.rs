//! Links between reports.

use diesel::prelude::*;

use crate::domain::id::{LinkId, ReportId};
use crate::domain::link::{Link, LinkKind};
use crate::store::db::Conn;
use crate::store::schema::report_links;
use crate::store::types::{Coded, Instant};

#[derive(Queryable, Selectable, Insertable, Debug)]
#[diesel(table_name = report_links, treat_none_as_default_value = false)]
struct Row {
    id: LinkId,
    from_id: ReportId,
    to_id: ReportId,
    kind: Coded<LinkKind>,
    linked_at: Instant,
}

impl From<Row> for Link {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            from: row.from_id,
            to: row.to_id,
            kind: row.kind.0,
            linked_at: row.linked_at.0,
        }
    }
}

/// Writes a new link.
pub fn insert(conn: &mut Conn, link: &Link) -> QueryResult<()> {
    let row = Row {
        id: link.id,
        from_id: link.from,
        to_id: link.to,
        kind: Coded(link.kind),
        linked_at: Instant(link.linked_at),
    };
    diesel::insert_into(report_links::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// The links of a report, whichever way they point, the earliest first.
pub fn of(conn: &mut Conn, report: ReportId) -> QueryResult<Vec<Link>> {
    let either = report_links::from_id
        .eq(report)
        .or(report_links::to_id.eq(report));
    let rows = report_links::table
        .filter(either)
        .order((report_links::linked_at, report_links::id))
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(Link::from).collect())
}

/// Takes a link away; false when it was gone.
pub fn delete(conn: &mut Conn, id: LinkId) -> QueryResult<bool> {
    Ok(diesel::delete(report_links::table.find(id)).execute(conn)? == 1)
}
