//! The values of a transition: what they name is found, and every one that is not there is told.

use chrono::{DateTime, Utc};

use crate::domain::actor::{Actor, PrincipalKind, Role};
use crate::domain::deadline::local_date;
use crate::domain::id::{OrganisationId, PrincipalId};
use crate::domain::invalid::FieldError;
use crate::domain::report::{Advice, Assignee, Report};
use crate::domain::status::{Action, Capacity};
use crate::domain::workflow::{Input, Places};
use crate::services::reports::content::{self};
use crate::services::transitions::Request;
use crate::services::{Error, measures};
use crate::store::db::Conn;
use crate::store::{self, organisations, principals};

/// Who is to work on it: somebody of the actor's own organisation that may, itself unless said.
fn assignee(
    conn: &mut Conn,
    actor: &Actor,
    capacity: Capacity,
    wanted: Option<PrincipalId>,
    now: DateTime<Utc>,
) -> Result<Result<Assignee, FieldError>, Error> {
    let fault = |code| Ok(Err(FieldError::new("/assignee", code)));
    let desk = matches!(capacity, Capacity::Desk | Capacity::Coordinator);
    let (id, name) = match wanted {
        // A machine does not work on a report; somebody has to be named.
        None if actor.kind == PrincipalKind::Client => return fault("required"),
        None => (actor.id, actor.name.clone()),
        Some(id) => {
            let found = principals::find(conn, id)?.filter(|person| {
                person.organisation == actor.home.id
                    && person.kind == PrincipalKind::Person
                    && person.ended_at.is_none()
            });
            let Some(person) = found else {
                return fault("unknown_person");
            };
            let may = |role| person.roles.contains(&role);
            let able = if desk {
                may(Role::Desk) || may(Role::Coordinator)
            } else {
                may(Role::Liaison)
            };
            if !able {
                return fault("person_without_role");
            }
            (person.id, person.name)
        }
    };
    Ok(Ok(Assignee {
        id,
        name,
        organisation: actor.home.id,
        desk,
        since: now,
    }))
}

/// Finds what the values name; every one that is not there is told.
pub(super) fn look_up(
    conn: &mut Conn,
    actor: &Actor,
    capacity: Capacity,
    report: &Report,
    request: Request,
    now: DateTime<Utc>,
) -> Result<Input, Error> {
    let today = local_date(now);
    let mut input = request.input;
    let mut errors = authorities(conn, &input, now)?;
    if let Some(entries) = &request.citations {
        match content::cite(conn, entries, today)? {
            Ok(citations) => input.citations = Some(citations),
            Err(faults) => errors.extend(faults),
        }
    }
    if let Some(domains) = &input.domains {
        errors.extend(content::unknown_domains(conn, domains)?);
    }
    if let Some(codes) = &request.municipalities {
        let named = &report.content.named_provinces;
        match content::locate(conn, codes, named, today)? {
            Ok(places) if places == Places::default() => {
                errors.push(FieldError::new("/municipalities", "place_required"));
            }
            Ok(places) => input.places = Some(places),
            Err(faults) => errors.extend(faults),
        }
    }
    if let Some(measure) = &input.measure
        && measure.id.is_none()
        && measure.target_date < today
    {
        errors.push(FieldError::new("/measure/targetDate", "date_in_past"));
    }
    if let Some(measure) = &input.measure
        && let Some(id) = measure.id
    {
        errors.extend(measures::change_fault(conn, report, id, measure)?);
    }
    input.organisation = Some(actor.home.id);
    match request.action {
        Action::Assign => match assignee(conn, actor, capacity, request.assignee, now)? {
            Ok(found) => input.assignee = Some(found),
            Err(fault) => errors.push(fault),
        },
        Action::Unassign if report.assignee_at(actor.home.id).is_none() => {
            return Err(Error::Conflict("not_assigned"));
        }
        // A field that is not for this action is told by the workflow.
        _ if request.assignee.is_some() => input.assignee_given = true,
        _ => {}
    }
    input.advice = request.advice.map(|text| Advice {
        organisation: actor.home.id,
        name: actor.name.clone(),
        text,
        outcome: input.outcome,
        given_at: now,
    });
    if let Some(code) = &input.deadline_profile
        && store::deadline_profiles::current(conn, code)?.is_none()
    {
        errors.push(FieldError::new("/deadlineProfile", "unknown_profile"));
    }
    if errors.is_empty() {
        Ok(input)
    } else {
        Err(Error::Invalid(errors))
    }
}

/// Faults of organisations that cannot be an authority; one statement.
fn authorities(
    conn: &mut Conn,
    input: &Input,
    now: DateTime<Utc>,
) -> Result<Vec<FieldError>, Error> {
    let contributors = input.contributors.iter().flatten().enumerate();
    let named: Vec<(String, OrganisationId)> = input
        .lead
        .map(|lead| ("/lead".to_owned(), lead))
        .into_iter()
        .chain(
            input
                .suggested_authority
                .map(|suggested| ("/suggestedAuthority".to_owned(), suggested)),
        )
        .chain(contributors.map(|(at, contributor)| (format!("/contributors/{at}"), *contributor)))
        .collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<OrganisationId> = named.iter().map(|(_, id)| *id).collect();
    let found = organisations::by_ids(conn, &ids)?;
    let today = local_date(now);
    let fault = |(pointer, id): (String, OrganisationId)| {
        let code = match found.iter().find(|organisation| organisation.id == id) {
            None => "unknown_organisation",
            Some(organisation) if !organisation.owns_rules => "no_authority",
            Some(organisation) if !organisation.exists_on(today) => "ended_organisation",
            Some(_) => return None,
        };
        Some(FieldError::new(pointer, code))
    };
    Ok(named.into_iter().filter_map(fault).collect())
}
