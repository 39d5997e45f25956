//! Taking up the next report: the most urgent one that nobody of one's organisation works on.

use crate::domain::actor::{Actor, Role};
use crate::domain::policy;
use crate::domain::report::Report;
use crate::domain::status::{Action, Status};
use crate::domain::workflow::Input;
use crate::services::idempotency::{self, Answer, Key};
use crate::services::reports::{Shown, show};
use crate::services::transitions::{self, Request};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::reports::{self, AssigneeFilter, Filter, Party, Sort, Visible};

/// How many are tried, when others take them up at the same moment.
const TRIES: i64 = 10;

/// Assigns the most urgent report to the actor: of those its authority leads, then, for the desk, of those that wait to be
/// routed. `render` gets none when nothing waits.
///
/// # Errors
/// `Forbidden` for who is neither liaison nor desk, and for a machine, which works on nothing itself.
pub async fn next<F>(
    context: &Context,
    actor: Actor,
    key: Option<Key>,
    render: F,
) -> Result<Answer, Error>
where
    F: Fn(Option<&Shown>) -> Answer + Send + 'static,
{
    if !policy::may_claim(&actor) {
        return Err(Error::Forbidden("not_allowed"));
    }
    let ctx = context.clone();
    context
        .db
        .write(move |conn| {
            let now = ctx.clock.now();
            idempotency::once(conn, actor.id, key.as_ref(), now, |conn| {
                let Some(report) = claim(conn, &ctx, &actor)? else {
                    return Ok(render(None));
                };
                Ok(render(Some(&show(conn, &ctx, &actor, report)?)))
            })
        })
        .await
}

fn claim(conn: &mut Conn, ctx: &Context, actor: &Actor) -> Result<Option<Report>, Error> {
    let nobody = Some(AssigneeFilter::NobodyOf(actor.home.id));
    let mut queues = Vec::new();
    if actor.has(Role::Liaison) {
        let led = Visible {
            organisation: Some(actor.home.id),
            parties: vec![Party::Lead],
            ..Visible::default()
        };
        let filter = Filter {
            status: vec![
                Status::Routed,
                Status::InReview,
                Status::PositionTaken,
                Status::InImplementation,
            ],
            authority: vec![actor.home.id],
            assignee: nobody,
            ..Filter::default()
        };
        queues.push((led, filter));
    }
    if actor.is_desk() {
        let all = Visible {
            desk: true,
            ..Visible::default()
        };
        let filter = Filter {
            status: vec![Status::Submitted],
            assignee: nobody,
            ..Filter::default()
        };
        queues.push((all, filter));
    }
    for (visible, filter) in queues {
        let waiting = reports::list(conn, &visible, &filter, Sort::Urgency, None, TRIES)?;
        for report in waiting {
            let request = Request {
                action: Action::Assign,
                input: Input::default(),
                citations: None,
                municipalities: None,
                assignee: None,
                advice: None,
            };
            let now = ctx.clock.now();
            match transitions::transition(conn, ctx, actor, report.id, report.version, request, now)
            {
                // Somebody else was a moment earlier: the next one.
                Err(Error::Stale) => {}
                claimed => return claimed.map(Some),
            }
        }
    }
    Ok(None)
}
