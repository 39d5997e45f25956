//! Reference data: what adding and changing one of its records have in common, whatever it is. Each kind says in its own
//! file what makes a record faulty.

use std::fmt::Display;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, de::DeserializeOwned};

use crate::domain::actor::Actor;
use crate::domain::id::OrganisationId;
use crate::domain::invalid::FieldError;
use crate::domain::policy;
use crate::domain::register::{AuditKind, Change, Subject};
use crate::services::{Error, register};
use crate::store::db::{Conn, is_unique_violation};
use crate::store::listing::Listing;
use crate::store::{organisations, service_state};

/// A kind of reference data. Records are ended, never deleted.
pub trait Fact: Clone + PartialEq + Send + Sized + 'static {
    /// What names one record.
    type Key: Clone + Display + Serialize + DeserializeOwned + Send + 'static;
    /// What its lists can be narrowed by.
    type Filter: Send + 'static;

    fn key(&self) -> Self::Key;
    /// What lists are sorted by; the key decides among equals.
    fn label(&self) -> &str;
    fn version(&self) -> i32;
    /// Marks a change.
    fn advance(&mut self, now: DateTime<Utc>);

    fn may_change(actor: &Actor) -> bool {
        policy::may_change_reference(actor)
    }

    /// Puts a record in its canonical form and finds what is wrong with it; `before` is what it was, if it was.
    fn check(&mut self, before: Option<&Self>, conn: &mut Conn) -> Result<Vec<FieldError>, Error>;

    fn find(conn: &mut Conn, key: &Self::Key) -> Result<Option<Self>, Error>;
    fn list(
        conn: &mut Conn,
        listing: &Listing,
        filter: &Self::Filter,
        after: Option<&(String, Self::Key)>,
    ) -> Result<Vec<Self>, Error>;
    /// What the register of changes to who may what is told of a change; nothing of most kinds.
    fn audited(_before: Option<&Self>, _after: &Self) -> Option<(AuditKind, Subject, Vec<Change>)> {
        None
    }

    fn insert(&self, conn: &mut Conn) -> Result<(), diesel::result::Error>;
    /// Writes it when its version was `seen`; false when another has changed it since.
    fn update(&self, seen: i32, conn: &mut Conn) -> Result<bool, diesel::result::Error>;
}

/// Adds a record.
pub fn create<F: Fact>(
    conn: &mut Conn,
    actor: &Actor,
    fact: F,
    now: DateTime<Utc>,
) -> Result<F, Error> {
    authorise::<F>(actor)?;
    add(conn, Some(actor), fact, now)
}

/// Adds a record; without an actor on behalf of whoever runs the service.
pub fn add<F: Fact>(
    conn: &mut Conn,
    actor: Option<&Actor>,
    mut fact: F,
    now: DateTime<Utc>,
) -> Result<F, Error> {
    refuse(fact.check(None, conn)?)?;
    fact.insert(conn).map_err(taken)?;
    service_state::routing_changed(conn, now)?;
    if let Some((kind, subject, changes)) = F::audited(None, &fact) {
        register::record(conn, actor, kind, subject, changes, now)?;
    }
    Ok(fact)
}

/// Changes a record that the actor saw in version `seen`. What changes nothing is no new version.
pub fn change<F: Fact>(
    conn: &mut Conn,
    actor: &Actor,
    key: &F::Key,
    seen: i32,
    now: DateTime<Utc>,
    apply: impl FnOnce(&mut F),
) -> Result<F, Error> {
    authorise::<F>(actor)?;
    let before = F::find(conn, key)?.ok_or(Error::NotFound)?;
    if before.version() != seen {
        return Err(Error::Stale);
    }
    let mut after = before.clone();
    apply(&mut after);
    refuse(after.check(Some(&before), conn)?)?;
    if after == before {
        return Ok(before);
    }
    after.advance(now);
    if !after.update(seen, conn).map_err(taken)? {
        return Err(Error::Stale);
    }
    service_state::routing_changed(conn, now)?;
    if let Some((kind, subject, changes)) = F::audited(Some(&before), &after) {
        register::record(conn, Some(actor), kind, subject, changes, now)?;
    }
    Ok(after)
}

fn authorise<F: Fact>(actor: &Actor) -> Result<(), Error> {
    if F::may_change(actor) {
        Ok(())
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}

fn refuse(faults: Vec<FieldError>) -> Result<(), Error> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(faults))
    }
}

fn taken(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error) {
        Error::Conflict("already_exists")
    } else {
        error.into()
    }
}

/// The end comes after the beginning, and a successor after an end.
pub(super) fn check_validity(
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    succeeded: bool,
    faults: &mut Vec<FieldError>,
) {
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        faults.push(FieldError::new("/validUntil", "dates_reversed"));
    }
    if succeeded && until.is_none() {
        faults.push(FieldError::new("/validUntil", "required"));
    }
}

/// Somebody who can be the authority on a report.
pub(super) fn check_authority(
    conn: &mut Conn,
    id: OrganisationId,
    pointer: &str,
    faults: &mut Vec<FieldError>,
) -> Result<(), Error> {
    match organisations::find(conn, id)? {
        None => faults.push(FieldError::new(pointer, "unknown_organisation")),
        Some(found) if !found.owns_rules => faults.push(FieldError::new(pointer, "no_authority")),
        Some(_) => {}
    }
    Ok(())
}

/// Each of the codes at `pointer` that is not known, and each that stands there twice.
pub(super) fn check_codes(
    codes: &[String],
    known: &[String],
    pointer: &str,
    unknown: &'static str,
    faults: &mut Vec<FieldError>,
) {
    for (index, code) in codes.iter().enumerate() {
        let at = format!("{pointer}/{index}");
        if codes[..index].contains(code) {
            faults.push(FieldError::new(at, "not_unique"));
        } else if !known.contains(code) {
            faults.push(FieldError::new(at, unknown));
        }
    }
}

/// Whether a succession that begins at `next` comes back at `own`.
pub(super) fn comes_back<K: PartialEq>(
    own: &K,
    mut next: Option<K>,
    mut successor: impl FnMut(&K) -> Result<Option<K>, Error>,
) -> Result<bool, Error> {
    // A longer history than this does not exist; a circle that leaves `own` out would have no end.
    for _ in 0..100 {
        match next {
            None => return Ok(false),
            Some(key) if key == *own => return Ok(true),
            Some(key) => next = successor(&key)?,
        }
    }
    Ok(true)
}
