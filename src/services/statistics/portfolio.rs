//! All experiments together: where they stand, what is late, what came of them.

use std::collections::BTreeMap;

use crate::domain::actor::Actor;
use crate::domain::counting::Basis;
use crate::domain::deadline::local_date;
use crate::domain::experiment::clocks::{Due, ExperimentClock};
use crate::domain::experiment::{DecisionKind, ExperimentStatus};
use crate::domain::legislation::{LegislativeFile, LegislativeStage};
use crate::services::statistics::{Figure, basis, read};
use crate::services::{Context, Error};
use crate::store::experiments;

/// All experiments together.
#[derive(Debug, Clone, Default)]
pub struct Portfolio {
    pub experiments: i64,
    pub statuses: BTreeMap<ExperimentStatus, i64>,
    /// Of which something that is due is over its day.
    pub late: i64,
    /// Whose evaluation is over its day.
    pub late_evaluations: i64,
    /// Whose evaluation was delivered, whatever it found.
    pub evaluated: i64,
    pub decisions: BTreeMap<DecisionKind, i64>,
    /// Whose rule was changed: the change was made known in an official publication.
    pub laws_changed: i64,
    /// Places in which experiments ran, each organisation once for each.
    pub participants: i64,
}

/// The portfolio of experiments: for everybody, those in the register.
///
/// # Errors
/// `Forbidden` for who may not.
pub async fn portfolio(
    context: &Context,
    actor: Option<&Actor>,
) -> Result<Figure<Portfolio>, Error> {
    let basis = basis(actor)?;
    let today = local_date(context.clock.now());
    read(context, basis, move |conn| {
        let mut told = Portfolio::default();
        for one in experiments::bare(conn, basis == Basis::Public)? {
            told.experiments += 1;
            *told.statuses.entry(one.status).or_default() += 1;
            let late = one.late(today);
            let evaluation = |due: &Due| due.clock == ExperimentClock::Evaluation;
            told.late += i64::from(!late.is_empty());
            told.late_evaluations += i64::from(late.iter().any(evaluation));
            told.evaluated += i64::from(one.course.evaluation.is_some());
            if let Some(decision) = &one.course.decision {
                *told.decisions.entry(decision.kind).or_default() += 1;
            }
            let published = |file: &LegislativeFile| file.stage >= LegislativeStage::Published;
            told.laws_changed += i64::from(one.course.legislation.as_ref().is_some_and(published));
            let took_part = one.participants.iter().filter(|one| one.from.is_some());
            told.participants += i64::try_from(took_part.count()).unwrap_or(0);
        }
        Ok(told)
    })
    .await
}
