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
use crate::store::reports::{Facet, Row};
use crate::store::schema::{report_facets, reports, shared_versions};
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
}

impl After {
    /// Whether the key is one of this order's.
    pub fn fits(&self, sort: Sort) -> bool {
        let by_count = matches!(sort, Sort::Endorsements | Sort::EndorsementsDescending);
        match self {
            // Years that both databases hold: a cursor of ours has no other.
            After::At(at, _) => !by_count && (1..=9999).contains(&at.year()),
            After::Count(..) => by_count,
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

/// A page of what is released and fits the filter; one statement whatever the filters. What was merged is found through the
/// report it joined.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    sort: Sort,
    after: Option<&After>,
    limit: i64,
) -> QueryResult<Vec<Report>> {
    let audiences: Vec<_> = filter.audience.iter().copied().map(Coded).collect();
    let mut query = reports::table
        .inner_join(shared_versions::table)
        .select(reports::all_columns)
        .filter(any_of(shared_versions::audience, &audiences))
        .filter(reports::status.ne(Coded(Status::Merged)))
        .into_boxed::<MultiBackend>();
    if !filter.status.is_empty() {
        let wanted: Vec<_> = filter.status.iter().copied().map(Coded).collect();
        query = query.filter(any_of(reports::status, &wanted));
    }
    if !filter.phase.is_empty() {
        let wanted: Vec<_> = filter.phase.iter().copied().map(Coded).collect();
        query = query.filter(any_of(reports::phase, &wanted));
    }
    if let Some(among) = &filter.among {
        query = query.filter(any_of(reports::id, among));
    }
    if !filter.authority.is_empty() {
        query = query.filter(any_of(reports::lead_id, &filter.authority));
    }
    for (facet, values) in filter
        .facets
        .iter()
        .filter(|(_, values)| !values.is_empty())
    {
        use report_facets as f;
        let found = f::table
            .filter(f::report_id.eq(reports::id))
            .filter(f::facet.eq(facet.as_str()))
            .filter(any_of(f::value, values));
        query = query.filter(diesel::dsl::exists(found));
    }
    // Keyset, as for the list of reports: the first condition follows from the second and is what an index can begin at.
    macro_rules! ordered {
        ($column:expr, $id:expr, $after:pat => $value:expr, $last:expr, ascending) => {{
            if let Some($after) = after {
                let beyond = $column
                    .gt($value)
                    .or($column.eq($value).and($id.gt(*$last)));
                query = query.filter($column.ge($value).and(beyond));
            }
            query.order(($column.asc(), $id.asc()))
        }};
        ($column:expr, $id:expr, $after:pat => $value:expr, $last:expr, descending) => {{
            if let Some($after) = after {
                let beyond = $column
                    .lt($value)
                    .or($column.eq($value).and($id.lt(*$last)));
                query = query.filter($column.le($value).and(beyond));
            }
            query.order(($column.desc(), $id.desc()))
        }};
    }
    use shared_versions as s;
    let query = match sort {
        Sort::Shared => {
            ordered!(s::shared_at, s::report_id, After::At(at, id) => Instant(*at), id, ascending)
        }
        Sort::SharedDescending => {
            ordered!(s::shared_at, s::report_id, After::At(at, id) => Instant(*at), id, descending)
        }
        Sort::Updated => {
            ordered!(reports::updated_at, reports::id, After::At(at, id) => Instant(*at), id, ascending)
        }
        Sort::UpdatedDescending => {
            ordered!(reports::updated_at, reports::id, After::At(at, id) => Instant(*at), id, descending)
        }
        Sort::Endorsements => {
            ordered!(s::endorsement_count, s::report_id, After::Count(count, id) => *count, id, ascending)
        }
        Sort::EndorsementsDescending => {
            ordered!(s::endorsement_count, s::report_id, After::Count(count, id) => *count, id, descending)
        }
    };
    let rows = query.limit(limit).load::<Row>(conn)?;
    Ok(rows.into_iter().map(Report::from).collect())
}
