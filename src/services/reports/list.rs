//! Lists of reports: what the actor may see, filtered and sorted. Two statements, whatever the page holds, and some more
//! when words are looked up.

use crate::domain::actor::{Actor, Role};
use crate::domain::deadline::local_date;
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::policy;
use crate::domain::workflow;
use crate::services::reports::{Shown, load_organisations, search};
use crate::services::{Context, Error};
use crate::store::reports::{self, After, Filter, Party, Sort, Visible};

/// A page of reports; one row more than `limit` when there is a next page.
pub async fn page(
    context: &Context,
    actor: Actor,
    words: Option<String>,
    mut filter: Filter,
    sort: Sort,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Shown>, Error> {
    let ctx = context.clone();
    context
        .db
        .read(move |conn| {
            let searched = words
                .map(|words| search::find(conn, &actor, &words))
                .transpose()?;
            filter.among = searched.as_ref().map(search::Found::ids);
            let visible = visible(&actor, &filter, sort);
            let (after, more) = (after.as_ref(), limit + 1);
            let found = match &searched {
                Some(searched) if sort == Sort::Relevance => {
                    search::page(conn, searched, &visible, &filter, after, more)?
                }
                _ => reports::list(conn, &visible, &filter, sort, after, more)?,
            };
            let messages = match &searched {
                Some(searched) => {
                    let ids: Vec<ReportId> = found.iter().map(|report| report.id).collect();
                    search::messages_of(conn, searched, &ids)?
                }
                None => Vec::new(),
            };
            let named = found.iter().flat_map(|report| {
                std::iter::once(report.submitter)
                    .chain(report.lead)
                    .collect::<Vec<OrganisationId>>()
            });
            let organisations = load_organisations(conn, named)?;
            let now = ctx.clock.now();
            let shown = found.into_iter().filter_map(|report| {
                // What the query lets through, the policy has the last word on.
                let view = policy::view(&actor, &report)?;
                let of_report =
                    |id: &OrganisationId| organisations.get(id).map(|found| (*id, found.clone()));
                Some(Shown {
                    organisations: std::iter::once(&report.submitter)
                        .chain(&report.lead)
                        .filter_map(of_report)
                        .collect(),
                    actions: workflow::available(&actor, &report, now),
                    today: local_date(now),
                    internal: policy::sees_internal(&actor, &report),
                    fit: searched.as_ref().map_or(0.0, |found| found.fit(report.id)),
                    highlights: match &searched {
                        Some(found) if view.is_full() => {
                            search::highlights(&actor, &report, &found.query, &messages)
                        }
                        _ => Vec::new(),
                    },
                    view,
                    report,
                })
            });
            Ok(shown.collect())
        })
        .await
}

/// What `policy::view` grants, in the terms of a query. A filter or an order by what the progress view hides finds
/// nothing that is seen by it alone: it would tell what it hides.
fn visible(actor: &Actor, filter: &Filter, sort: Sort) -> Visible {
    let mut visible = visible_in_full(actor);
    let follows = actor.has(Role::Reporter) || actor.has(Role::Liaison);
    if follows && !(filter.asks_beyond_progress() || sort.by_due()) {
        visible.parties.push(Party::Follower);
    }
    visible
}

/// As `visible`, without what is seen by the progress view alone.
pub fn visible_in_full(actor: &Actor) -> Visible {
    let mut parties = Vec::new();
    if actor.has(Role::Reporter) {
        parties.push(Party::Reporter);
    }
    if actor.has(Role::Liaison) {
        parties.extend([Party::Lead, Party::Contributor]);
    }
    Visible {
        desk: actor.is_desk(),
        unpublished: policy::reads_unpublished(actor),
        organisation: Some(actor.home.id),
        parties,
    }
}
