//! Figures for dashboards (Dutch: cijfers), from the tables of counts. Signed-in readers get those of all reports that are not
//! confidential; whoever is nobody gets those of what is published. Which of the two follows from who asks, and from
//! nothing else.

mod labels;
mod portfolio;

use std::collections::HashMap;

use chrono::{Datelike, Months, NaiveDate};

use crate::domain::actor::{Actor, Language};
use crate::domain::counting::Basis;
use crate::domain::counting::dimension::Dimension;
use crate::domain::counting::facts::{article_of, month};
use crate::domain::counting::spread::Spread;
use crate::domain::counting::steps::{Happening, Step};
use crate::domain::deadline::local_date;
use crate::domain::experiment::Experiment;
use crate::domain::id::{Id, OrganisationId};
use crate::domain::policy::{self, Figures};
use crate::services::reports::load_organisations;
use crate::services::{Context, Error, counting};
use crate::store::connection::at_one_moment;
use crate::store::counts::CellRow;
use crate::store::db::Conn;
use crate::store::experiments;
use crate::store::statistics::{self as stored, AfterCell, Asked, Order};

pub use labels::Labels;
pub use portfolio::{Portfolio, portfolio};

/// Experiments that run, looked at to find those about a rule: there are dozens.
const RUNNING: i64 = 1_000;
/// Regions told of a rule that hinders, those with most reports.
const REGIONS: i64 = 10;

/// Figures with what they are of.
#[derive(Debug, Clone)]
pub struct Figure<T> {
    pub basis: Basis,
    /// Reports that changed and are not counted yet.
    pub uncounted: i64,
    pub told: T,
}

/// On which basis somebody reads figures.
fn basis(actor: Option<&Actor>) -> Result<Basis, Error> {
    match actor.map(policy::figures) {
        None => Ok(Basis::Public),
        Some(Figures::All) => Ok(Basis::Government),
        Some(Figures::Own | Figures::None) => Err(Error::Forbidden("not_allowed")),
    }
}

/// Counts what is left, and reads figures of one moment.
async fn read<T, F>(context: &Context, basis: Basis, figures: F) -> Result<Figure<T>, Error>
where
    T: Send + 'static,
    F: FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
{
    let uncounted = counting::catch_up(context).await?;
    let read = context.db.read(move |conn| at_one_moment(conn, figures));
    Ok(Figure {
        basis,
        uncounted,
        told: read.await?,
    })
}

/// What reports are counted by.
#[derive(Debug, Clone)]
pub struct Question {
    pub by: Dimension,
    pub across: Option<Dimension>,
    pub value: Option<String>,
    pub from: Option<String>,
    pub until: Option<String>,
    pub order: Option<Order>,
}

/// Cells, the sum of all, and the words for their values.
#[derive(Debug)]
pub struct Cells {
    pub total: Option<CellRow>,
    pub rows: Vec<CellRow>,
    pub labels: Labels,
}

/// Reports counted by a dimension or by two that are crossed; one row more than `limit` when there is a next page.
///
/// # Errors
/// `Forbidden` for who may not; `InvalidQuery` where the two are not crossed.
pub async fn reports(
    context: &Context,
    actor: Option<&Actor>,
    question: Question,
    language: Language,
    after: Option<AfterCell>,
    limit: i64,
) -> Result<Figure<Cells>, Error> {
    let basis = basis(actor)?;
    let told =
        |dimension: Dimension| basis == Basis::Government || dimension != Dimension::ReporterKind;
    if !told(question.by) {
        return Err(Error::InvalidQuery(vec![fault("by", "not_counted")]));
    }
    if question
        .across
        .is_some_and(|across| !told(across) || !question.by.crosses(across))
    {
        return Err(Error::InvalidQuery(vec![fault("across", "not_crossed")]));
    }
    let natural = if question.by.is_period() {
        Order::Value
    } else {
        Order::Most
    };
    let asked = Asked {
        basis,
        by: question.by,
        across: question.across,
        value: question.value,
        from: question.from,
        until: question.until,
        order: question.order.unwrap_or(natural),
    };
    read(context, basis, move |conn| {
        let rows = stored::cells(conn, &asked, after.as_ref(), limit + 1)?;
        let mut values: Vec<(Dimension, String)> = Vec::new();
        for row in &rows {
            values.push((asked.by, row.value.clone()));
            values.extend(
                asked
                    .across
                    .map(|across| (across, row.across_value.clone())),
            );
        }
        Ok(Cells {
            total: stored::total(conn, basis)?,
            labels: Labels::load(conn, values, language)?,
            rows,
        })
    })
    .await
}

fn fault(key: &str, code: &'static str) -> crate::domain::invalid::FieldError {
    crate::domain::invalid::FieldError::new(key, code)
}

/// Of which authorities, and of when.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// A page of authorities, from after so many in the order of their names; none for all together.
    pub authorities: Option<(usize, usize)>,
    /// Month `2026-11` or year `2026`; empty for all.
    pub period: String,
}

/// An authority, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub id: OrganisationId,
    pub name: String,
}

/// The authorities that have a part in these figures, or one of them alone: a page in the order of their names, and whether
/// there are more.
fn page_of(
    conn: &mut Conn,
    basis: Basis,
    only: Option<OrganisationId>,
    (skip, limit): (usize, usize),
) -> Result<(Vec<Authority>, bool), Error> {
    let ids: Vec<OrganisationId> = stored::authorities(conn, basis)?
        .iter()
        .filter_map(|id| id.parse::<Id<_>>().ok())
        .filter(|id| only.is_none_or(|only| only == *id))
        .collect();
    let mut named: Vec<Authority> = load_organisations(conn, ids.into_iter())?
        .into_values()
        .map(|one| Authority {
            id: one.id,
            name: one.name,
        })
        .collect();
    named.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    let more = named.len() > skip.saturating_add(limit);
    Ok((named.into_iter().skip(skip).take(limit).collect(), more))
}

/// Of all authorities together, or of each of a page.
#[derive(Debug)]
pub struct Groups<T> {
    pub groups: Vec<(Option<Authority>, T)>,
    /// Where the next page goes on.
    pub next: Option<usize>,
}

fn groups<T>(
    conn: &mut Conn,
    basis: Basis,
    span: &Span,
    tell: impl FnOnce(&mut Conn, &[String]) -> Result<HashMap<String, T>, Error>,
) -> Result<Groups<T>, Error>
where
    T: Default,
{
    let (authorities, next) = match span.authorities {
        None => (vec![None], None),
        Some((skip, limit)) => {
            let (page, more) = page_of(conn, basis, None, (skip, limit))?;
            (
                page.into_iter().map(Some).collect(),
                more.then_some(skip + limit),
            )
        }
    };
    let id = |one: &Option<Authority>| {
        one.as_ref()
            .map_or_else(String::new, |one| one.id.to_string())
    };
    let ids: Vec<String> = authorities.iter().map(id).collect();
    let mut told = tell(conn, &ids)?;
    let groups = authorities
        .into_iter()
        .map(|authority| {
            let of_it = told.remove(&id(&authority)).unwrap_or_default();
            (authority, of_it)
        })
        .collect();
    Ok(Groups { groups, next })
}

/// How long a step took: how often it was taken, and what half and nine tenths of these took at most, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    pub steps: u64,
    pub median: u32,
    pub ninetieth: u32,
}

/// How long a step took, and how long it stood still where it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadTime {
    pub step: Step,
    pub taken: Lead,
    pub suspended: Option<Lead>,
}

fn lead(spread: &Spread) -> Option<Lead> {
    Some(Lead {
        steps: spread.count(),
        median: spread.percentile(50.0)?,
        ninetieth: spread.percentile(90.0)?,
    })
}

fn lead_times_of(
    conn: &mut Conn,
    basis: Basis,
    ids: &[String],
    period: &str,
) -> Result<HashMap<String, Vec<LeadTime>>, Error> {
    let mut spreads: HashMap<(String, Step, bool), Spread> = HashMap::new();
    for row in stored::lengths(conn, basis, ids, period)? {
        let spread = Spread::of(&row.lengths.days);
        spreads.insert((row.authority, row.step, row.suspended), spread);
    }
    let mut told: HashMap<String, Vec<LeadTime>> = HashMap::new();
    for ((authority, step, suspended), spread) in &spreads {
        if *suspended {
            continue;
        }
        if let Some(taken) = lead(spread) {
            let stood_still = spreads.get(&(authority.clone(), *step, true));
            told.entry(authority.clone()).or_default().push(LeadTime {
                step: *step,
                taken,
                suspended: stood_still.and_then(lead),
            });
        }
    }
    for times in told.values_mut() {
        times.sort_by_key(|time| time.step);
    }
    Ok(told)
}

/// How long steps took.
///
/// # Errors
/// `Forbidden` for who may not.
pub async fn lead_times(
    context: &Context,
    actor: Option<&Actor>,
    span: Span,
) -> Result<Figure<Groups<Vec<LeadTime>>>, Error> {
    let basis = basis(actor)?;
    read(context, basis, move |conn| {
        groups(conn, basis, &span, |conn, ids| {
            lead_times_of(conn, basis, ids, &span.period)
        })
    })
    .await
}

/// How promises were kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    pub in_time: i64,
    pub late: i64,
    /// Of those that run, over their day.
    pub overdue: i64,
    /// Those that run.
    pub running: i64,
}

impl Kept {
    /// Those of which it is known whether they were kept.
    pub fn known(&self) -> i64 {
        self.in_time + self.late + self.overdue
    }

    /// The share that was kept; none when nothing is known.
    pub fn share(&self) -> Option<f64> {
        let (kept, known) = (
            u32::try_from(self.in_time).ok()?,
            u32::try_from(self.known()).ok()?,
        );
        (known > 0).then(|| f64::from(kept) / f64::from(known))
    }
}

fn promises_of(
    conn: &mut Conn,
    basis: Basis,
    ids: &[String],
    period: &str,
    today: NaiveDate,
) -> Result<HashMap<String, Vec<(Step, Kept)>>, Error> {
    let mut kept: HashMap<(String, Step), Kept> = HashMap::new();
    for (authority, step, in_time, late) in stored::kept(conn, basis, ids, period)? {
        if step.is_promised() {
            let of_it = kept.entry((authority, step)).or_default();
            of_it.in_time += in_time;
            of_it.late += late;
        }
    }
    // What runs has ended in no period.
    if period.is_empty() {
        for row in stored::promises(conn, basis, ids, today)? {
            let of_it = kept.entry((row.authority, row.step)).or_default();
            of_it.running += row.running;
            of_it.overdue += row.overdue;
        }
    }
    let mut told: HashMap<String, Vec<(Step, Kept)>> = HashMap::new();
    for ((authority, step), of_it) in kept {
        told.entry(authority).or_default().push((step, of_it));
    }
    for steps in told.values_mut() {
        steps.sort_by_key(|(step, _)| *step);
    }
    Ok(told)
}

/// How promises were kept, by step.
///
/// # Errors
/// `Forbidden` for who may not.
pub async fn promises(
    context: &Context,
    actor: Option<&Actor>,
    span: Span,
) -> Result<Figure<Groups<Vec<(Step, Kept)>>>, Error> {
    let basis = basis(actor)?;
    let today = local_date(context.clock.now());
    read(context, basis, move |conn| {
        groups(conn, basis, &span, |conn, ids| {
            promises_of(conn, basis, ids, &span.period, today)
        })
    })
    .await
}

/// What befell reports, how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Befell(HashMap<Happening, i64>);

impl Befell {
    pub fn of(&self, what: Happening) -> i64 {
        self.0.get(&what).copied().unwrap_or(0)
    }
}

fn befell(
    conn: &mut Conn,
    basis: Basis,
    ids: &[String],
    period: &str,
) -> Result<HashMap<String, Befell>, Error> {
    let mut told: HashMap<String, Befell> = HashMap::new();
    for (authority, what, times) in stored::occasions(conn, basis, ids, period)? {
        *told
            .entry(authority)
            .or_default()
            .0
            .entry(what)
            .or_default() += times;
    }
    Ok(told)
}

/// What befell reports at authorities: of government alone, the public register does not tell it.
///
/// # Errors
/// `Forbidden` for who may not.
pub async fn handling(
    context: &Context,
    actor: &Actor,
    span: Span,
) -> Result<Figure<Groups<Befell>>, Error> {
    let basis = basis(Some(actor))?;
    read(context, basis, move |conn| {
        groups(conn, basis, &span, |conn, ids| {
            befell(conn, basis, ids, &span.period)
        })
    })
    .await
}

/// A rule that hinders in many places.
#[derive(Debug)]
pub struct HotSpot {
    pub cell: CellRow,
    /// Reports of this month and the two before.
    pub lately: i64,
    /// Reports of the three months before these.
    pub before: i64,
    /// The regions with most reports, with their numbers.
    pub regions: Vec<(String, i64)>,
    /// Outcomes with their numbers of reports, most first.
    pub outcomes: Vec<(String, i64)>,
    /// Experiments that run and deviate from it.
    pub experiments: Vec<Experiment>,
}

/// Rules that hinder, and the words for them.
#[derive(Debug)]
pub struct HotSpots {
    pub spots: Vec<HotSpot>,
    pub labels: Labels,
}

/// The rules that hinder in most municipalities; one more than `limit` when there is a next page. `by` is the regulation or
/// the article.
///
/// # Errors
/// `Forbidden` for who may not.
pub async fn hot_spots(
    context: &Context,
    actor: Option<&Actor>,
    by: Dimension,
    language: Language,
    after: Option<(i64, String)>,
    limit: i64,
) -> Result<Figure<HotSpots>, Error> {
    let basis = basis(actor)?;
    let today = local_date(context.clock.now());
    read(context, basis, move |conn| {
        let rows = stored::widest(conn, basis, by, after.as_ref(), limit + 1)?;
        let values: Vec<String> = rows.iter().map(|row| row.value.clone()).collect();
        let of = (by, &values[..]);
        let (since, half) = (months_ago(today, 5), months_ago(today, 2));
        let months = stored::crossed(conn, basis, of, (Dimension::SubmittedMonth, &since))?;
        let mut regions = stored::regions(conn, basis, of, REGIONS)?;
        let outcomes = stored::crossed(conn, basis, of, (Dimension::Outcome, ""))?;
        let mut outcomes = most_first(outcomes);
        let running = experiments::running(conn, RUNNING)?;
        let in_months = |value: &str, from: &str, until: Option<&str>| -> i64 {
            months
                .iter()
                .filter(|cell| cell.value == value)
                .filter(|cell| {
                    let month = cell.across_value.as_str();
                    month >= from && until.is_none_or(|until| month < until)
                })
                .map(|cell| cell.reports)
                .sum()
        };
        let spots: Vec<HotSpot> = rows
            .into_iter()
            .map(|cell| HotSpot {
                lately: in_months(&cell.value, &half, None),
                before: in_months(&cell.value, &since, Some(&half)),
                regions: regions.remove(&cell.value).unwrap_or_default(),
                outcomes: outcomes.remove(&cell.value).unwrap_or_default(),
                experiments: running
                    .iter()
                    .filter(|one| deviates(one, by, &cell.value))
                    .cloned()
                    .collect(),
                cell,
            })
            .collect();
        let named = spots.iter().flat_map(|spot| {
            let regions = spot.regions.iter().map(|(region, _)| region.clone());
            let regions = regions.map(|region| (Dimension::Region, region));
            regions.chain([(by, spot.cell.value.clone())])
        });
        Ok(HotSpots {
            labels: Labels::load(conn, named.collect(), language)?,
            spots,
        })
    })
    .await
}

/// The month so many months ago, as a value.
fn months_ago(today: NaiveDate, months: u32) -> String {
    let first = today.with_day(1).unwrap_or(today);
    month(
        first
            .checked_sub_months(Months::new(months))
            .unwrap_or(first),
    )
}

/// Of each value, the values across with their numbers of reports, most first.
fn most_first(cells: Vec<stored::Crossed>) -> HashMap<String, Vec<(String, i64)>> {
    let mut told: HashMap<String, Vec<(String, i64)>> = HashMap::new();
    for cell in cells {
        let of_it = told.entry(cell.value).or_default();
        of_it.push((cell.across_value, cell.reports));
    }
    for of_it in told.values_mut() {
        of_it.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    }
    told
}

/// Whether an experiment deviates from a regulation or an article.
fn deviates(experiment: &Experiment, by: Dimension, value: &str) -> bool {
    experiment.plan.deviations.iter().any(|cited| {
        let citation = &cited.citation;
        match (&citation.identifier, &citation.article) {
            (Some(regulation), _) if by == Dimension::Regulation => regulation == value,
            (Some(regulation), Some(article)) => article_of(regulation, article) == value,
            _ => false,
        }
    })
}

/// How an authority does.
#[derive(Debug)]
pub struct Scorecard {
    pub authority: Authority,
    pub cell: Option<CellRow>,
    /// Statuses with their numbers of reports, most first.
    pub statuses: Vec<(String, i64)>,
    /// Outcomes with their numbers of reports, most first.
    pub outcomes: Vec<(String, i64)>,
    pub promises: Vec<(Step, Kept)>,
    pub lead_times: Vec<LeadTime>,
    /// Of government alone.
    pub befell: Option<Befell>,
}

/// How each authority does, in the order of their names; and where the next page goes on. A liaison gets the scorecard of its
/// own authority.
///
/// # Errors
/// `Forbidden` for who may not.
pub async fn scorecards(
    context: &Context,
    actor: Option<&Actor>,
    only: Option<OrganisationId>,
    (skip, limit): (usize, usize),
) -> Result<Figure<(Vec<Scorecard>, Option<usize>)>, Error> {
    let (basis, only) = match actor.map(|actor| (policy::figures(actor), actor.home.id)) {
        None => (Basis::Public, only),
        Some((Figures::All, _)) => (Basis::Government, only),
        Some((Figures::Own, home)) if only.is_none_or(|only| only == home) => {
            (Basis::Government, Some(home))
        }
        Some(_) => return Err(Error::Forbidden("not_allowed")),
    };
    let today = local_date(context.clock.now());
    read(context, basis, move |conn| {
        let (authorities, more) = page_of(conn, basis, only, (skip, limit))?;
        let ids: Vec<String> = authorities.iter().map(|one| one.id.to_string()).collect();
        let mut cells = stored::singles(conn, basis, Dimension::Authority, &ids)?;
        let across = |conn: &mut Conn, dimension| {
            stored::crossed(conn, basis, (Dimension::Authority, &ids), (dimension, ""))
                .map(most_first)
        };
        let mut statuses = across(conn, Dimension::Status)?;
        let mut outcomes = across(conn, Dimension::Outcome)?;
        let mut kept = promises_of(conn, basis, &ids, "", today)?;
        let mut lead_times = lead_times_of(conn, basis, &ids, "")?;
        let mut happened = match basis {
            Basis::Government => Some(befell(conn, basis, &ids, "")?),
            Basis::Public => None,
        };
        let cards = authorities.into_iter().map(|authority| {
            let id = authority.id.to_string();
            let at = cells.iter().position(|cell| cell.value == id);
            Scorecard {
                cell: at.map(|at| cells.swap_remove(at)),
                statuses: statuses.remove(&id).unwrap_or_default(),
                outcomes: outcomes.remove(&id).unwrap_or_default(),
                promises: kept.remove(&id).unwrap_or_default(),
                lead_times: lead_times.remove(&id).unwrap_or_default(),
                befell: happened
                    .as_mut()
                    .map(|happened| happened.remove(&id).unwrap_or_default()),
                authority,
            }
        });
        Ok((cards.collect(), more.then_some(skip + limit)))
    })
    .await
}
