//! The reporter changes what it wrote, or throws a draft away.

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::event::{Correction, Details, EventKind};
use crate::domain::id::ReportId;
use crate::domain::policy;
use crate::domain::release;
use crate::domain::report::{Cited, Confidentiality, Content, Report};
use crate::domain::status::{Capacity, Status};
use crate::domain::workflow;
use crate::services::attachments::tidy;
use crate::services::recording::{self, Step};
use crate::services::reports::content::{self, Changes};
use crate::services::reports::{Shown, show};
use crate::services::{Context, Error, deadline_profiles, routing};
use crate::store::db::{Conn, is_unique_violation};
use crate::store::{attachments, reports};

/// Applies the reporter's changes. While no person has routed the report, routing is tried again.
///
/// # Errors
/// `NotFound`, `Stale`, `Conflict` when it is no longer the reporter's to change, `Invalid` for faulty values.
pub async fn change(
    context: &Context,
    actor: Actor,
    id: ReportId,
    version: i32,
    changes: Changes,
) -> Result<Shown, Error> {
    let ctx = context.clone();
    context
        .db
        .write(move |conn| {
            let before = own(conn, &actor, id, version)?;
            if !before.is_editable() {
                return Err(Error::Conflict("not_editable"));
            }
            let now = ctx.clock.now();
            let today = local_date(now);
            let mut after = before.clone();
            after.content = content::apply(conn, &before.content, &changes, today)?;
            if let Some(reference) = &changes.external_reference {
                after.external_reference.clone_from(reference);
            }
            if let Some(wanted) = changes.confidentiality {
                // Once submitted it may only become narrower: others may have read it by then.
                if before.status != Status::Draft && wanted < before.confidentiality {
                    return Err(Error::field("/confidentiality", "not_narrower"));
                }
                after.confidentiality = wanted;
            }
            let missing = if after.status == Status::Draft {
                Vec::new()
            } else {
                workflow::missing_for_submission(&after)
            };
            if !missing.is_empty() {
                return Err(Error::Invalid(missing));
            }
            release::limit(&mut after, now);
            let mut corrections = differences(&before, &after);
            if corrections.is_empty() {
                return show(conn, &ctx, &actor, before);
            }
            after.updated_at = now;
            after.version += 1;
            // What was taken out of a draft before it was sent is nobody's business.
            if before.status == Status::Draft {
                corrections.clear();
            }
            let capacities = policy::capacities(&actor, &before);
            let capacity = capacities.first().copied().unwrap_or(Capacity::Reporter);
            let changed = Step::by(&actor, capacity, &before, &after, EventKind::Changed, now)
                .with(Details {
                    corrections,
                    ..Details::default()
                });
            let mut steps = vec![changed];
            if after.status != Status::Draft && after.lead.is_none() {
                let routing =
                    routing::evaluate(conn, &ctx, &after.content, after.submitter, today)?;
                let profile = deadline_profiles::of_report(conn, &after)?;
                steps.extend(routing::follow_rules(&mut after, routing, &profile, now));
            }
            update(conn, &before, &after)?;
            recording::record(conn, &ctx, &steps)?;
            show(conn, &ctx, &actor, after)
        })
        .await
}

/// Deletes a draft with all that hangs on it.
///
/// # Errors
/// `NotFound`, `Stale`, `Conflict` when it is no draft.
pub async fn delete_draft(
    context: &Context,
    actor: Actor,
    id: ReportId,
    version: i32,
) -> Result<(), Error> {
    let attached = context
        .db
        .write(move |conn| {
            let report = own(conn, &actor, id, version)?;
            if report.status != Status::Draft {
                return Err(Error::Conflict("not_a_draft"));
            }
            let attached = attachments::of_report(conn, id)?;
            if reports::delete(conn, &report)? {
                Ok(attached)
            } else {
                Err(Error::Stale)
            }
        })
        .await?;
    // Without their rows these bytes are nobody's; what is not taken away now tidying does.
    let attached: Vec<_> = attached.into_iter().map(|one| (id, one)).collect();
    tidy::remove(context, &attached).await;
    Ok(())
}

/// Loads a report that the actor may change as its reporter, or as the desk that entered it.
fn own(conn: &mut Conn, actor: &Actor, id: ReportId, version: i32) -> Result<Report, Error> {
    let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
    policy::view(actor, &report).ok_or(Error::NotFound)?;
    let capacities = policy::capacities(actor, &report);
    let entered = report.on_behalf
        && (capacities.contains(&Capacity::Desk) || capacities.contains(&Capacity::Coordinator));
    if !capacities.contains(&Capacity::Reporter) && !entered {
        return Err(Error::Forbidden("not_allowed"));
    }
    if report.version != version {
        return Err(Error::Stale);
    }
    Ok(report)
}

/// Writes a changed report that nobody else has changed since.
pub fn update(conn: &mut Conn, before: &Report, after: &Report) -> Result<(), Error> {
    let written = reports::update(conn, before, after).map_err(|error| {
        if is_unique_violation(&error) {
            Error::Conflict("external_reference_taken")
        } else {
            error.into()
        }
    })?;
    if written { Ok(()) } else { Err(Error::Stale) }
}

/// What differs between two versions, as old and new.
pub fn differences(before: &Report, after: &Report) -> Vec<Correction> {
    let one = |text: &str| vec![text.to_owned()];
    let optional = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
    let cited = |content: &Content| {
        content
            .citations
            .iter()
            .map(Cited::label)
            .collect::<Vec<_>>()
    };
    let contact = |content: &Content| {
        content
            .contact
            .iter()
            .map(|contact| format!("{} <{}>", contact.name, contact.email))
            .collect::<Vec<_>>()
    };
    let requested = |content: &Content| {
        content
            .requested
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let confidentiality = |value: Confidentiality| one(&value.to_string());
    let (old, new) = (&before.content, &after.content);
    let fields: [(&str, Vec<String>, Vec<String>); 12] = [
        ("title", one(&old.title), one(&new.title)),
        ("description", one(&old.description), one(&new.description)),
        ("effect", one(&old.effect), one(&new.effect)),
        (
            "proposedSolution",
            optional(&old.proposed_solution),
            optional(&new.proposed_solution),
        ),
        ("regulations", cited(old), cited(new)),
        ("domains", old.domains.clone(), new.domains.clone()),
        (
            "municipalities",
            old.municipalities.clone(),
            new.municipalities.clone(),
        ),
        ("provinces", old.provinces.clone(), new.provinces.clone()),
        ("requested", requested(old), requested(new)),
        ("contact", contact(old), contact(new)),
        (
            "confidentiality",
            confidentiality(before.confidentiality),
            confidentiality(after.confidentiality),
        ),
        (
            "externalReference",
            optional(&before.external_reference),
            optional(&after.external_reference),
        ),
    ];
    fields
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(field, old, new)| Correction {
            field: field.into(),
            old,
            new,
        })
        .collect()
}
