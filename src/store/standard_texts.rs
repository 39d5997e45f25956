//! Standard texts. A change writes a new version; the versions before it stay.

use diesel::prelude::*;

use crate::domain::actor::Language;
use crate::domain::id::{OrganisationId, StandardTextId};
use crate::domain::message::Writer;
use crate::domain::report::Outcome;
use crate::domain::standard_text::StandardText;
use crate::domain::status::Action;
use crate::store::any_of::any_of;
use crate::store::db::{Conn, MultiBackend};
use crate::store::schema::standard_texts as t;
use crate::store::types::{Coded, Instant, Json};

#[derive(Queryable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    id: StandardTextId,
    version: i32,
    organisation_id: Option<OrganisationId>,
    name: String,
    action: Coded<Action>,
    outcome: Option<Coded<Outcome>>,
    language: Coded<Language>,
    text: String,
    retired: bool,
    made_at: Instant,
    made_by: Option<Json<Writer>>,
}

impl From<&StandardText> for Row {
    fn from(text: &StandardText) -> Self {
        let text = text.clone();
        Self {
            id: text.id,
            version: text.version,
            organisation_id: text.organisation,
            name: text.name,
            action: Coded(text.action),
            outcome: text.outcome.map(Coded),
            language: Coded(text.language),
            text: text.text,
            retired: text.retired,
            made_at: Instant(text.made_at),
            made_by: text.made_by.map(Json),
        }
    }
}

impl From<Row> for StandardText {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            version: row.version,
            organisation: row.organisation_id,
            name: row.name,
            action: row.action.0,
            outcome: row.outcome.map(|outcome| outcome.0),
            language: row.language.0,
            text: row.text,
            retired: row.retired,
            made_at: row.made_at.0,
            made_by: row.made_by.map(|writer| writer.0),
        }
    }
}

/// What a list holds; an empty list limits nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actions: Vec<Action>,
    /// Those of these outcomes; with `any_outcome` also those that go with any.
    pub outcomes: Vec<Outcome>,
    pub any_outcome: bool,
    pub languages: Vec<Language>,
    pub retired: bool,
    /// Beside those for all, those of this organisation; none for those of every organisation.
    pub organisation: Option<OrganisationId>,
}

/// Of each text the latest version.
fn latest() -> t::BoxedQuery<'static, MultiBackend> {
    let newer = diesel::alias!(t as newer);
    let replaced = newer
        .filter(newer.field(t::id).eq(t::id))
        .filter(newer.field(t::version).gt(t::version));
    t::table
        .filter(diesel::dsl::not(diesel::dsl::exists(replaced)))
        .into_boxed()
}

/// The latest version of a text, or the one that is asked for.
pub fn find(
    conn: &mut Conn,
    id: StandardTextId,
    version: Option<i32>,
) -> QueryResult<Option<StandardText>> {
    let row: Option<Row> = match version {
        Some(version) => t::table.find((id, version)).first(conn).optional()?,
        None => latest().filter(t::id.eq(id)).first(conn).optional()?,
    };
    Ok(row.map(StandardText::from))
}

/// A page of latest versions, in the order they were first written.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    after: Option<StandardTextId>,
    limit: i64,
) -> QueryResult<Vec<StandardText>> {
    let mut query = latest().filter(t::retired.eq(filter.retired));
    if let Some(organisation) = filter.organisation {
        let own = t::organisation_id.eq(organisation);
        query = query.filter(t::organisation_id.is_null().or(own));
    }
    if !filter.actions.is_empty() {
        let wanted: Vec<_> = filter.actions.iter().copied().map(Coded).collect();
        query = query.filter(any_of(t::action, &wanted));
    }
    if !filter.outcomes.is_empty() {
        let wanted: Vec<_> = filter.outcomes.iter().copied().map(Coded).collect();
        let these = any_of(t::outcome, &wanted);
        // What goes with any outcome has none.
        let these = t::outcome.is_not_null().and(these);
        query = if filter.any_outcome {
            query.filter(t::outcome.is_null().or(these))
        } else {
            query.filter(these)
        };
    }
    if !filter.languages.is_empty() {
        let wanted: Vec<_> = filter.languages.iter().copied().map(Coded).collect();
        query = query.filter(any_of(t::language, &wanted));
    }
    if let Some(after) = after {
        query = query.filter(t::id.gt(after));
    }
    let rows: Vec<Row> = query.order(t::id).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(StandardText::from).collect())
}

/// Writes new texts or versions, several in one statement.
pub fn insert(conn: &mut Conn, new: &[StandardText]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
    }
    .map(drop)
}
