//! Measures and the reports that they serve.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::id::{MeasureId, OrganisationId, ReportId};
use crate::domain::measure::{MeasureCourse, MeasureRecord, MeasureState};
use crate::domain::report::{Confidentiality, MeasureKind};
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::reports::Visible;
use crate::store::schema::{
    measure_reports as served, measures as t, report_parties as parties, reports,
};
use crate::store::types::{Coded, Instant, Json};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: MeasureId,
    kind: Coded<MeasureKind>,
    title: String,
    owner: String,
    authority_id: OrganisationId,
    state: Coded<MeasureState>,
    target_on: NaiveDate,
    update_due_on: Option<NaiveDate>,
    course: Json<MeasureCourse>,
    created_at: Instant,
    updated_at: Instant,
    version: i32,
}

impl From<&MeasureRecord> for Row {
    fn from(of: &MeasureRecord) -> Self {
        Self {
            id: of.id,
            kind: Coded(of.kind),
            title: of.title.clone(),
            owner: of.owner.clone(),
            authority_id: of.authority,
            state: Coded(of.state),
            target_on: of.target_date,
            update_due_on: of.update_due_on(),
            course: Json(of.course.clone()),
            created_at: Instant(of.created_at),
            updated_at: Instant(of.updated_at),
            version: of.version,
        }
    }
}

impl Row {
    fn made(self, reports: Vec<ReportId>) -> MeasureRecord {
        MeasureRecord {
            id: self.id,
            kind: self.kind.0,
            title: self.title,
            owner: self.owner,
            authority: self.authority_id,
            reports,
            state: self.state.0,
            target_date: self.target_on,
            course: self.course.0,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            version: self.version,
        }
    }
}

/// Adds the reports that they serve: one statement for all.
fn with_reports(conn: &mut Conn, rows: Vec<Row>) -> QueryResult<Vec<MeasureRecord>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<MeasureId> = rows.iter().map(|row| row.id).collect();
    let of: Vec<(MeasureId, ReportId)> = served::table
        .filter(any_of(served::measure_id, &ids))
        .order((served::measure_id, served::place))
        .select((served::measure_id, served::report_id))
        .load(conn)?;
    let made = rows.into_iter().map(|row| {
        let own = of.iter().filter(|(id, _)| *id == row.id);
        let reports = own.map(|(_, report)| *report).collect();
        row.made(reports)
    });
    Ok(made.collect())
}

/// Writes a new one.
pub fn insert(conn: &mut Conn, new: &MeasureRecord) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values(Row::from(new))
        .execute(conn)?;
    insert_reports(conn, new.id, &new.reports, 0)
}

/// Writes one whose version was `before`'s; false when another has changed it since.
pub fn update(conn: &mut Conn, before: &MeasureRecord, after: &MeasureRecord) -> QueryResult<bool> {
    let same = t::id.eq(after.id).and(t::version.eq(before.version));
    let changed = diesel::update(t::table.filter(same))
        .set(Row::from(after))
        .execute(conn)?;
    let known = before.reports.len();
    if changed > 0 && after.reports.len() > known {
        insert_reports(conn, after.id, &after.reports[known..], known)?;
    }
    Ok(changed > 0)
}

fn insert_reports(
    conn: &mut Conn,
    id: MeasureId,
    new: &[ReportId],
    from: usize,
) -> QueryResult<()> {
    let places = i32::try_from(from).unwrap_or(i32::MAX)..;
    let rows: Vec<_> = places
        .zip(new)
        .map(|(place, report)| {
            (
                served::measure_id.eq(id),
                served::report_id.eq(*report),
                served::place.eq(place),
            )
        })
        .collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(served::table)
            .values(rows)
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(served::table)
            .values(rows)
            .execute(conn),
    }
    .map(drop)
}

/// One measure.
pub fn find(conn: &mut Conn, id: MeasureId) -> QueryResult<Option<MeasureRecord>> {
    let row: Option<Row> = t::table.find(id).first(conn).optional()?;
    Ok(with_reports(conn, row.into_iter().collect())?.pop())
}

/// Those that serve some reports, the earliest first.
pub fn of_reports(conn: &mut Conn, reports: &[ReportId]) -> QueryResult<Vec<MeasureRecord>> {
    let serve = served::table
        .filter(any_of(served::report_id, reports))
        .select(served::measure_id);
    let rows = t::table
        .filter(t::id.eq_any(serve))
        .order(t::id)
        .load(conn)?;
    with_reports(conn, rows)
}

/// Those of an authority that are under way, the earliest first.
pub fn open_of(conn: &mut Conn, authority: OrganisationId) -> QueryResult<Vec<MeasureRecord>> {
    let rows = t::table
        .filter(t::authority_id.eq(authority))
        .filter(t::state.eq(Coded(MeasureState::UnderWay)))
        .order(t::id)
        .load(conn)?;
    with_reports(conn, rows)
}

/// Which measures a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub states: Vec<MeasureState>,
    pub kinds: Vec<MeasureKind>,
    pub authority: Option<OrganisationId>,
    pub report: Option<ReportId>,
    /// Of which an update or the measure itself was due before this day.
    pub late_on: Option<NaiveDate>,
}

/// A page of those that serve a visible report or are an authority's own, the newest first.
pub fn list(
    conn: &mut Conn,
    visible: &Visible,
    own: Option<OrganisationId>,
    filter: &Filter,
    before: Option<MeasureId>,
    limit: i64,
) -> QueryResult<Vec<MeasureRecord>> {
    let mut query = t::table.into_boxed().order(t::id.desc()).limit(limit);
    if !visible.desk {
        let kinds: Vec<_> = visible.parties.iter().copied().map(Coded).collect();
        let party = any_of(parties::organisation_id, visible.organisation.as_slice());
        let as_party = served::table
            .inner_join(parties::table.on(parties::report_id.eq(served::report_id)))
            .filter(party.and(any_of(parties::party, &kinds)))
            .select(served::measure_id);
        let open = reports::confidentiality.ne(Coded(Confidentiality::Confidential));
        let unpublished = served::table
            .inner_join(reports::table.on(reports::id.eq(served::report_id)))
            .filter(open.and(visible.unpublished.into_sql::<diesel::sql_types::Bool>()))
            .select(served::measure_id);
        let of_own = any_of(t::authority_id, own.as_slice());
        let seen = t::id.eq_any(as_party).or(t::id.eq_any(unpublished));
        query = query.filter(of_own.or(seen));
    }
    if !filter.states.is_empty() {
        let wanted: Vec<_> = filter.states.iter().copied().map(Coded).collect();
        query = query.filter(any_of(t::state, &wanted));
    }
    if !filter.kinds.is_empty() {
        let wanted: Vec<_> = filter.kinds.iter().copied().map(Coded).collect();
        query = query.filter(any_of(t::kind, &wanted));
    }
    if let Some(authority) = filter.authority {
        query = query.filter(t::authority_id.eq(authority));
    }
    if let Some(report) = filter.report {
        let serve = served::table
            .filter(served::report_id.eq(report))
            .select(served::measure_id);
        query = query.filter(t::id.eq_any(serve));
    }
    if let Some(today) = filter.late_on {
        let under_way = t::state.eq(Coded(MeasureState::UnderWay));
        let late = t::target_on
            .lt(today)
            .or(t::update_due_on.lt(today).assume_not_null());
        query = query.filter(under_way.and(late));
    }
    if let Some(before) = before {
        query = query.filter(t::id.lt(before));
    }
    let rows = query.load::<Row>(conn)?;
    with_reports(conn, rows)
}
