//! Searches that somebody keeps.

use diesel::prelude::*;

use crate::domain::actor::Actor;
use crate::domain::id::{OrganisationId, PrincipalId, SavedSearchId};
use crate::domain::saved_search::SavedSearch;
use crate::store::db::Conn;
use crate::store::schema::{principals, saved_searches as t};
use crate::store::types::Instant;

#[derive(Insertable)]
#[diesel(table_name = t)]
struct Row {
    id: SavedSearchId,
    owner_id: PrincipalId,
    organisation_id: OrganisationId,
    name: String,
    query: String,
    shared: bool,
    created_at: Instant,
    updated_at: Instant,
    version: i32,
}

/// A row with the name of its owner, and whether that is there no longer.
type Found = (
    SavedSearchId,
    PrincipalId,
    String,
    Option<Instant>,
    OrganisationId,
    String,
    String,
    bool,
    (Instant, Instant, i32),
);

fn made(row: Found) -> SavedSearch {
    let (id, owner, owner_name, ended_at, organisation, name, query, shared, rest) = row;
    let (created_at, updated_at, version) = rest;
    SavedSearch {
        id,
        owner,
        owner_name,
        owner_gone: ended_at.is_some(),
        organisation,
        name,
        query,
        shared,
        created_at: created_at.0,
        updated_at: updated_at.0,
        version,
    }
}

macro_rules! found {
    () => {
        t::table
            .inner_join(principals::table.on(principals::id.eq(t::owner_id)))
            .select((
                t::id,
                t::owner_id,
                principals::name,
                principals::ended_at,
                t::organisation_id,
                t::name,
                t::query,
                t::shared,
                (t::created_at, t::updated_at, t::version),
            ))
            .into_boxed()
    };
}

/// Which searches a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Those of whoever asks, or those of others.
    pub mine: Option<bool>,
    pub shared: Option<bool>,
}

/// A page of those that somebody sees, the newest first.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: Filter,
    before: Option<SavedSearchId>,
    limit: i64,
) -> QueryResult<Vec<SavedSearch>> {
    let of_colleagues = t::shared.eq(true).and(t::organisation_id.eq(actor.home.id));
    let mut query = found!()
        .filter(t::owner_id.eq(actor.id).or(of_colleagues))
        .order(t::id.desc())
        .limit(limit);
    query = match filter.mine {
        Some(true) => query.filter(t::owner_id.eq(actor.id)),
        Some(false) => query.filter(t::owner_id.ne(actor.id)),
        None => query,
    };
    if let Some(shared) = filter.shared {
        query = query.filter(t::shared.eq(shared));
    }
    if let Some(before) = before {
        query = query.filter(t::id.lt(before));
    }
    let rows: Vec<Found> = query.load(conn)?;
    Ok(rows.into_iter().map(made).collect())
}

/// One search.
pub fn find(conn: &mut Conn, id: SavedSearchId) -> QueryResult<Option<SavedSearch>> {
    let row: Option<Found> = found!().filter(t::id.eq(id)).first(conn).optional()?;
    Ok(row.map(made))
}

/// How many somebody keeps.
pub fn count(conn: &mut Conn, owner: PrincipalId) -> QueryResult<i64> {
    t::table
        .filter(t::owner_id.eq(owner))
        .count()
        .get_result(conn)
}

/// Writes a new one; a unique violation when its owner has one of that name.
pub fn insert(conn: &mut Conn, search: &SavedSearch) -> QueryResult<()> {
    let search = search.clone();
    diesel::insert_into(t::table)
        .values(Row {
            id: search.id,
            owner_id: search.owner,
            organisation_id: search.organisation,
            name: search.name,
            query: search.query,
            shared: search.shared,
            created_at: Instant(search.created_at),
            updated_at: Instant(search.updated_at),
            version: search.version,
        })
        .execute(conn)
        .map(drop)
}

/// Writes a search whose version was `seen`; false when another has changed it since.
pub fn update(conn: &mut Conn, seen: i32, after: &SavedSearch) -> QueryResult<bool> {
    let written = diesel::update(t::table.find(after.id))
        .filter(t::version.eq(seen))
        .set((
            t::owner_id.eq(after.owner),
            t::name.eq(&after.name),
            t::query.eq(&after.query),
            t::shared.eq(after.shared),
            t::updated_at.eq(Instant(after.updated_at)),
            t::version.eq(after.version),
        ))
        .execute(conn)?;
    Ok(written == 1)
}

/// Deletes a search whose version was `seen`; false when another has changed it since.
pub fn delete(conn: &mut Conn, id: SavedSearchId, seen: i32) -> QueryResult<bool> {
    let gone = diesel::delete(t::table.find(id))
        .filter(t::version.eq(seen))
        .execute(conn)?;
    Ok(gone == 1)
}

/// Deletes what somebody kept for itself alone.
pub fn forget(conn: &mut Conn, owner: PrincipalId) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::owner_id.eq(owner).and(t::shared.eq(false))))
        .execute(conn)
        .map(drop)
}
