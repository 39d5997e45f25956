//! The lists of reports: what each begins at, so that no more is read than a page takes.

use diesel::prelude::*;

use crate::domain::id::ReportId;
use crate::domain::report::Report;
use crate::store::any_of::any_of;
use crate::store::db::{Conn, MultiBackend};
use crate::store::passed::passed;
use crate::store::portions::{EACH, FEW, Key, few_of, first_portion, in_portions};
use crate::store::reports::deadlines::{self, Deadline};
use crate::store::reports::filter::{AssigneeFilter, Filter, Visible};
use crate::store::reports::narrow::{Narrow, Start, few_about, few_own, narrowest};
use crate::store::reports::order::{After, Sort, in_sort};
use crate::store::reports::query::{By, escalated, listed};
use crate::store::reports::{NOTHING_DUE, Row};
use crate::store::schema::{report_assignees, report_watchers, reports};
use crate::store::together::within;
use crate::store::types::{Coded, Instant};

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

/// The deadlines that it is read by, where it is of what nears its end or is overdue, in the order of filing. Much is overdue:
/// by that it is read where nothing else is asked for that an index begins with.
fn by_deadline(filter: &Filter, sort: Sort) -> Option<Deadline> {
    let asked = &filter.deadline;
    let by = By::of(filter, sort);
    let of_all = filter.status.is_empty() && filter.phase.is_empty();
    let of_anybody = filter.authority.is_empty() && filter.submitter.is_empty();
    if !sort.by_filing() {
        None
    } else if asked.nearing == Some(true) {
        matches!(by, By::Nothing | By::Status | By::Phase).then_some(Deadline::Nears)
    } else if asked.overdue == Some(true) && of_all && of_anybody {
        Some(Deadline::Passed)
    } else {
        None
    }
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
    let read_by_it = sort.by_day() || by_deadline(filter, sort) == Some(Deadline::Passed);
    if filter.deadline.overdue == Some(true) && !read_by_it {
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
    if start.is_none()
        && let Some(deadline) = by_deadline(filter, sort)
    {
        let today = filter.deadline.today;
        let first = first_portion(limit, filter.status.is_empty() && filter.phase.is_empty());
        return page.read_from(conn, (first, false), at, |conn, after, portion| {
            deadlines::next(conn, deadline, today, turned, after, portion)
        });
    }
    let Some(start) = start.filter(|_| straight && filter.submitter.is_empty()) else {
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
