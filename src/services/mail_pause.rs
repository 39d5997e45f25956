//! Keeping all mail in, and letting it out again. A restored database starts so: what waits in it may have been sent by the
//! one it was copied from.

use chrono::{DateTime, Utc};

use crate::domain::actor::Actor;
use crate::domain::notice::NoticeState;
use crate::domain::policy;
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::outbox::{self, Backlog};
use crate::store::service_state::{self, Pause};

/// Where the outbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub pause: Option<Pause>,
    pub backlog: Backlog,
    /// How many notices there are in each state.
    pub counts: Vec<(NoticeState, i64)>,
}

/// What becomes of the notices that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    SendAll,
    /// Those queued before an instant are not sent; the others are.
    DiscardBefore(DateTime<Utc>),
}

/// Where the outbox stands. Without an actor: for the operator of the machine.
pub fn standing(conn: &mut Conn, actor: Option<&Actor>) -> Result<Standing, Error> {
    allow(actor)?;
    Ok(Standing {
        pause: service_state::outbox_pause(conn)?,
        backlog: outbox::backlog(conn)?,
        counts: outbox::counts(conn)?,
    })
}

/// Keeps all mail in from now on; a pause that is there stays as it is. What a worker has in hand still leaves.
pub fn pause(
    conn: &mut Conn,
    actor: Option<&Actor>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Standing, Error> {
    allow(actor)?;
    if service_state::pause_outbox(conn, reason, now)? {
        tracing::warn!(reason, by = ?actor.map(|actor| actor.id), "the outbox was paused");
    }
    standing(conn, actor)
}

/// Lets mail out again; returns how many notices were discarded.
///
/// # Errors
/// `outbox_not_paused`; `outbox_waits` while notices wait and it was not said what becomes of them.
pub fn resume(
    conn: &mut Conn,
    actor: Option<&Actor>,
    waiting: Option<Waiting>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let standing = standing(conn, actor)?;
    if standing.pause.is_none() {
        return Err(Error::Conflict("outbox_not_paused"));
    }
    let discarded = match waiting {
        None if standing.backlog.waiting > 0 => return Err(Error::Conflict("outbox_waits")),
        None | Some(Waiting::SendAll) => 0,
        Some(Waiting::DiscardBefore(before)) => outbox::discard_queued_before(
            conn,
            before,
            "discarded when the outbox was taken up again",
            now,
        )?,
    };
    service_state::resume_outbox(conn)?;
    tracing::warn!(discarded, by = ?actor.map(|actor| actor.id), "the outbox was taken up again");
    Ok(discarded)
}

fn allow(actor: Option<&Actor>) -> Result<(), Error> {
    if actor.is_none_or(policy::may_administer_mail) {
        Ok(())
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}
