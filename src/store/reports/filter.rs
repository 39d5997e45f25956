//! What a list of reports may show, and what it is limited to.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::code::Code;
use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::domain::report::Verdict;
use crate::domain::status::{Phase, Status};
use crate::store::reports::{Facet, Party};
use crate::store::types::Coded;

/// Whose reports a list may show.
#[derive(Debug, Clone, Default)]
pub struct Visible {
    /// Everything but others' drafts.
    pub desk: bool,
    /// Everything that is neither a draft nor confidential.
    pub unpublished: bool,
    /// What this organisation has as one of these.
    pub organisation: Option<OrganisationId>,
    pub parties: Vec<Party>,
}

impl Visible {
    /// Whether little is hidden.
    pub(super) fn sees_most(&self) -> bool {
        self.desk || self.unpublished
    }

    /// The organisation, where nothing is shown but what it has.
    pub(super) fn own(&self) -> Option<OrganisationId> {
        let own = !self.sees_most() && !self.parties.is_empty();
        self.organisation.filter(|_| own)
    }
}

/// What a list is limited to; empty lists limit nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Vec<Status>,
    pub phase: Vec<Phase>,
    pub authority: Vec<OrganisationId>,
    pub submitter: Vec<OrganisationId>,
    pub external_reference: Option<String>,
    pub reference: Option<String>,
    pub updated_since: Option<DateTime<Utc>>,
    /// Those that somebody watches, or does not.
    pub watching: Option<(PrincipalId, bool)>,
    pub facets: Vec<(Facet, Vec<String>)>,
    pub deadline: DeadlineFilter,
    /// Whether the coordinator was called in.
    pub escalated: Option<bool>,
    pub assignee: Option<AssigneeFilter>,
    pub feedback: Vec<Verdict>,
    /// One of these; none for any.
    pub among: Option<Vec<ReportId>>,
}

/// Where the next deadline stands on a day.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeadlineFilter {
    pub today: NaiveDate,
    /// The day on which it nears its end has come, and the last day has not passed.
    pub nearing: Option<bool>,
    /// The last day has passed.
    pub overdue: Option<bool>,
}

/// Who works on it.
#[derive(Debug, Clone, Copy)]
pub enum AssigneeFilter {
    /// This person.
    Is(PrincipalId),
    /// Nobody of this organisation.
    NobodyOf(OrganisationId),
}

impl Filter {
    /// Whether it names the reports, or nearly.
    pub(super) fn is_direct(&self) -> bool {
        self.external_reference.is_some() || self.reference.is_some() || self.among.is_some()
    }

    /// The statuses that fit; of a phase those that may lie in it too, and nothing is due of what is closed. None when all
    /// do.
    pub(super) fn statuses(&self) -> Option<Vec<Coded<Status>>> {
        let due = self.deadline.nearing == Some(true) || self.deadline.overdue == Some(true);
        if self.status.is_empty() && self.phase.is_empty() && !due {
            return None;
        }
        // Who is asked for information may be so in any phase.
        let in_phase = |status: &Status| {
            self.phase.is_empty()
                || *status == Status::InformationRequested
                || self.phase.contains(&status.phase(None))
        };
        let fits = |status: &Status| self.status.is_empty() || self.status.contains(status);
        let all = Status::ALL.iter().copied();
        Some(
            all.filter(|one| fits(one) && in_phase(one) && (one.is_open() || !due))
                .map(Coded)
                .collect(),
        )
    }

    /// Whether it is limited by more than what reports are about and how far they are.
    pub(super) fn asks_beyond_about(&self) -> bool {
        !self.authority.is_empty()
            || !self.submitter.is_empty()
            || self.updated_since.is_some()
            || self.watching.is_some()
            || self.deadline.nearing.is_some()
            || self.deadline.overdue.is_some()
            || self.escalated.is_some()
            || self.assignee.is_some()
            || !self.feedback.is_empty()
    }

    /// Whether what fits was sent in.
    pub(super) fn excludes_drafts(&self) -> bool {
        let drafts = |fitting: Vec<Coded<Status>>| fitting.iter().any(|one| one.0 == Status::Draft);
        self.statuses().is_some_and(|fitting| !drafts(fitting))
    }

    /// The same, of some reports alone.
    pub(super) fn among(&self, reports: Vec<ReportId>) -> Filter {
        Filter {
            among: Some(reports),
            ..self.clone()
        }
    }

    /// The same, of one status alone.
    pub(super) fn of_status(&self, status: Status) -> Filter {
        let mut of_status = self.clone();
        of_status.status = vec![status];
        if status != Status::InformationRequested {
            // What has it lies in its phase.
            of_status.phase.clear();
        }
        of_status
    }

    /// Whether it filters on what the progress view of a report does not show.
    pub fn asks_beyond_progress(&self) -> bool {
        !self.submitter.is_empty()
            || self.external_reference.is_some()
            || self.deadline.nearing.is_some()
            || self.deadline.overdue.is_some()
            || self.escalated.is_some()
            || self.assignee.is_some()
            || !self.feedback.is_empty()
            || self.among.is_some()
            || self.facets.iter().any(|(_, values)| !values.is_empty())
    }
}
