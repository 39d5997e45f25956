//! Handing in many reports at once: each is idempotent by itself, by a key of its own or by the sender's case number.

use crate::domain::actor::Actor;
use crate::domain::policy;
use crate::domain::report::Report;
use crate::services::bulk::{self, Results};
use crate::services::idempotency::{self, Answer, Key};
use crate::services::reports::submit::{self, NewReport, Prepared};
use crate::services::reports::{Shown, show};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::reports;

/// One of many.
#[derive(Debug)]
pub struct Item {
    pub new: NewReport,
    pub key: Option<Key>,
}

/// Takes reports in, several a transaction; a fault of one does not harm the others. One that is there already, by its
/// sender's case number, is given as it is (`render` is told that it was there).
///
/// # Errors
/// When the database cannot be read; what is wrong with one stands in its place.
pub async fn submit<F>(
    context: &Context,
    actor: Actor,
    items: Vec<Result<Item, Error>>,
    render: F,
) -> Result<Results<Answer>, Error>
where
    F: Fn(&Shown, bool) -> Answer + Clone + Send + 'static,
{
    let (ctx, reader, told) = (context.clone(), actor.clone(), render.clone());
    // What takes looking up happens before the transactions.
    let prepared = context
        .db
        .read(move |conn| {
            let prepare = |item: Result<Item, Error>| {
                let item = item?;
                if let Some(there) = existing(conn, &reader, &item.new)? {
                    return Ok((
                        Prepared::Answered(told(&show(conn, &ctx, &reader, there)?, true)),
                        None,
                    ));
                }
                let prepared = submit::look_up(conn, &ctx, &reader, &item.new, item.key.as_ref())?;
                Ok((prepared, Some(item)))
            };
            Ok::<_, Error>(
                items
                    .into_iter()
                    .map(prepare)
                    .collect::<Vec<Result<_, Error>>>(),
            )
        })
        .await?;
    let ctx = context.clone();
    Ok(bulk::each(context, prepared, move |conn, prepared| {
        let (report, course, item) = match prepared? {
            (Prepared::Answered(answer), _) => return Ok(answer),
            (Prepared::Report(report), item) => (report.0, report.1, item),
        };
        let key = item.as_ref().and_then(|item| item.key.as_ref());
        idempotency::once(conn, actor.id, key, ctx.clock.now(), |conn| {
            // One before it in the same call, or another call meanwhile, may have had the same case number.
            let there = item.as_ref().map(|item| existing(conn, &actor, &item.new));
            if let Some(there) = there.transpose()?.flatten() {
                return Ok(render(&show(conn, &ctx, &actor, there)?, true));
            }
            let report = submit::take_in(conn, &ctx, &actor, report, course)?;
            Ok(render(&show(conn, &ctx, &actor, report)?, false))
        })
    })
    .await)
}

/// The report that the sender's case number names.
fn existing(conn: &mut Conn, actor: &Actor, new: &NewReport) -> Result<Option<Report>, Error> {
    let submitter = new.on_behalf_of.unwrap_or(actor.home.id);
    match new
        .changes
        .external_reference
        .as_ref()
        .and_then(Option::as_ref)
    {
        Some(reference) => Ok(reports::by_external_reference(conn, submitter, reference)?
            .filter(|report| policy::view(actor, report).is_some())),
        None => Ok(None),
    }
}
