//! Whoever is signed in sees its own sign-ins and ends them. What is ended counts from the next request on.

use chrono::{DateTime, Utc};

use crate::domain::actor::Actor;
use crate::domain::id::SessionId;
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::sessions::{self, Shown};

/// A page of those that hold, newest first; one more than `limit`, when there is one.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    before: Option<SessionId>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Shown>, Error> {
    Ok(sessions::list(conn, actor.id, before, limit + 1, now)?)
}

/// Ends one of them; another's is not there.
pub fn end(
    conn: &mut Conn,
    actor: &Actor,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if !sessions::revoke_own(conn, actor.id, session, now)? {
        return Err(Error::NotFound);
    }
    tracing::info!(principal = %actor.id, %session, "ended a sign-in");
    Ok(())
}

/// Ends all but the one of this token.
pub fn end_others(conn: &mut Conn, actor: &Actor, now: DateTime<Utc>) -> Result<(), Error> {
    let current = actor.session.ok_or(Error::Conflict("no_session"))?;
    let ended = sessions::revoke_others(conn, actor.id, current, now)?;
    tracing::info!(principal = %actor.id, ended, "ended the other sign-ins");
    Ok(())
}
