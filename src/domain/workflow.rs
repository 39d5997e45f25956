//! What a transition does to a report: its guards, the new state and the clocks. The rows stand in `status`; here is the rest.

mod change;
mod checks;
mod ties;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::actor::Actor;
use crate::domain::code::Code;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::id::{MeasureId, OrganisationId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::policy;
use crate::domain::publication::Publication;
use crate::domain::release;
use crate::domain::report::{
    Advice, Assignee, Cited, Confidentiality, MeasureKind, Outcome, Report, Verdict,
};
use crate::domain::sharing::ShareAudience;
use crate::domain::status::{Action, Capacity, Field, Transition, legal};

pub use change::{keep_time, raise, route_by_rule};
pub use checks::{check_fields, missing_for_submission};
pub use ties::{merge_into, reopen_through, settle_through, take_over, unmerge_from};

/// The values of a transition, already parsed and known to exist.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub lead: Option<OrganisationId>,
    pub contributors: Option<Vec<OrganisationId>>,
    pub explanation: Option<String>,
    pub outcome: Option<Outcome>,
    pub public_explanation: Option<String>,
    pub reason: Option<String>,
    pub suggested_authority: Option<OrganisationId>,
    pub question: Option<String>,
    pub answer: Option<String>,
    pub measure: Option<MeasureInput>,
    pub merge_into: Option<ReportId>,
    /// The reviewed version to release.
    pub audience: Option<ShareAudience>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub publication: Option<Publication>,
    pub room: Option<String>,
    pub decision_reference: Option<String>,
    pub confidentiality: Option<Confidentiality>,
    pub citations: Option<Vec<Cited>>,
    pub domains: Option<Vec<String>>,
    /// The affected places with what is derived from them.
    pub places: Option<Places>,
    /// The organisation of whoever acts.
    pub organisation: Option<OrganisationId>,
    /// Who is to work on it there.
    pub assignee: Option<Assignee>,
    /// Somebody was named where nobody is assigned.
    pub assignee_given: bool,
    pub advice: Option<Advice>,
    /// How the reporter agreed to its report travelling further.
    pub consent: Option<String>,
    /// The profile to move to is the one given to `apply`; here is that it was named.
    pub deadline_profile: Option<String>,
    pub verdict: Option<Verdict>,
    pub remark: Option<String>,
    /// Feedback that asks for reopening in the same step.
    pub request_reopening: bool,
}

/// A new measure, or with an `id` the change of one.
#[derive(Debug, Clone)]
pub struct MeasureInput {
    pub id: Option<MeasureId>,
    /// It stands in a register of its own, and may be new to the report.
    pub registered: bool,
    pub kind: MeasureKind,
    pub owner: String,
    pub target_date: NaiveDate,
    pub result: Option<String>,
}

/// Affected municipalities and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    pub municipalities: Vec<String>,
    pub provinces: Vec<String>,
    pub regions: Vec<String>,
}

/// Why a transition is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The action is not open to this actor in this status; the legal ones are told.
    Illegal,
    /// A guard stands in the way; the code says which.
    Guard(&'static str),
    Invalid(Vec<FieldError>),
}

impl Input {
    /// The fields that were given.
    pub fn given(&self) -> Vec<Field> {
        let given = [
            (Field::Lead, self.lead.is_some()),
            (Field::Contributors, self.contributors.is_some()),
            (Field::Explanation, self.explanation.is_some()),
            (Field::Outcome, self.outcome.is_some()),
            (Field::PublicExplanation, self.public_explanation.is_some()),
            (Field::Reason, self.reason.is_some()),
            (
                Field::SuggestedAuthority,
                self.suggested_authority.is_some(),
            ),
            (Field::Question, self.question.is_some()),
            (Field::Answer, self.answer.is_some()),
            (Field::Measure, self.measure.is_some()),
            (Field::MergeInto, self.merge_into.is_some()),
            (Field::Audience, self.audience.is_some()),
            (Field::Title, self.title.is_some()),
            (Field::Summary, self.summary.is_some()),
            (Field::Publication, self.publication.is_some()),
            (Field::Room, self.room.is_some()),
            (Field::DecisionReference, self.decision_reference.is_some()),
            (Field::Confidentiality, self.confidentiality.is_some()),
            (Field::Regulations, self.citations.is_some()),
            (Field::Domains, self.domains.is_some()),
            (Field::Municipalities, self.places.is_some()),
            (
                Field::Assignee,
                self.assignee.is_some() || self.assignee_given,
            ),
            (Field::Advice, self.advice.is_some()),
            (Field::Consent, self.consent.is_some()),
            (Field::DeadlineProfile, self.deadline_profile.is_some()),
            (Field::Verdict, self.verdict.is_some()),
            (Field::Remark, self.remark.is_some()),
            (Field::RequestReopening, self.request_reopening),
        ];
        given
            .into_iter()
            .filter_map(|(field, given)| given.then_some(field))
            .collect()
    }
}

/// What the actor may do with the report now: the rows of the table whose guards do not depend on what is sent.
pub fn available(actor: &Actor, report: &Report, now: DateTime<Utc>) -> Vec<&'static Transition> {
    let capacities = policy::capacities(actor, report);
    let mut open: Vec<&'static Transition> = legal(report.status, &capacities)
        .filter(|row| {
            acting_as(row, &capacities, report).is_some() && checks::guard(row, report, now).is_ok()
        })
        .collect();
    // Who may settle as desk and as lead sees it once.
    open.dedup_by_key(|row| row.action);
    open
}

/// The row of an action for this actor, and as whom it acts.
pub fn find(
    actor: &Actor,
    report: &Report,
    action: Action,
) -> Result<(&'static Transition, Capacity), Refusal> {
    let capacities = policy::capacities(actor, report);
    legal(report.status, &capacities)
        .filter(|row| row.action == action)
        .find_map(|row| Some((row, acting_as(row, &capacities, report)?)))
        .ok_or(Refusal::Illegal)
}

/// The first capacity of the row that the actor has and that fits the report.
fn acting_as(row: &Transition, capacities: &[Capacity], report: &Report) -> Option<Capacity> {
    let asked_as = report
        .handling
        .question
        .as_ref()
        .map(|question| question.asked_as);
    row.by
        .iter()
        .copied()
        .filter(|by| capacities.contains(by))
        .find(|by| match row.action {
            // A contested report is routed by a coordinator alone.
            Action::Route | Action::Reroute if report.contested => *by == Capacity::Coordinator,
            Action::Submit => {
                (*by == Capacity::Reporter) != report.on_behalf || *by == Capacity::Reporter
            }
            // Whoever asked goes on: the desk where the desk asked, the lead where the lead did.
            Action::ContinueWithoutAnswer => {
                asked_as.is_some_and(|asked| (asked == Capacity::Lead) == (*by == Capacity::Lead))
            }
            _ => true,
        })
}

/// Makes a transition: checks fields and guards and returns the report as it then is. What a merge asks of the other report
/// is checked by `merge_into`. Clocks that start run by the profile.
pub fn apply(
    report: &Report,
    row: &'static Transition,
    capacity: Capacity,
    input: &Input,
    profile: &DeadlineProfile,
    now: DateTime<Utc>,
) -> Result<Report, Refusal> {
    let mut errors = check_fields(row.action, &input.given());
    errors.retain(|error| {
        error.code != "required"
            || row
                .required
                .iter()
                .any(|f| error.pointer[1..] == *f.as_str())
    });
    errors.extend(checks::check_values(report, row, capacity, input));
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    checks::guard(row, report, now)?;
    let mut next = report.clone();
    if matches!(capacity, Capacity::Desk | Capacity::Coordinator) && row.action != Action::Submit {
        next.handling.taken_up = true;
    }
    change::change(&mut next, row, capacity, input, now);
    change::keep_time(&mut next, row.action.into(), capacity, profile, now);
    release::limit(&mut next, now);
    next.updated_at = now;
    next.version += 1;
    Ok(next)
}
