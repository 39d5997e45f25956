//! The lists of reports: by what they are read, and who may see what.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::code::Code;
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::report::{Confidentiality, Report};
use crate::domain::status::Status;
use crate::store::any_of::any_of;
use crate::store::db::{Conn, MultiBackend};
use crate::store::passed::passed;
use crate::store::portions::{EACH, FEW, Key, few_of, first_portion, in_portions};
use crate::store::reports::filter::{AssigneeFilter, DeadlineFilter, Filter, Visible};
use crate::store::reports::narrow::{Narrow, Start, few_about, few_own, narrowest};
use crate::store::reports::nearing;
use crate::store::reports::order::{After, Sort, in_sort};
use crate::store::reports::{NOTHING_DUE, Row};
use crate::store::schema::{
    report_assignees, report_facets, report_parties, report_watchers, reports,
};
use crate::store::together::within;
use crate::store::types::{Coded, Instant, RawJson};

/// What all that a list meets has in common: it is read in its order from an index that begins with that, and passes what does
/// not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Submitter,
    LeadAndStatus,
    Lead,
    Status,
    Phase,
    Nothing,
}

impl By {
    fn of(filter: &Filter, sort: Sort) -> By {
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
    fn passes(self, filter: &Filter, sort: Sort) -> bool {
        let of_status = filter.statuses().is_some() && !filter.is_direct();
        match self {
            By::Lead | By::Nothing => of_status,
            // PostgreSQL takes another index in these orders, for rows that lie closer together.
            By::Status => sort.by_update() || sort == Sort::Urgency,
            By::Submitter | By::LeadAndStatus | By::Phase => false,
        }
    }
}

/// Filters of one thing each that together are this one: a few submitters, authorities or statuses, where what is of one of
/// them lies in the order of the list, and what is of several does not. None where it is read by itself.
fn parts(filter: &Filter, sort: Sort) -> Vec<Filter> {
    let (by, few) = (By::of(filter, sort), 2..=EACH);
    if filter.is_direct() || sort == Sort::Relevance || by == By::Submitter {
        return Vec::new();
    }
    let (submitters, leads) = (&filter.submitter, &filter.authority);
    if few.contains(&submitters.len()) && (sort.by_filing() || sort.by_update()) {
        let each = submitters.iter().map(|one| Filter {
            submitter: vec![*one],
            ..filter.clone()
        });
        return each.collect();
    }
    if few.contains(&leads.len()) {
        let each = leads.iter().map(|one| Filter {
            authority: vec![*one],
            ..filter.clone()
        });
        return each.collect();
    }
    let lie = matches!(
        by,
        By::Nothing | By::Lead if leads.is_empty() || sort.by_filing()
    );
    match filter.statuses() {
        Some(statuses) if lie && statuses.len() <= EACH => {
            let each = statuses.iter().map(|one| filter.of_status(one.0));
            each.collect()
        }
        _ => Vec::new(),
    }
}

/// Said so, and not by a value that is bound, the index of them is seen to hold them all.
fn escalated() -> SqlLiteral<Bool> {
    sql("escalated")
}

/// The reports with something that few have, where the filter asks for such and they are few. What the order is read by
/// anyway is not looked for.
fn few_with(
    conn: &mut Conn,
    visible: &Visible,
    filter: &Filter,
    sort: Sort,
) -> QueryResult<Option<Vec<ReportId>>> {
    use {report_assignees as a, report_watchers as w, reports as r};
    let by = By::of(filter, sort);
    let today = filter.deadline.today;
    let statuses = filter.statuses();
    // Where the status is in the index too.
    let of_status = || match &statuses {
        Some(statuses) => {
            let status = any_of(passed(r::status), statuses);
            r::table.filter(status).into_boxed::<MultiBackend>()
        }
        None => r::table.into_boxed(),
    };
    macro_rules! try_few {
        ($id:expr, $query:expr) => {{
            let few = few_of!(conn, $id, $query);
            if few.is_some() {
                return Ok(few);
            }
        }};
    }
    if let Some(AssigneeFilter::Is(person)) = filter.assignee {
        try_few!(a::report_id, a::table.filter(a::principal_id.eq(person)));
    }
    if let Some((watcher, true)) = filter.watching {
        try_few!(w::report_id, w::table.filter(w::principal_id.eq(watcher)));
    }
    if !filter.submitter.is_empty() && by != By::Submitter {
        let theirs = || any_of(r::submitter_id, &filter.submitter);
        try_few!(r::id, r::table.filter(theirs()));
    }
    if filter.escalated == Some(true) && !sort.by_filing() && sort != Sort::Urgency {
        try_few!(r::id, of_status().filter(escalated()));
    }
    if !filter.feedback.is_empty() {
        let wanted: Vec<_> = filter.feedback.iter().copied().map(Coded).collect();
        let said = || any_of(r::feedback, &wanted).and(r::feedback.is_not_null());
        try_few!(r::id, r::table.filter(said()));
    }
    if let Some(since) = filter.updated_since.filter(|_| !sort.by_update()) {
        let since = Instant(since);
        try_few!(r::id, of_status().filter(r::updated_at.ge(since)));
    }
    if filter.deadline.overdue == Some(true) && !sort.by_day() {
        try_few!(r::id, of_status().filter(r::due_key.lt(today)));
    }
    let read_by_day = sort.by_filing() && filter.status.is_empty() && filter.phase.is_empty();
    if filter.deadline.nearing == Some(true) && !sort.by_day() && !read_by_day {
        let due = r::due_key.ge(today).and(r::due_key.lt(NOTHING_DUE));
        let nearing = due.and(r::nearing_on.le(today));
        try_few!(r::id, of_status().filter(nearing));
    }
    let about = filter.facets.iter().any(|(_, values)| !values.is_empty());
    let each_lead = (2..=EACH).contains(&filter.authority.len()) && by != By::Submitter;
    let by_lead = each_lead || matches!(by, By::Lead | By::LeadAndStatus);
    let narrower = about || visible.own().is_some();
    if !filter.authority.is_empty() && (narrower || !by_lead) {
        let led = || any_of(r::lead_id, &filter.authority);
        try_few!(r::id, of_status().filter(led()));
    }
    let straight = sort.by_filing() || sort.by_day();
    few_about(conn, &filter.facets, statuses.as_deref(), (straight, false))
}

/// A page of what is visible and fits the filter; one statement, or two and seldom some more where it is of what reports are
/// about, of one organisation's own, or of what few have.
pub fn list(
    conn: &mut Conn,
    visible: &Visible,
    filter: &Filter,
    sort: Sort,
    after: Option<&After>,
    limit: i64,
) -> QueryResult<Vec<Report>> {
    let page = Page {
        visible,
        filter,
        sort,
        limit,
    };
    let read = |conn: &mut Conn, filter: &Filter| page.read(conn, filter, after, limit);
    let of_few = |conn: &mut Conn, few: Vec<ReportId>| match few[..] {
        [] => Ok(Vec::new()),
        _ => read(conn, &filter.among(few)),
    };
    let walked = |conn: &mut Conn| read(conn, filter);
    if filter.is_direct() {
        return walked(conn);
    }
    if filter.statuses().is_some_and(|fitting| fitting.is_empty()) {
        return Ok(Vec::new());
    }
    if let Some(few) = few_with(conn, visible, filter, sort)? {
        return of_few(conn, few);
    }
    let about = narrowest(&filter.facets).map(|(facet, values)| Start::About(facet, values));
    let straight = sort.by_filing() || sort.by_day();
    let statuses = filter.statuses();
    if let Some(own) = visible.own().filter(|_| about.is_some() || !straight)
        && let Some(few) = few_own(conn, own, statuses.as_deref())?
    {
        return of_few(conn, few);
    }
    let (at, day) = (after.and_then(After::at), after.and_then(After::day));
    let turned = matches!(sort, Sort::SubmittedDescending | Sort::DueDescending);
    let start = about.or(visible.own().map(Start::Own));
    let Some(start) = start.filter(|_| straight && filter.submitter.is_empty()) else {
        let by = By::of(filter, sort);
        let wide = start.is_none() && matches!(by, By::Nothing | By::Status | By::Phase);
        if filter.deadline.nearing == Some(true) && sort.by_filing() && wide {
            let today = filter.deadline.today;
            let first = first_portion(limit, filter.status.is_empty() && filter.phase.is_empty());
            return page.read_from(conn, (first, false), at, |conn, after, portion| {
                nearing::next(conn, today, turned, after, portion)
            });
        }
        return walked(conn);
    };
    let narrow = Narrow::new(start, &filter.facets, statuses);
    let held = (page.first_portion(start), matches!(start, Start::About(..)));
    match sort {
        Sort::Submitted | Sort::SubmittedDescending => {
            page.read_from(conn, held, at, |conn, after, portion| {
                narrow.filed(conn, turned, after, portion)
            })
        }
        Sort::Due | Sort::DueDescending => {
            page.read_from(conn, held, day, |conn, after, portion| {
                narrow.due(conn, turned, after, portion)
            })
        }
        _ => walked(conn),
    }
}

/// A page that is asked for.
#[derive(Clone, Copy)]
struct Page<'a> {
    visible: &'a Visible,
    filter: &'a Filter,
    sort: Sort,
    limit: i64,
}

impl Page<'_> {
    /// So many of what fits a filter of one's own, in the order of the page; one statement.
    fn read(
        self,
        conn: &mut Conn,
        filter: &Filter,
        after: Option<&After>,
        limit: i64,
    ) -> QueryResult<Vec<Report>> {
        let (visible, sort) = (self.visible, self.sort);
        let mut parts = parts(filter, sort);
        let passes = filter.among.is_some() || By::of(filter, sort).passes(filter, sort);
        if parts.is_empty() && passes {
            parts.push(filter.clone());
        }
        // Rows are wide: of all of a few, of what is passed, and of parts, ids alone are read; in the same statement, so that
        // nothing changes in between.
        let query = if parts.is_empty() {
            listed(visible, filter, sort, after, limit)
        } else {
            let ids = |part| listed(visible, part, sort, after, limit).select(reports::id);
            let found = within(reports::id, parts.iter().map(ids).collect());
            in_sort(reports::table.filter(found).into_boxed(), sort, None).limit(limit)
        };
        let rows = query.load::<Row>(conn)?;
        Ok(rows.into_iter().map(Report::from).collect())
    }

    /// What is read first of what the page begins at.
    fn first_portion(self, start: Start<'_>) -> i64 {
        let mostly = !self.filter.asks_beyond_about()
            && match start {
                Start::About(..) => self.visible.sees_most(),
                Start::Own(_) => self.filter.facets.iter().all(|(_, of)| of.is_empty()),
            };
        first_portion(self.limit, mostly)
    }

    /// The page, read from what it begins at: no further than it takes, however few these are among all. `about`: what it
    /// begins at is about what was asked for.
    fn read_from<V: Copy>(
        self,
        conn: &mut Conn,
        (first, about): (i64, bool),
        after: Option<Key<V>>,
        next: impl Fn(&mut Conn, Option<Key<V>>, i64) -> QueryResult<Vec<Key<V>>>,
    ) -> QueryResult<Vec<Report>> {
        in_portions(conn, after, (self.limit, first), next, |conn, ids, left| {
            let mut among = self.filter.among(ids);
            if about {
                among.facets.clear();
            }
            self.read(conn, &among, None, left)
        })
    }
}

/// Those of some reports that are visible and fit the filter; one statement.
pub fn ids(conn: &mut Conn, visible: &Visible, filter: &Filter) -> QueryResult<Vec<ReportId>> {
    listed(visible, filter, Sort::Relevance, None, i64::MAX)
        .select(reports::id)
        .load(conn)
}

/// The newest of what is visible and fits the filter.
pub fn newest_ids(
    conn: &mut Conn,
    visible: &Visible,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<ReportId>> {
    listed(visible, filter, Sort::SubmittedDescending, None, limit)
        .select(reports::id)
        .load(conn)
}

/// The rows of `list` as they come, their JSON unread: what the list costs at the least. Returns how many.
pub fn list_bare(
    conn: &mut Conn,
    visible: &Visible,
    filter: &Filter,
    sort: Sort,
    limit: i64,
) -> QueryResult<usize> {
    let rows = listed(visible, filter, sort, None, limit).load::<Bare>(conn)?;
    Ok(rows.len())
}

/// The row of `find` as it comes, its JSON unread; whether it is there.
pub fn find_bare(conn: &mut Conn, id: ReportId) -> QueryResult<bool> {
    let row = reports::table.find(id).first::<Bare>(conn).optional()?;
    Ok(row.is_some())
}

type Bare = (
    ReportId,
    Option<String>,
    Option<String>,
    OrganisationId,
    RawJson,
    bool,
    RawJson,
    String,
    String,
    Option<String>,
    String,
    Option<OrganisationId>,
    bool,
    Option<ReportId>,
    RawJson,
    Instant,
    Option<Instant>,
    Option<Instant>,
    Instant,
    Instant,
    NaiveDate,
    i32,
    NaiveDate,
    NaiveDate,
    NaiveDate,
    bool,
    Option<String>,
);

fn listed(
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
