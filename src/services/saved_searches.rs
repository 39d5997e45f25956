//! Searches that somebody keeps under a name. That a query is one that the list of reports takes is for who reads queries.

use chrono::{DateTime, Utc};

use crate::domain::actor::Actor;
use crate::domain::id::SavedSearchId;
use crate::domain::policy;
use crate::domain::saved_search::{MOST, SavedSearch};
use crate::services::Error;
use crate::store::db::{Conn, is_unique_violation};
use crate::store::saved_searches::{self, Filter};

/// A search to keep.
#[derive(Debug, Clone)]
pub struct NewSearch {
    pub name: String,
    pub query: String,
    pub shared: bool,
}

/// What is to change; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct SearchChange {
    pub name: Option<String>,
    pub query: Option<String>,
    pub shared: Option<bool>,
}

/// A page of those that somebody sees, the newest first.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: Filter,
    before: Option<SavedSearchId>,
    limit: i64,
) -> Result<Vec<SavedSearch>, Error> {
    Ok(saved_searches::list(conn, actor, filter, before, limit)?)
}

/// One search.
///
/// # Errors
/// `NotFound` when it is not there for this actor.
pub fn get(conn: &mut Conn, actor: &Actor, id: SavedSearchId) -> Result<SavedSearch, Error> {
    saved_searches::find(conn, id)?
        .filter(|search| policy::sees_search(actor, search))
        .ok_or(Error::NotFound)
}

/// Keeps a search.
///
/// # Errors
/// `Conflict` when the owner has one of that name, or too many.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    new: NewSearch,
    now: DateTime<Utc>,
) -> Result<SavedSearch, Error> {
    if saved_searches::count(conn, actor.id)? >= MOST {
        return Err(Error::Conflict("too_many_searches"));
    }
    let search = SavedSearch {
        id: SavedSearchId::new(),
        owner: actor.id,
        owner_name: actor.name.clone(),
        owner_gone: false,
        organisation: actor.home.id,
        name: new.name,
        query: new.query,
        shared: new.shared,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    saved_searches::insert(conn, &search).map_err(taken)?;
    Ok(search)
}

/// Changes a search; a colleague who takes over one whose owner is gone becomes its owner.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Stale`, `Conflict` when the owner has another of that name.
pub fn change(
    conn: &mut Conn,
    actor: &Actor,
    id: SavedSearchId,
    seen: i32,
    change: SearchChange,
    now: DateTime<Utc>,
) -> Result<SavedSearch, Error> {
    let before = kept(conn, actor, id, seen)?;
    let after = SavedSearch {
        owner: actor.id,
        owner_name: actor.name.clone(),
        owner_gone: false,
        name: change.name.unwrap_or_else(|| before.name.clone()),
        query: change.query.unwrap_or_else(|| before.query.clone()),
        shared: change.shared.unwrap_or(before.shared),
        updated_at: now,
        version: before.version + 1,
        ..before
    };
    if saved_searches::update(conn, seen, &after).map_err(taken)? {
        Ok(after)
    } else {
        Err(Error::Stale)
    }
}

/// Deletes a search.
///
/// # Errors
/// As `change`.
pub fn delete(conn: &mut Conn, actor: &Actor, id: SavedSearchId, seen: i32) -> Result<(), Error> {
    kept(conn, actor, id, seen)?;
    if saved_searches::delete(conn, id, seen)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

fn kept(
    conn: &mut Conn,
    actor: &Actor,
    id: SavedSearchId,
    seen: i32,
) -> Result<SavedSearch, Error> {
    let search = get(conn, actor, id)?;
    if !policy::may_keep_search(actor, &search) {
        return Err(Error::Forbidden("not_allowed"));
    }
    if search.version != seen {
        return Err(Error::Stale);
    }
    Ok(search)
}

fn taken(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error) {
        Error::Conflict("name_taken")
    } else {
        error.into()
    }
}
