//! The orders of lists of reports, and the keys that pages go on from.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel::prelude::*;

use crate::domain::code::code_list;
use crate::domain::id::ReportId;
use crate::domain::report::Report;
use crate::store::db::MultiBackend;
use crate::store::keyset::ordered;
use crate::store::portions::Key;
use crate::store::reports::row::{NOTHING_DUE, urgency};
use crate::store::schema::reports;
use crate::store::types::Instant;

code_list! {
    /// Order of the list; a minus turns it round (Dutch: sortering).
    pub enum Sort {
        Submitted = "submitted",
        SubmittedDescending = "-submitted",
        Updated = "updated",
        UpdatedDescending = "-updated",
        Due = "due",
        DueDescending = "-due",
        /// What is escalated first, then what is due first.
        Urgency = "urgency",
        /// What fits the words of `q` best first.
        Relevance = "relevance",
    }
}

impl Sort {
    /// Whether the order shows what is due.
    pub fn by_due(self) -> bool {
        matches!(self, Sort::Due | Sort::DueDescending | Sort::Urgency)
    }

    /// Whether it is that of the days on which reports are due.
    pub(super) fn by_day(self) -> bool {
        matches!(self, Sort::Due | Sort::DueDescending)
    }

    pub(super) fn by_filing(self) -> bool {
        matches!(self, Sort::Submitted | Sort::SubmittedDescending)
    }

    pub(super) fn by_update(self) -> bool {
        matches!(self, Sort::Updated | Sort::UpdatedDescending)
    }
}

/// The key of the last row of a page.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub enum After {
    At(DateTime<Utc>, ReportId),
    On(NaiveDate, ReportId),
    /// How well it fits.
    Fit(f64, ReportId),
}

impl After {
    /// Whether the key is one of this order's.
    pub fn fits(&self, sort: Sort) -> bool {
        // Years that both databases hold: a cursor of ours has no other.
        let years = 1..=9999;
        match self {
            After::At(at, _) => {
                !sort.by_due() && sort != Sort::Relevance && years.contains(&at.year())
            }
            After::On(day, _) => sort.by_due() && years.contains(&day.year()),
            After::Fit(fit, _) => sort == Sort::Relevance && fit.is_finite(),
        }
    }

    pub(super) fn at(&self) -> Option<Key<Instant>> {
        match self {
            After::At(at, id) => Some((Instant(*at), *id)),
            After::On(..) | After::Fit(..) => None,
        }
    }

    pub(super) fn day(&self) -> Option<Key<NaiveDate>> {
        match self {
            After::On(day, id) => Some((*day, *id)),
            After::At(..) | After::Fit(..) => None,
        }
    }
}

/// The key of a report in this order.
pub fn key(sort: Sort, report: &Report) -> After {
    match sort {
        Sort::Submitted | Sort::SubmittedDescending => {
            After::At(report.submitted_at.unwrap_or(report.created_at), report.id)
        }
        Sort::Updated | Sort::UpdatedDescending => After::At(report.updated_at, report.id),
        Sort::Due | Sort::DueDescending => {
            After::On(report.due_on().unwrap_or(NOTHING_DUE), report.id)
        }
        Sort::Urgency => After::On(urgency(report), report.id),
        // How well it fits is known to who searched.
        Sort::Relevance => After::Fit(0.0, report.id),
    }
}

/// In the order asked for, from after a key on.
pub(super) fn in_sort(
    query: reports::BoxedQuery<'static, MultiBackend>,
    sort: Sort,
    after: Option<&After>,
) -> reports::BoxedQuery<'static, MultiBackend> {
    let (at, day) = (after.and_then(After::at), after.and_then(After::day));
    match sort {
        Sort::Submitted => ordered!(query, reports::filed_at, reports::id, at, ascending),
        Sort::SubmittedDescending => {
            ordered!(query, reports::filed_at, reports::id, at, descending)
        }
        Sort::Updated => ordered!(query, reports::updated_at, reports::id, at, ascending),
        Sort::UpdatedDescending => {
            ordered!(query, reports::updated_at, reports::id, at, descending)
        }
        // In an order of its own, whoever asks for ids alone.
        Sort::Relevance => query,
        Sort::Urgency => ordered!(query, reports::urgency, reports::id, day, ascending),
        Sort::Due => ordered!(query, reports::due_key, reports::id, day, ascending),
        Sort::DueDescending => ordered!(query, reports::due_key, reports::id, day, descending),
    }
}
