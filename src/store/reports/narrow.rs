//! Lists that begin at an index narrower than all reports: those about something, and an organisation's own.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::code::Code;
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::status::Status;
use crate::store::any_of::any_of;
use crate::store::db::{Conn, MultiBackend};
use crate::store::keyset::ordered;
use crate::store::passed::passed;
use crate::store::portions::{EACH, FEW, Key, crossed, few_of, merged};
use crate::store::reports::Facet;
use crate::store::schema::{report_facets, report_parties};
use crate::store::together::together;
use crate::store::types::{Coded, Instant};

/// What fewest reports are about of what a list is limited to: one thing, or else each of a few.
pub(in crate::store) fn narrowest(facets: &[(Facet, Vec<String>)]) -> Option<(Facet, &[String])> {
    const NARROW_FIRST: [Facet; 6] = [
        Facet::Regulation,
        Facet::Municipality,
        Facet::Priority,
        Facet::Region,
        Facet::Domain,
        Facet::Province,
    ];
    let about = |many: fn(usize) -> bool| {
        NARROW_FIRST.into_iter().find_map(|wanted| {
            let mut about = facets.iter();
            let found = about.find(|(facet, values)| *facet == wanted && many(values.len()));
            found.map(|(facet, values)| (*facet, &values[..]))
        })
    };
    about(|many| many == 1).or_else(|| about(|many| (2..=EACH).contains(&many)))
}

/// True of every report: it says that what is about something is read where it lies by its status.
fn lies_by_status() -> SqlLiteral<Bool> {
    sql("report_facets.status <> ''")
}

/// What is about a thing and has one of some statuses; any, if there are none. `lies`: whether what is of one status lies
/// together in the order of the list.
pub(in crate::store) fn about(
    facet: Facet,
    (value, status): (&str, &[Coded<Status>]),
    lies: bool,
) -> report_facets::BoxedQuery<'static, MultiBackend> {
    use report_facets as f;
    let of_it = f::facet
        .eq(facet.as_str())
        .and(f::value.eq(value.to_owned()));
    let about = f::table.filter(of_it).into_boxed();
    match status {
        [] => about,
        [_] if lies => about.filter(lies_by_status().and(any_of(f::status, status))),
        _ => about.filter(any_of(passed(f::status), status)),
    }
}

/// The reports about something that a list is limited to, where they are few; those of some statuses, if there are any.
/// `straight`: of so few things the list is read in its order anyway; `released`: those of them that are.
pub(in crate::store) fn few_about(
    conn: &mut Conn,
    facets: &[(Facet, Vec<String>)],
    status: Option<&[Coded<Status>]>,
    (straight, released): (bool, bool),
) -> QueryResult<Option<Vec<ReportId>>> {
    use report_facets as f;
    let least = if straight { EACH + 1 } else { 1 };
    for (facet, values) in facets.iter().filter(|(_, values)| values.len() >= least) {
        let about = || {
            let about = f::facet.eq(facet.as_str()).and(any_of(f::value, values));
            let mut query = f::table.filter(about).into_boxed::<MultiBackend>();
            if let Some(status) = status {
                query = query.filter(lies_by_status().and(any_of(f::status, status)));
            }
            if released {
                query = query.filter(f::shared_at.is_not_null());
            }
            query
        };
        let few = few_of!(conn, f::report_id, about());
        if few.is_some() {
            return Ok(few);
        }
    }
    Ok(None)
}

/// An organisation's own reports, where they are few; those of some statuses, if there are any.
pub(super) fn few_own(
    conn: &mut Conn,
    organisation: OrganisationId,
    status: Option<&[Coded<Status>]>,
) -> QueryResult<Option<Vec<ReportId>>> {
    use report_parties as p;
    let own = || {
        let own = p::table.filter(p::organisation_id.eq(organisation));
        let mut query = own.into_boxed::<MultiBackend>();
        if let Some(status) = status {
            query = query.filter(any_of(p::status, status));
        }
        query
    };
    Ok(few_of!(conn, p::report_id, own()))
}

/// What a list begins at instead of all reports.
#[derive(Clone, Copy)]
pub(super) enum Start<'a> {
    /// The reports about any of some things of a kind.
    About(Facet, &'a [String]),
    /// Those of one organisation.
    Own(OrganisationId),
}

/// The reports that a list begins at, as far as it is seen there whether they fit.
pub(super) struct Narrow<'a> {
    pub(super) start: Start<'a>,
    /// What else they are about.
    too: Vec<(Facet, &'a [String])>,
    /// The statuses they may have; none for any.
    status: Option<Vec<Coded<Status>>>,
}

/// The next so many about any of some things or of one's own, in the order of a column and of their ids, from after one; one
/// statement. `$lies`: whether what is of one status lies together in that order.
macro_rules! next {
    ($narrow:expr, $column:ident, $lies:literal, ($too:expr, $same:expr), $conn:expr, $turned:expr, $after:expr, $limit:expr) => {{
        use {report_facets as f, report_parties as p};
        macro_rules! next_of {
            ($of:expr, $column_of:expr, $id:expr) => {{
                let query = $of.select(($column_of, $id)).limit($limit);
                if $turned {
                    ordered!(query, $column_of, $id, $after, descending)
                } else {
                    ordered!(query, $column_of, $id, $after, ascending)
                }
            }};
        }
        let statuses = $narrow.status.as_deref().unwrap_or_default();
        match $narrow.start {
            Start::About(facet, values) => {
                let each = crossed(values, statuses, $lies).into_iter().map(|part| {
                    let mut about = about(facet, part, $lies);
                    for (facet, values) in &$narrow.too {
                        let this = $too
                            .filter($same)
                            .filter($too.field(f::facet).eq(facet.as_str()))
                            .filter(any_of($too.field(f::value), values))
                            .select($too.field(f::report_id));
                        about = about.filter(this.single_value().is_not_null());
                    }
                    next_of!(about, f::$column, f::report_id)
                });
                merged(together(each.collect()).load($conn)?, $turned, $limit)
            }
            Start::Own(organisation) => {
                let own = p::table.filter(p::organisation_id.eq(organisation));
                let mut own = own.distinct().into_boxed::<MultiBackend>();
                if !statuses.is_empty() {
                    own = own.filter(any_of(p::status, statuses));
                }
                next_of!(own, p::$column, p::report_id).load($conn)?
            }
        }
    }};
}

impl<'a> Narrow<'a> {
    /// Of these facets and statuses; no statuses for any.
    pub(super) fn new(
        start: Start<'a>,
        facets: &'a [(Facet, Vec<String>)],
        status: Option<Vec<Coded<Status>>>,
    ) -> Self {
        let too = match start {
            Start::About(start, _) => facets
                .iter()
                .filter(|(facet, values)| *facet != start && !values.is_empty())
                .map(|(facet, values)| (*facet, &values[..]))
                .collect(),
            Start::Own(_) => Vec::new(),
        };
        Self { start, too, status }
    }

    /// The next by when they were filed.
    pub(super) fn filed(
        &self,
        conn: &mut Conn,
        descending: bool,
        after: Option<Key<Instant>>,
        limit: i64,
    ) -> QueryResult<Vec<Key<Instant>>> {
        use report_facets as f;
        let too = diesel::alias!(report_facets as too);
        // Looked up by the moment, which few have in common: what is about the other thing then lies in the same order, while
        // the reports themselves lie far apart. The id as it stands would have SQLite go by that.
        let of_it = "COALESCE(too.report_id, too.report_id) = report_facets.report_id";
        let same = || {
            too.field(f::filed_at)
                .eq(f::filed_at)
                .and(sql::<Bool>(of_it))
        };
        Ok(next!(
            self,
            filed_at,
            true,
            (too, same()),
            conn,
            descending,
            after,
            limit
        ))
    }

    /// The next by when they are due.
    pub(super) fn due(
        &self,
        conn: &mut Conn,
        descending: bool,
        after: Option<Key<NaiveDate>>,
        limit: i64,
    ) -> QueryResult<Vec<Key<NaiveDate>>> {
        use report_facets as f;
        let too = diesel::alias!(report_facets as too);
        let same = || too.field(f::report_id).eq(f::report_id);
        Ok(next!(
            self,
            due_key,
            false,
            (too, same()),
            conn,
            descending,
            after,
            limit
        ))
    }
}
