//! Settling reports together: what an experiment or a measure that is done offers to whoever may settle.

use crate::domain::actor::Actor;
use crate::domain::report::{Outcome, Report, ReportRef};
use crate::domain::settles_as::SettlesAs;
use crate::domain::status::Action;
use crate::domain::workflow;

/// What would settle reports together.
#[derive(Debug, Clone)]
pub struct Offer {
    pub fits: SettlesAs,
    pub reports: Vec<Settleable>,
}

/// A report that the reader may settle.
#[derive(Debug, Clone)]
pub struct Settleable {
    pub report: ReportRef,
    pub version: i32,
    /// Its position intended another outcome, so that a reason is needed.
    pub deviates: bool,
}

/// The offer to somebody; none when nothing fits yet or nothing is left to settle.
pub fn offer<'a>(
    actor: &Actor,
    fits: Option<SettlesAs>,
    reports: impl Iterator<Item = &'a Report>,
) -> Option<Offer> {
    let fits = fits?;
    let intended = |report: &Report| -> Option<Outcome> {
        report.handling.position.as_ref().map(|one| one.outcome)
    };
    let reports: Vec<Settleable> = reports
        .filter(|report| workflow::find(actor, report, Action::Settle).is_ok())
        .map(|report| Settleable {
            report: ReportRef::from(report),
            version: report.version,
            deviates: intended(report).is_some_and(|intended| intended != fits.outcome),
        })
        .collect();
    (!reports.is_empty()).then_some(Offer { fits, reports })
}
