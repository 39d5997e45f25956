//! What should follow from something else, held against it: for `meldpunt doctor`. Reads pages, writes nothing.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text};

use crate::domain::clock_proof;
use crate::domain::deadline_profile::{DeadlineProfile, ProfileRef};
use crate::domain::event::Event;
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::notice::NoticeState;
use crate::domain::report::Report;
use crate::store::db::Conn;
use crate::store::events;
use crate::store::reports::{AssigneeRow, Row, assignees, facets, parties};
use crate::store::schema::{outbox, report_assignees, report_facets, report_parties, reports};
use crate::store::types::{Coded, Instant};
use crate::store::{search, shared_versions};

/// A report and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    pub id: ReportId,
    pub faults: Vec<&'static str>,
}

/// Holds a page of reports, by id, against what follows from each: its columns, facets, parties, what is released of it and
/// its search index, and from its events: its version and its clocks.
pub fn reports_page(
    conn: &mut Conn,
    profiles: &HashMap<ProfileRef, DeadlineProfile>,
    after: Option<ReportId>,
    limit: i64,
) -> QueryResult<Vec<Audited>> {
    let mut page = reports::table.order(reports::id).limit(limit).into_boxed();
    if let Some(after) = after {
        page = page.filter(reports::id.gt(after));
    }
    let rows: Vec<Row> = page.load(conn)?;
    let (Some(first), Some(last)) = (rows.first().map(Row::id), rows.last().map(Row::id)) else {
        return Ok(Vec::new());
    };
    type Moving = (NaiveDate, String);
    type StoredFacet = (String, String, Option<Instant>, Instant, Moving);
    let mut stored_facets: BTreeMap<ReportId, Vec<StoredFacet>> = BTreeMap::new();
    for (id, facet) in report_facets::table
        .filter(report_facets::report_id.between(first, last))
        .select((
            report_facets::report_id,
            (
                report_facets::facet,
                report_facets::value,
                report_facets::shared_at,
                report_facets::filed_at,
                (report_facets::due_key, report_facets::status),
            ),
        ))
        .load::<(ReportId, StoredFacet)>(conn)?
    {
        stored_facets.entry(id).or_default().push(facet);
    }
    type StoredParty = (OrganisationId, String, Instant, Moving);
    let mut stored_parties: BTreeMap<ReportId, Vec<StoredParty>> = BTreeMap::new();
    for (id, party) in report_parties::table
        .filter(report_parties::report_id.between(first, last))
        .select((
            report_parties::report_id,
            (
                report_parties::organisation_id,
                report_parties::party,
                report_parties::filed_at,
                (report_parties::due_key, report_parties::status),
            ),
        ))
        .load::<(ReportId, StoredParty)>(conn)?
    {
        stored_parties.entry(id).or_default().push(party);
    }
    let mut stored_assignees: BTreeMap<ReportId, Vec<AssigneeRow>> = BTreeMap::new();
    for row in report_assignees::table
        .filter(report_assignees::report_id.between(first, last))
        .select((
            report_assignees::report_id,
            report_assignees::organisation_id,
            report_assignees::principal_id,
        ))
        .load::<AssigneeRow>(conn)?
    {
        stored_assignees.entry(row.0).or_default().push(row);
    }
    let mut timelines: BTreeMap<ReportId, Vec<Event>> = BTreeMap::new();
    for event in events::between(conn, first, last)? {
        timelines.entry(event.report).or_default().push(event);
    }
    let mut indexed = search::between(conn, first, last)?;
    let released = shared_versions::between(conn, first, last)?;
    let audit = |row: Row| {
        let (id, stored) = (row.id(), format!("{row:?}"));
        let report = Report::from(row);
        let mut faults = Vec::new();
        if stored != format!("{:?}", Row::from(&report)) {
            faults.push("columns");
        }
        let derived = facets(&report).into_iter().map(|row| {
            let facet = row.facet.to_owned();
            let moving = (row.due_key, row.status.to_owned());
            (facet, row.value, row.shared_at, row.filed_at, moving)
        });
        if sorted(derived.collect()) != sorted(stored_facets.remove(&id).unwrap_or_default()) {
            faults.push("facets");
        }
        let derived = parties(&report).into_iter().map(|row| {
            let party = row.party.to_owned();
            let moving = (row.due_key, row.status.to_owned());
            (row.organisation_id, party, row.filed_at, moving)
        });
        if sorted(derived.collect()) != sorted(stored_parties.remove(&id).unwrap_or_default()) {
            faults.push("parties");
        }
        if sorted(assignees(&report)) != sorted(stored_assignees.remove(&id).unwrap_or_default()) {
            faults.push("assignees");
        }
        if !shared_versions::agrees(&report, released.get(&id)) {
            faults.push("released");
        }
        if !search::agrees(&report, &indexed.remove(&id).unwrap_or_default()) {
            faults.push("search");
        }
        let timeline = timelines.remove(&id).unwrap_or_default();
        let last = timeline.iter().map(|event| event.version).max();
        if last != Some(report.version) {
            faults.push("version");
        }
        if clock_proof::replay(&timeline, profiles) != report.handling.ledger {
            faults.push("clocks");
        }
        Audited { id, faults }
    };
    Ok(rows.into_iter().map(audit).collect())
}

fn sorted<T: Ord>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort();
    rows
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// References that point at nothing, a line each kind. SQLite reads its file whole for it; PostgreSQL guards its
/// constraints itself, so that only what was not validated is told. What has no constraint is looked up on both.
pub fn references(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let mut found: Vec<String> = match conn {
        Conn::Sqlite(conn) => {
            let damage = "SELECT integrity_check AS line FROM pragma_integrity_check LIMIT 5";
            let orphans = "SELECT \"table\" || ' names ' || count(*) || ' missing rows of ' || parent AS line \
                 FROM pragma_foreign_key_check GROUP BY \"table\", parent";
            let mut lines = diesel::sql_query(damage).load::<Line>(conn)?;
            lines.retain(|line| line.line != "ok");
            lines.extend(diesel::sql_query(orphans).load::<Line>(conn)?);
            lines.into_iter().map(|line| line.line).collect()
        }
        Conn::Postgres(conn) => diesel::sql_query(
            "SELECT conrelid::regclass::text || ': the constraint ' || conname || ' is not validated' AS line \
             FROM pg_constraint WHERE contype = 'f' AND NOT convalidated",
        )
        .load::<Line>(conn)?
        .into_iter()
        .map(|line| line.line)
        .collect(),
    };
    for (table, column, parent) in [
        ("events", "principal_id", "principals"),
        ("events", "organisation_id", "organisations"),
        ("outbox", "event_id", "events"),
        ("idempotency_keys", "principal_id", "principals"),
    ] {
        let sql = format!(
            "SELECT count(*) AS n FROM {table} c WHERE c.{column} IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.id = c.{column})"
        );
        let count: Count = match conn {
            Conn::Sqlite(conn) => diesel::sql_query(sql).get_result(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(sql).get_result(conn)?,
        };
        if count.n > 0 {
            found.push(format!(
                "{table}.{column} names {} missing rows of {parent}",
                count.n
            ));
        }
    }
    Ok(found)
}

/// Notices whose worker let its lease end; they are taken up again by themselves while a worker runs.
pub fn expired_leases(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<i64> {
    outbox::table
        .filter(outbox::state.eq(Coded(NoticeState::Queued)))
        .filter(outbox::leased_until.lt(Some(Instant(now))))
        .count()
        .get_result(conn)
}

/// What the database says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    pub version: String,
    /// Whether this connection is encrypted; none for a file.
    pub tls: Option<bool>,
    /// Its clock, in seconds since 1970; none for a file.
    pub clock: Option<f64>,
}

/// What the database says about itself.
pub fn server(conn: &mut Conn) -> QueryResult<Server> {
    #[derive(QueryableByName)]
    struct Told {
        #[diesel(sql_type = Text)]
        version: String,
        #[diesel(sql_type = Bool)]
        tls: bool,
        #[diesel(sql_type = Double)]
        clock: f64,
    }
    match conn {
        Conn::Sqlite(conn) => {
            let line: Line =
                diesel::sql_query("SELECT sqlite_version() AS line").get_result(conn)?;
            Ok(Server {
                version: format!("SQLite {}", line.line),
                tls: None,
                clock: None,
            })
        }
        Conn::Postgres(conn) => {
            let told: Told = diesel::sql_query(
                "SELECT current_setting('server_version') AS version, \
                 COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls, \
                 extract(epoch FROM clock_timestamp())::float8 AS clock",
            )
            .get_result(conn)?;
            Ok(Server {
                version: format!("PostgreSQL {}", told.version),
                tls: Some(told.tls),
                clock: Some(told.clock),
            })
        }
    }
}
