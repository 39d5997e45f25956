//! What an administrator sees of the outbox, and sending again what was given up or discarded. No content: only where it stands.

use crate::domain::actor::Actor;
use crate::domain::id::NoticeId;
use crate::domain::notice::NoticeState;
use crate::domain::policy;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::outbox::{self, Notice};

/// Notices in these states, newest first; one more than `limit`, so that the caller sees whether more follow.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    states: &[NoticeState],
    before: Option<NoticeId>,
    limit: i64,
) -> Result<Vec<Notice>, Error> {
    allow(actor)?;
    Ok(outbox::list(conn, states, before, limit + 1)?)
}

/// One notice.
pub fn find(conn: &mut Conn, actor: &Actor, id: NoticeId) -> Result<Notice, Error> {
    allow(actor)?;
    outbox::find(conn, id)?.ok_or(Error::NotFound)
}

/// Has a notice that was given up sent again, with the Message-ID it had.
pub fn resend(
    conn: &mut Conn,
    ctx: &Context,
    actor: &Actor,
    id: NoticeId,
) -> Result<Notice, Error> {
    let notice = find(conn, actor, id)?;
    match notice.state {
        NoticeState::Queued => return Err(Error::Conflict("still_queued")),
        NoticeState::Sent => return Err(Error::Conflict("already_sent")),
        NoticeState::Dead | NoticeState::Discarded => {}
    }
    // Somebody else was first when the version is another by now.
    outbox::requeue(conn, id, notice.version, ctx.clock.now())?
        .ok_or(Error::Conflict("still_queued"))
}

fn allow(actor: &Actor) -> Result<(), Error> {
    if policy::may_administer_mail(actor) {
        Ok(())
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}
