//! The list of what the desk has released of reports.

use chrono::{DateTime, Datelike, Utc};
use diesel::prelude::*;

use crate::domain::code::{Code, code_list};
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::report::Report;
use crate::domain::sharing::ShareAudience;
use crate::domain::status::{Phase, Status};
use crate::store::any_of::any_of;
use crate::store::db::{Conn, MultiBackend};
use crate::store::keyset::ordered;
use crate::store::passed::passed;
use crate::store::portions::{Key, crossed, first_portion, in_portions, merged};
use crate::store::reports::{Facet, Row, about, few_about, narrowest};
use crate::store::schema::{report_facets, reports, shared_versions};
use crate::store::together::{together, within};
use crate::store::types::{Coded, Instant};

/// What a list is limited to; empty lists limit nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only what is released to one of these.
    pub audience: Vec<ShareAudience>,
    pub status: Vec<Status>,
    pub phase: Vec<Phase>,
    pub authority: Vec<OrganisationId>,
    pub facets: Vec<(Facet, Vec<String>)>,
    /// One of these; none for any.
    pub among: Option<Vec<ReportId>>,
}

impl Filter {
    /// Whether it is limited by no more than one thing that reports are about, and how far they are.
    fn asks_only_about(&self) -> bool {
        let about = self.facets.iter().filter(|(_, values)| !values.is_empty());
        about.count() == 1
            && self.audience.contains(&ShareAudience::Public)
            && self.phase.is_empty()
            && self.authority.is_empty()
    }

    /// The same, of some reports alone.
    fn among(&self, reports: Vec<ReportId>) -> Filter {
        Filter {
            among: Some(reports),
            ..self.clone()
        }
    }
}

code_list! {
    /// Order of the list; a minus turns it round (Dutch: sortering).
    pub enum Sort {
        Shared = "shared",
        SharedDescending = "-shared",
        Updated = "updated",
        UpdatedDescending = "-updated",
        Endorsements = "endorsements",
        EndorsementsDescending = "-endorsements",
    }
}

/// The key of the last row of a page.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub enum After {
    At(DateTime<Utc>, ReportId),
    Count(i32, ReportId),
    /// Where something that was found by its words lies in the index.
    Entry(i32),
}

impl After {
    /// Whether the key is one of this order's, of a list that is searched or not.
    pub fn fits(&self, sort: Sort, searched: bool) -> bool {
        let by_entry = searched && sort == Sort::SharedDescending;
        let by_count = matches!(sort, Sort::Endorsements | Sort::EndorsementsDescending);
        match self {
            // Years that both databases hold: a cursor of ours has no other.
            After::At(at, _) => !by_count && !by_entry && (1..=9999).contains(&at.year()),
            After::Count(..) => by_count,
            After::Entry(_) => by_entry,
        }
    }

    fn at(&self) -> Option<Key<Instant>> {
        match self {
            After::At(at, id) => Some((Instant(*at), *id)),
            After::Count(..) | After::Entry(_) => None,
        }
    }

    fn count(&self) -> Option<(i32, ReportId)> {
        match self {
            After::Count(count, id) => Some((*count, *id)),
            After::At(..) | After::Entry(_) => None,
        }
    }

    /// The entry of the index, in a list by entries.
    pub fn entry(&self) -> Option<i32> {
        match self {
            After::Entry(entry) => Some(*entry),
            After::At(..) | After::Count(..) => None,
        }
    }
}

/// The key of a report in this order.
pub fn key(sort: Sort, report: &Report) -> After {
    let version = report.handling.sharing.version.as_ref();
    match sort {
        Sort::Shared | Sort::SharedDescending => After::At(
            version.map_or(report.updated_at, |version| version.shared_at),
            report.id,
        ),
        Sort::Updated | Sort::UpdatedDescending => After::At(report.updated_at, report.id),
        Sort::Endorsements | Sort::EndorsementsDescending => After::Count(
            i32::try_from(report.endorsement_count()).unwrap_or(i32::MAX),
            report.id,
        ),
    }
}

/// What of what is released fits the filter: seen in its narrow row alone. What was merged is found through the report it
/// joined.
macro_rules! fitting {
    ($columns:expr, $filter:expr) => {{
        use shared_versions as s;
        let filter: &Filter = $filter;
        let audiences: Vec<_> = filter.audience.iter().copied().map(Coded).collect();
        let mut query = s::table
            .inner_join(reports::table)
            .select($columns)
            .filter(any_of(passed(s::audience), &audiences))
            .filter(passed(s::status).ne(Coded(Status::Merged)))
            .into_boxed::<MultiBackend>();
        // Of one status or one authority it is read in its order; of several, as all of it.
        match (&*filter.status, &filter.among) {
            ([], _) => {}
            ([only], None) => query = query.filter(s::status.eq(Coded(*only))),
            (several, _) => {
                let wanted: Vec<_> = several.iter().copied().map(Coded).collect();
                query = query.filter(any_of(passed(s::status), &wanted));
            }
        }
        match (&*filter.authority, &filter.among) {
            ([], _) => {}
            ([only], None) => query = query.filter(s::lead_id.eq(*only)),
            (several, _) => query = query.filter(any_of(passed(s::lead_id), several)),
        }
        if !filter.phase.is_empty() {
            let wanted: Vec<_> = filter.phase.iter().copied().map(Coded).collect();
            query = query.filter(any_of(passed(s::phase), &wanted));
        }
        if let Some(among) = &filter.among {
            query = query.filter(any_of(s::report_id, among));
        }
        for (facet, values) in &filter.facets {
            use report_facets as f;
            if !values.is_empty() {
                // As for the list of reports: looked up for each that is met.
                let found = f::table
                    .filter(f::report_id.eq(s::report_id))
                    .filter(f::facet.eq(facet.as_str()))
                    .filter(any_of(f::value, values))
                    .select(f::report_id);
                query = query.filter(found.single_value().is_not_null());
            }
        }
        query
    }};
}

/// A page of what is released and fits the filter.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    sort: Sort,
    after: Option<&After>,
    limit: i64,
) -> QueryResult<Vec<Report>> {
    use shared_versions as s;
    let (at, count) = (after.and_then(After::at), after.and_then(After::count));
    macro_rules! in_sort {
        ($query:expr) => {
            match sort {
                Sort::Shared => ordered!($query, s::shared_at, s::report_id, at, ascending),
                Sort::SharedDescending => {
                    ordered!($query, s::shared_at, s::report_id, at, descending)
                }
                Sort::Updated => ordered!($query, s::updated_at, s::report_id, at, ascending),
                Sort::UpdatedDescending => {
                    ordered!($query, s::updated_at, s::report_id, at, descending)
                }
                Sort::Endorsements => {
                    ordered!($query, s::endorsement_count, s::report_id, count, ascending)
                }
                Sort::EndorsementsDescending => {
                    ordered!(
                        $query,
                        s::endorsement_count,
                        s::report_id,
                        count,
                        descending
                    )
                }
            }
        };
    }
    if filter.among.is_some() {
        // All of them are sorted to find the page: without their rows, which are wide.
        let ids = in_sort!(fitting!(s::report_id, filter)).limit(limit);
        let page = s::table
            .inner_join(reports::table)
            .select(reports::all_columns)
            .filter(within(s::report_id, vec![ids]))
            .into_boxed::<MultiBackend>();
        let rows = in_sort!(page).load::<Row>(conn)?;
        return Ok(rows.into_iter().map(Report::from).collect());
    }
    let released = matches!(sort, Sort::Shared | Sort::SharedDescending);
    let status: Vec<_> = filter.status.iter().copied().map(Coded).collect();
    let status = (!status.is_empty()).then_some(&*status);
    if let Some(few) = few_about(conn, &filter.facets, status, (released, true))? {
        return list(conn, &filter.among(few), sort, after, limit);
    }
    if let Some(about) = narrowest(&filter.facets).filter(|_| released) {
        return list_about(conn, filter, about, sort, at, limit);
    }
    let page = in_sort!(fitting!(reports::all_columns, filter)).limit(limit);
    let rows = page.load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}

/// The next so many about any of some things and of one of some statuses (of any, if there are none), in the order in which
/// they were released, from after one; one statement.
fn next_about(
    conn: &mut Conn,
    (facet, values): (Facet, &[String]),
    status: &[Coded<Status>],
    descending: bool,
    after: Option<Key<Instant>>,
    limit: i64,
) -> QueryResult<Vec<Key<Instant>>> {
    use report_facets as f;
    let each = crossed(values, status, true).into_iter().map(|part| {
        let query = about(facet, part, true)
            .filter(f::shared_at.is_not_null())
            .select((f::shared_at.assume_not_null(), f::report_id))
            .limit(limit);
        if descending {
            ordered!(query, f::shared_at, f::report_id, after, descending)
        } else {
            ordered!(query, f::shared_at, f::report_id, after, ascending)
        }
    });
    let each = together(each.collect());
    Ok(merged(each.load(conn)?, descending, limit))
}

/// The list in the order of release, read from the reports about any of some things.
fn list_about(
    conn: &mut Conn,
    filter: &Filter,
    things: (Facet, &[String]),
    sort: Sort,
    at: Option<Key<Instant>>,
    limit: i64,
) -> QueryResult<Vec<Report>> {
    let descending = sort == Sort::SharedDescending;
    let status: Vec<_> = filter.status.iter().copied().map(Coded).collect();
    let next = |conn: &mut Conn, after, portion| {
        next_about(conn, things, &status, descending, after, portion)
    };
    let first = first_portion(limit, filter.asks_only_about());
    in_portions(conn, at, (limit, first), next, |conn, ids, left| {
        list(conn, &filter.among(ids), sort, None, left)
    })
}
