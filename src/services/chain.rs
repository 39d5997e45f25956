//! What led to what: reports, the experiments that came from them, the decision, the publication.

use crate::domain::actor::Actor;
use crate::domain::experiment::Experiment;
use crate::domain::id::{ExperimentId, ReportId};
use crate::domain::measure::MeasureRecord;
use crate::domain::policy::{self, View};
use crate::domain::report::Report;
use crate::services::{Error, experiments as register};
use crate::store::db::Conn;
use crate::store::{experiments, measures, reports};

/// Reports and experiments that hang together, as far as the reader sees them; each the earliest first.
#[derive(Debug)]
pub struct Chain {
    pub reports: Vec<(Report, View)>,
    pub experiments: Vec<Experiment>,
    /// The other measures of reports that the reader sees whole.
    pub measures: Vec<MeasureRecord>,
}

/// What came of a report: with the one that it joined or those that joined it, and the other reports of its experiments. Nine
/// statements, whatever there is.
///
/// # Errors
/// `NotFound` when the report is not there for the actor.
pub fn of_report(conn: &mut Conn, actor: &Actor, id: ReportId) -> Result<Chain, Error> {
    let report = reports::find(conn, id)?
        .filter(|report| policy::view(actor, report).is_some())
        .ok_or(Error::NotFound)?;
    let root = report.merged_into.unwrap_or(report.id);
    let mut family = reports::joined_to(conn, root)?;
    if !family.iter().any(|one| one.id == report.id) {
        family.push(report);
    }
    let mut ids: Vec<ReportId> = family.iter().map(|one| one.id).collect();
    ids.push(root);
    let mut found = experiments::of_reports(conn, &ids)?;
    found.retain(|experiment| policy::sees_experiment(actor, experiment));
    complete(conn, actor, family, vec![root], found)
}

/// What an experiment came from, and what came of it. Six statements, whatever there is.
///
/// # Errors
/// `NotFound` when the experiment is not there for the actor.
pub fn of_experiment(conn: &mut Conn, actor: &Actor, id: ExperimentId) -> Result<Chain, Error> {
    let experiment = register::find(conn, actor, id)?;
    complete(conn, actor, Vec::new(), Vec::new(), vec![experiment])
}

/// With the reports that are wanted or that an experiment came from and that are not there yet, and what joined those.
fn complete(
    conn: &mut Conn,
    actor: &Actor,
    mut known: Vec<Report>,
    mut wanted: Vec<ReportId>,
    experiments: Vec<Experiment>,
) -> Result<Chain, Error> {
    wanted.extend(
        experiments
            .iter()
            .flat_map(|one| one.reports.iter().copied()),
    );
    wanted.retain(|id| !known.iter().any(|one| one.id == *id));
    wanted.sort_unstable();
    wanted.dedup();
    known.extend(reports::by_ids(conn, &wanted)?);
    let joined = reports::joined_to_any(conn, &wanted)?;
    let new = |one: &Report| !known.iter().any(|there| there.id == one.id);
    let joined: Vec<Report> = joined.into_iter().filter(new).collect();
    known.extend(joined);
    known.sort_by_key(|report| (report.submitted_at, report.id));
    let seen = known
        .into_iter()
        .filter_map(|report| policy::view(actor, &report).map(|view| (report, view)));
    let reports: Vec<(Report, View)> = seen.collect();
    let whole = reports.iter().filter(|(_, view)| view.is_full());
    let whole: Vec<ReportId> = whole.map(|(report, _)| report.id).collect();
    let measures = measures::of_reports(conn, &whole)?;
    Ok(Chain {
        reports,
        experiments,
        measures,
    })
}
