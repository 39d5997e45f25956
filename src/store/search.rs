//! The index of what reports and messages say: terms alone, made by `domain::terms`, so that both databases find the same.
//! Written in the transaction of what it is about.

use std::collections::BTreeMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;

use crate::domain::code::code_list;
use crate::domain::id::{MessageId, OrganisationId, ReportId};
use crate::domain::message::{Message, MessageAudience};
use crate::domain::report::{Cited, Report};
use crate::domain::search::SearchQuery;
use crate::domain::terms::{VERSION, indexed};
use crate::store::any_of::any_of;
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::schema::search_entries as t;
use crate::store::types::{Coded, IdSql};

code_list! {
    /// What an entry of the index is made of.
    pub enum SearchScope {
        /// What a report says, for who sees the whole of it.
        Report = "report",
        /// The reviewed version that is shared.
        Shared = "shared",
        Message = "message",
    }
}

#[derive(Queryable, Selectable, Insertable, PartialEq, Debug)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
pub(super) struct Entry {
    report_id: ReportId,
    scope: Coded<SearchScope>,
    message_id: Option<MessageId>,
    audience: Option<Coded<MessageAudience>>,
    organisation_id: Option<OrganisationId>,
    title: String,
    body: String,
    version: i32,
}

/// The entries of a report: what it says, and what is shared of it.
fn entries(report: &Report) -> Vec<Entry> {
    let content = &report.content;
    let cited = content.citations.iter().flat_map(|cited: &Cited| {
        let citation = &cited.citation;
        [
            Some(cited.label()),
            citation.identifier.clone(),
            cited.title.clone(),
        ]
        .into_iter()
        .flatten()
    });
    let body: Vec<String> = [&content.description, &content.effect]
        .into_iter()
        .chain(&content.proposed_solution)
        .chain(&report.reference)
        .chain(&report.external_reference)
        .cloned()
        .chain(cited)
        .collect();
    let entry = |scope, title: &str, body: &str| Entry {
        report_id: report.id,
        scope: Coded(scope),
        message_id: None,
        audience: None,
        organisation_id: None,
        title: indexed(title),
        body: indexed(body),
        version: VERSION,
    };
    let own = entry(SearchScope::Report, &content.title, &body.join("\n"));
    let shared = report.handling.sharing.version.as_ref().map(|shared| {
        let cited: Vec<String> = content.citations.iter().map(Cited::label).collect();
        let body = format!("{}\n{}", shared.summary, cited.join("\n"));
        entry(SearchScope::Shared, &shared.title, &body)
    });
    std::iter::once(own).chain(shared).collect()
}

/// What is indexed of the reports between two ids, their messages left out.
pub(super) fn between(
    conn: &mut Conn,
    first: ReportId,
    last: ReportId,
) -> QueryResult<BTreeMap<ReportId, Vec<Entry>>> {
    let rows: Vec<Entry> = t::table
        .filter(t::report_id.between(first, last))
        .filter(t::scope.ne(Coded(SearchScope::Message)))
        .order((t::report_id, t::scope))
        .select(Entry::as_select())
        .load(conn)?;
    let mut found: BTreeMap<ReportId, Vec<Entry>> = BTreeMap::new();
    for row in rows {
        found.entry(row.report_id).or_default().push(row);
    }
    Ok(found)
}

/// Whether a report is found by what it says; what an earlier version indexed is found until it is indexed anew.
pub(super) fn agrees(report: &Report, indexed: &[Entry]) -> bool {
    let outdated = |entry: &Entry| entry.version < VERSION;
    indexed.iter().any(outdated) || indexed == entries(report)
}

/// A few rows in one statement, many in bulk.
fn write(conn: &mut Conn, rows: &[Entry]) -> QueryResult<()> {
    const FEW: usize = 10;
    if rows.len() > FEW {
        return insert_all!(conn, t::table, 8, rows);
    }
    if rows.is_empty() {
        return Ok(());
    }
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
    }
    .map(drop)
}

/// Indexes new reports.
pub fn insert(conn: &mut Conn, new: &[Report]) -> QueryResult<()> {
    let rows: Vec<Entry> = new.iter().flat_map(entries).collect();
    write(conn, &rows)
}

/// Indexes a report anew where what it says has changed, or it was released again: what is shared is found in the order of
/// its entries.
pub fn update(conn: &mut Conn, before: &Report, after: &Report) -> QueryResult<()> {
    let released = |report: &Report| {
        let version = report.handling.sharing.version.as_ref();
        version.map(|version| version.shared_at)
    };
    let rows = entries(after);
    if entries(before) == rows && released(before) == released(after) {
        return Ok(());
    }
    diesel::delete(
        t::table
            .filter(t::report_id.eq(after.id))
            .filter(t::scope.ne(Coded(SearchScope::Message))),
    )
    .execute(conn)?;
    write(conn, &rows)
}

/// Forgets all that is indexed about some reports.
pub fn forget(conn: &mut Conn, ids: &[ReportId]) -> QueryResult<()> {
    diesel::delete(t::table.filter(any_of(t::report_id, ids)))
        .execute(conn)
        .map(drop)
}

/// Indexes messages that were sent.
pub fn insert_messages(conn: &mut Conn, sent: &[Message]) -> QueryResult<()> {
    let entry = |message: &Message| Entry {
        report_id: message.report,
        scope: Coded(SearchScope::Message),
        message_id: Some(message.id),
        audience: Some(Coded(message.audience)),
        organisation_id: Some(message.organisation),
        title: String::new(),
        body: indexed(&message.text),
        version: VERSION,
    };
    let rows: Vec<Entry> = sent.iter().map(entry).collect();
    write(conn, &rows)
}

/// Something that was found.
#[derive(Debug, Clone, QueryableByName)]
pub struct Hit {
    /// Where it lies in the index: the later it was indexed, the higher.
    #[diesel(sql_type = Integer)]
    pub entry: i32,
    #[diesel(sql_type = IdSql)]
    pub report_id: ReportId,
    #[diesel(sql_type = Nullable<IdSql>)]
    pub message_id: Option<MessageId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub audience: Option<Coded<MessageAudience>>,
    #[diesel(sql_type = Nullable<IdSql>)]
    pub organisation_id: Option<OrganisationId>,
}

/// Something that was found, and its terms.
#[derive(Debug, QueryableByName)]
struct Worded {
    #[diesel(embed)]
    hit: Hit,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    body: String,
}

/// What fits a query of what is shared, the newest first, from before an entry; at most `limit`, so that a word that stands
/// everywhere costs no more than one that stands seldom.
pub fn newest_shared(
    conn: &mut Conn,
    query: &SearchQuery,
    before: Option<i32>,
    limit: i64,
) -> QueryResult<Vec<Hit>> {
    look_up(conn, query, true, before, limit, "")
}

/// What fits a query with how well it does, the best first and of equals the newest; of the newest that fit.
pub fn best(
    conn: &mut Conn,
    query: &SearchQuery,
    shared: bool,
    limit: i64,
) -> QueryResult<Vec<(f64, Hit)>> {
    let found: Vec<Worded> = look_up(conn, query, shared, None, limit, ", e.title, e.body")?;
    let texts = found.iter().map(|one| (&*one.title, &*one.body));
    let fits = query.fits(&texts.collect::<Vec<_>>());
    let mut best: Vec<(f64, Hit)> = fits
        .into_iter()
        .zip(found.into_iter().map(|one| one.hit))
        .collect();
    best.sort_by(|(one, hit), (other, at)| {
        other.total_cmp(one).then(at.report_id.cmp(&hit.report_id))
    });
    Ok(best)
}

fn look_up<T>(
    conn: &mut Conn,
    query: &SearchQuery,
    shared: bool,
    before: Option<i32>,
    limit: i64,
    columns: &str,
) -> QueryResult<Vec<T>>
where
    T: diesel::deserialize::QueryableByName<Sqlite>
        + diesel::deserialize::QueryableByName<Pg>
        + 'static,
{
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let columns =
        format!("e.entry, e.report_id, e.message_id, e.audience, e.organisation_id{columns}");
    let before = before.unwrap_or(i32::MAX);
    let terms = |part: fn(&[String]) -> String, all: &str, any: &str| {
        let parts: Vec<String> = query.parts.iter().map(|words| part(words)).collect();
        parts.join(if query.any { any } else { all })
    };
    match conn {
        Conn::Sqlite(conn) => diesel::sql_query(in_sqlite(&columns, shared))
            .bind::<Text, _>(terms(
                |words| format!("\"{}\"", words.join(" ")),
                " AND ",
                " OR ",
            ))
            .bind::<Integer, _>(before)
            .bind::<BigInt, _>(limit)
            .load(conn),
        Conn::Postgres(conn) => diesel::sql_query(in_postgres(&columns, shared))
            .bind::<Text, _>(terms(
                |words| format!("({})", words.join(" <-> ")),
                " & ",
                " | ",
            ))
            .bind::<Integer, _>(before)
            .bind::<BigInt, _>(limit)
            .load(conn),
    }
}

/// What is of a scope among entries `e`.
fn of_scope(shared: bool) -> &'static str {
    if shared {
        "e.scope = 'shared'"
    } else {
        "e.scope <> 'shared'"
    }
}

/// The index is read from its newest entry on. Most of what fits is not shared: an index of what is tells so without its text.
fn in_sqlite(columns: &str, shared: bool) -> String {
    if shared {
        format!(
            "SELECT {columns} FROM (SELECT rowid AS entry FROM search_terms WHERE search_terms MATCH ? AND rowid < ? \
             AND EXISTS (SELECT 1 FROM search_entries x INDEXED BY search_entries_shared \
             WHERE x.entry = search_terms.rowid AND x.scope = 'shared') ORDER BY rowid DESC LIMIT ?) AS found \
             JOIN search_entries e ON e.entry = found.entry ORDER BY found.entry DESC"
        )
    } else {
        format!(
            "SELECT {columns} FROM search_terms JOIN search_entries e ON e.entry = search_terms.rowid \
             WHERE search_terms MATCH ? AND search_terms.rowid < ? AND {} ORDER BY search_terms.rowid DESC LIMIT ?",
            of_scope(shared)
        )
    }
}

/// The index gives all that fits, in no order: it is asked for the newest part of the entries, then for ever more of those
/// before it, and at last for all the rest, until enough was found. The words and the parts are two conditions, as of one the
/// index would look at all that lies in the parts; of an entry that is computed it does not read the texts in its order.
fn in_postgres(columns: &str, shared: bool) -> String {
    let held = "(e.terms || array_to_tsvector(ARRAY[CASE WHEN e.scope = 'shared' THEN '#s' ELSE '#' END \
                || (e.entry / 1024)::TEXT]))";
    let part = if shared { "#s" } else { "#" };
    let found = |from: &str, and: &str| {
        format!(
            "SELECT {columns} FROM {from} WHERE {held} @@ to_tsquery('simple', $1) AND {and} AND {} \
             ORDER BY e.entry + 0 DESC LIMIT $3",
            of_scope(shared)
        )
    };
    let in_parts = found(
        "search_entries e",
        &format!("{held} @@ several.parts AND e.entry + 0 < $2"),
    );
    let before_them = found(
        "search_entries e, newest",
        "e.entry + 0 < (newest.entry / 1024 - 255) * 1024",
    );
    format!(
        "WITH newest AS (SELECT LEAST(MAX(entry), $2 - 1) AS entry FROM search_entries) \
         SELECT * FROM (SELECT found.* FROM (\
         SELECT first, string_agg(format('''{part}%s''', newest.entry / 1024 - back), ' | ')::TSQUERY AS parts FROM newest, \
         (VALUES (0, 0), (1, 3), (4, 15), (16, 63), (64, 255)) AS further (first, last), generate_series(first, last) AS back \
         GROUP BY first ORDER BY first) AS several, LATERAL ({in_parts}) AS found \
         UNION ALL ({before_them})) AS newest_first LIMIT $3"
    )
}
