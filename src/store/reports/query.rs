//! The query of a list of reports: by what it is read, what it is limited to, and who may see what.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::code::Code;
use crate::domain::report::Confidentiality;
use crate::domain::status::Status;
use crate::store::any_of::any_of;
use crate::store::db::MultiBackend;
use crate::store::passed::passed;
use crate::store::reports::filter::{AssigneeFilter, DeadlineFilter, Filter, Visible};
use crate::store::reports::order::{After, Sort, in_sort};
use crate::store::schema::{
    report_assignees, report_facets, report_parties, report_watchers, reports,
};
use crate::store::types::{Coded, Instant};

/// What all that a list meets has in common: it is read in its order from an index that begins with that, and passes what does
/// not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Submitter,
    LeadAndStatus,
    Lead,
    Status,
    Phase,
    Nothing,
}

impl By {
    pub(super) fn of(filter: &Filter, sort: Sort) -> By {
        let filed = sort.by_filing();
        let (lead, status) = (filter.authority.len() == 1, filter.status.len() == 1);
        if filter.is_direct() || sort == Sort::Relevance {
            By::Nothing
        } else if filter.submitter.len() == 1 && (filed || sort.by_update()) {
            By::Submitter
        } else if lead && status && filed {
            By::LeadAndStatus
        } else if lead {
            By::Lead
        } else if status {
            By::Status
        } else if filter.phase.len() == 1 && filter.status.is_empty() && (filed || sort.by_day()) {
            By::Phase
        } else {
            By::Nothing
        }
    }

    /// Whether many may be passed in the index, for their status or for when they are due.
    pub(super) fn passes(self, filter: &Filter, sort: Sort) -> bool {
        let of_status = filter.statuses().is_some() && !filter.is_direct();
        match self {
            By::Lead | By::Nothing => of_status,
            // PostgreSQL takes another index in these orders, for rows that lie closer together.
            By::Status => sort.by_update() || sort == Sort::Urgency,
            By::Submitter | By::LeadAndStatus | By::Phase => false,
        }
    }
}

/// Said so, and not by a value that is bound, the index of them is seen to hold them all.
pub(super) fn escalated() -> SqlLiteral<Bool> {
    sql("escalated")
}

/// The rows of what is visible and fits a filter, in an order, from after a key on; read by what all of them have in common.
pub(super) fn listed(
    visible: &Visible,
    filter: &Filter,
    sort: Sort,
    after: Option<&After>,
    limit: i64,
) -> reports::BoxedQuery<'static, MultiBackend> {
    let by = By::of(filter, sort);
    let mut query = reports::table.into_boxed();
    // First, since most of what is passed falls by it: SQLite holds rows against conditions in turn.
    let DeadlineFilter {
        today,
        nearing,
        overdue,
    } = filter.deadline;
    query = match nearing {
        Some(true) => query.filter(
            reports::nearing_on
                .le(today)
                .and(passed(reports::due_key).ge(today)),
        ),
        Some(false) => query.filter(reports::nearing_on.gt(today).or(reports::due_key.lt(today))),
        None => query,
    };
    query = match overdue {
        Some(true) if sort.by_day() => query.filter(reports::due_key.lt(today)),
        Some(true) => query.filter(passed(reports::due_key).lt(today)),
        Some(false) if sort.by_day() => query.filter(reports::due_key.ge(today)),
        Some(false) => query.filter(passed(reports::due_key).ge(today)),
        None => query,
    };
    if !(visible.desk && filter.excludes_drafts()) {
        query = query.filter(visibility(visible));
    }
    // What it is read by is looked up; what else it is limited to, what is met is held against.
    macro_rules! limit_to {
        ($column:expr, $wanted:expr, $looked_up:expr) => {
            query = if $looked_up {
                query.filter(any_of($column, $wanted))
            } else {
                query.filter(any_of(passed($column), $wanted))
            }
        };
    }
    if let Some(wanted) = filter.statuses().filter(|_| by != By::Phase) {
        let looked_up = matches!(by, By::Status | By::LeadAndStatus);
        limit_to!(reports::status, &wanted, looked_up);
    }
    if !filter.phase.is_empty() {
        let wanted: Vec<_> = filter.phase.iter().copied().map(Coded).collect();
        limit_to!(reports::phase, &wanted, by == By::Phase);
    }
    if !filter.authority.is_empty() {
        let looked_up = matches!(by, By::Lead | By::LeadAndStatus);
        limit_to!(reports::lead_id, &filter.authority, looked_up);
    }
    if !filter.submitter.is_empty() {
        limit_to!(
            reports::submitter_id,
            &filter.submitter,
            by == By::Submitter
        );
    }
    if let Some(reference) = &filter.external_reference {
        query = query.filter(reports::external_reference.eq(reference.clone()));
    }
    if let Some(reference) = &filter.reference {
        query = query.filter(reports::reference.eq(reference.clone()));
    }
    if let Some((watcher, watches)) = filter.watching {
        use report_watchers as w;
        let watched = w::table
            .filter(w::report_id.eq(reports::id))
            .filter(w::principal_id.eq(watcher));
        query = if watches {
            query.filter(diesel::dsl::exists(watched))
        } else {
            query.filter(diesel::dsl::not(diesel::dsl::exists(watched)))
        };
    }
    if let Some(since) = filter.updated_since.map(Instant) {
        query = if sort.by_update() {
            query.filter(reports::updated_at.ge(since))
        } else {
            query.filter(passed(reports::updated_at).ge(since))
        };
    }
    for (facet, values) in filter
        .facets
        .iter()
        .filter(|(_, values)| !values.is_empty())
    {
        use report_facets as f;
        // Looked up for each report that is met, which are few. Of "exists" PostgreSQL makes a join with all that are about
        // it, as it cannot tell how soon the page is full.
        let found = f::table
            .filter(f::report_id.eq(reports::id))
            .filter(f::facet.eq(facet.as_str()))
            .filter(any_of(f::value, values))
            .select(f::report_id);
        query = query.filter(found.single_value().is_not_null());
    }
    if filter.escalated == Some(true) && sort.by_filing() {
        query = query.filter(escalated());
    } else if let Some(escalated) = filter.escalated {
        query = query.filter(reports::escalated.eq(escalated));
    }
    if let Some(among) = &filter.among {
        query = query.filter(any_of(reports::id, among));
    }
    if !filter.feedback.is_empty() {
        let wanted: Vec<_> = filter.feedback.iter().copied().map(Coded).collect();
        query = query.filter(any_of(passed(reports::feedback), &wanted));
    }
    if let Some(assignee) = filter.assignee {
        use report_assignees as a;
        let here = a::table.filter(a::report_id.eq(reports::id));
        query = match assignee {
            AssigneeFilter::Is(person) => {
                query.filter(diesel::dsl::exists(here.filter(a::principal_id.eq(person))))
            }
            AssigneeFilter::NobodyOf(organisation) => query.filter(diesel::dsl::not(
                diesel::dsl::exists(here.filter(a::organisation_id.eq(organisation))),
            )),
        };
    }
    in_sort(query, sort, after).limit(limit)
}

type Predicate = Box<dyn BoxableExpression<reports::table, MultiBackend, SqlType = Bool>>;

/// The rule of `policy::view` as a condition; a test holds the two together.
fn visibility(visible: &Visible) -> Predicate {
    let submitted = || reports::status.ne(Coded(Status::Draft));
    let mut grounds: Vec<Predicate> = Vec::new();
    if visible.desk {
        grounds.push(Box::new(submitted().or(reports::on_behalf)));
    }
    if visible.unpublished {
        let open =
            submitted().and(reports::confidentiality.ne(Coded(Confidentiality::Confidential)));
        grounds.push(Box::new(open));
    }
    if let Some(organisation) = visible.organisation.filter(|_| !visible.parties.is_empty()) {
        use report_parties as p;
        let kinds: Vec<_> = visible.parties.iter().copied().map(Coded).collect();
        let mine = p::table
            .filter(p::organisation_id.eq(organisation))
            .filter(p::report_id.eq(reports::id))
            .filter(any_of(p::party, &kinds))
            .select(p::report_id);
        grounds.push(Box::new(mine.single_value().is_not_null()));
    }
    let seen = grounds
        .into_iter()
        .reduce(|seen, ground| Box::new(seen.or(ground)));
    seen.unwrap_or_else(|| Box::new(false.into_sql::<Bool>()))
}
