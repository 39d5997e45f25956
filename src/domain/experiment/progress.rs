//! What was observed, and how far it is from where it began and from where it should be. Descriptive statistics alone: what
//! they say of a cause is for the evaluation.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Months, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::experiment::plan::{Direction, Indicator};
use crate::domain::experiment::{Experiment, Participant};
use crate::domain::id::{ExperimentId, IndicatorId, ObservationId, OrganisationId};

/// Whose value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observed {
    /// All participants together.
    All,
    Participant(OrganisationId),
    /// The comparison group.
    Comparison,
}

/// A value that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    pub id: ObservationId,
    pub experiment: ExperimentId,
    pub indicator: IndicatorId,
    pub of: Observed,
    pub observed_on: NaiveDate,
    pub value: f64,
    pub note: Option<String>,
    /// Organisation of who entered it.
    pub entered_by: OrganisationId,
    pub entered_at: DateTime<Utc>,
    /// The one that this corrects.
    pub corrects: Option<ObservationId>,
    /// The one that corrects this: it counts no longer, and stays to be read.
    pub corrected_by: Option<ObservationId>,
    /// Why it corrects.
    pub reason: Option<String>,
}

/// Progress of one indicator, for one participant, for the comparison group or for all (Dutch: voortgang). Descriptive
/// only: no significance is claimed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Number of observations that count (aantal waarnemingen).
    pub n: usize,
    /// Mean of these (gemiddelde).
    pub mean: Option<f64>,
    /// Lowest of these (laagste).
    pub lowest: Option<f64>,
    /// Highest of these (hoogste).
    pub highest: Option<f64>,
    /// The last one (laatste waarde).
    pub latest: Option<f64>,
    /// The day of the last one (laatst waargenomen op).
    pub latest_on: Option<NaiveDate>,
    /// Where it began (nulmeting).
    pub baseline: Option<f64>,
    /// Latest less baseline (verschil met de nulmeting).
    pub difference_to_baseline: Option<f64>,
    /// Latest less the latest of the comparison group (verschil met de vergelijkingsgroep).
    pub difference_to_comparison: Option<f64>,
    /// Share of the way from baseline to target, in hundredths; below 0 when it moved the other way (weg naar het doel).
    pub percent_to_target: Option<f64>,
    /// The latest is at the target or beyond it; null without a target or an observation (doel bereikt).
    pub target_reached: Option<bool>,
}

/// The figures of observations of one indicator, the earliest first.
pub fn figures(
    indicator: &Indicator,
    of: Observed,
    observations: &[&Observation],
    comparison: Option<f64>,
) -> Figures {
    let n = observations.len();
    let values = || observations.iter().map(|one| one.value);
    let last = observations
        .iter()
        .max_by_key(|one| (one.observed_on, one.id));
    let latest = last.map(|one| one.value);
    let baseline = match of {
        Observed::Participant(id) => indicator.baseline_of(Some(id)),
        Observed::All => indicator.baseline_of(None),
        // A group that nothing changed for has none of the plan's.
        Observed::Comparison => None,
    };
    let baseline = baseline.map(|one| one.value);
    let percent = match (latest, baseline, indicator.target) {
        (Some(latest), Some(from), Some(to)) if from != to && of != Observed::Comparison => {
            Some((latest - from) / (to - from) * 100.0)
        }
        _ => None,
    };
    Figures {
        n,
        #[expect(
            clippy::cast_precision_loss,
            reason = "far fewer than 2^52 observations"
        )]
        mean: (n > 0).then(|| values().sum::<f64>() / n as f64),
        lowest: values().reduce(f64::min),
        highest: values().reduce(f64::max),
        latest,
        latest_on: last.map(|one| one.observed_on),
        baseline,
        difference_to_baseline: latest.zip(baseline).map(|(now, then)| now - then),
        difference_to_comparison: latest
            .zip(comparison)
            .filter(|_| of != Observed::Comparison)
            .map(|(now, other)| now - other),
        percent_to_target: percent.map(|percent| (percent * 10.0).round() / 10.0),
        target_reached: latest.zip(indicator.target).map(|(now, target)| {
            match indicator.direction {
                Direction::Higher => now >= target,
                Direction::Lower => now <= target,
            }
        }),
    }
}

/// The rounds of an indicator, first and last day: in each every participant is to be observed once.
pub fn rounds(experiment: &Experiment, indicator: &Indicator) -> Vec<(NaiveDate, NaiveDate)> {
    let Some(start) = experiment.course.started_on else {
        return Vec::new();
    };
    let end = match (experiment.plan.ends_on, &experiment.course.stopped) {
        (_, Some(stopped)) => stopped.on,
        (Some(end), None) => end,
        (None, None) => return Vec::new(),
    };
    let Some(months) = indicator.frequency.months() else {
        return vec![(start, end)];
    };
    let mut found = Vec::new();
    let mut from = start;
    for round in 1.. {
        let Some(next) = start.checked_add_months(Months::new(months * round)) else {
            break;
        };
        let last = next.pred_opt().unwrap_or(next);
        // A round that the end cuts short is none.
        if last > end {
            break;
        }
        found.push((from, last));
        from = next;
    }
    found
}

/// A round in which a participant was not observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub indicator: IndicatorId,
    pub participant: OrganisationId,
    pub from: NaiveDate,
    /// Last day of the round.
    pub to: NaiveDate,
}

/// What should have been observed and was not, in rounds that are over.
pub fn missing(
    experiment: &Experiment,
    observations: &[Observation],
    today: NaiveDate,
) -> Vec<Missing> {
    unobserved(experiment, observations, |_, to| to < today)
}

/// What is still to be observed in rounds that run.
pub fn expected(
    experiment: &Experiment,
    observations: &[Observation],
    today: NaiveDate,
) -> Vec<Missing> {
    unobserved(experiment, observations, |from, to| {
        from <= today && today <= to
    })
}

/// What was not observed in the rounds that are asked for: of each participant that takes part in the whole of one.
pub fn unobserved(
    experiment: &Experiment,
    observations: &[Observation],
    asked: impl Fn(NaiveDate, NaiveDate) -> bool,
) -> Vec<Missing> {
    let there: BTreeSet<(IndicatorId, OrganisationId, NaiveDate)> = observations
        .iter()
        .filter(|one| one.corrected_by.is_none())
        .filter_map(|one| match one.of {
            Observed::Participant(id) => Some((one.indicator, id, one.observed_on)),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    for indicator in &experiment.plan.indicators {
        let rounds = rounds(experiment, indicator);
        for (from, to) in rounds.into_iter().filter(|(from, to)| asked(*from, *to)) {
            let whole = |one: &&Participant| one.takes_part_on(from) && one.takes_part_on(to);
            for participant in experiment.participants.iter().filter(whole) {
                let key = |day| (indicator.id, participant.organisation, day);
                if there.range(key(from)..=key(to)).next().is_none() {
                    found.push(Missing {
                        indicator: indicator.id,
                        participant: participant.organisation,
                        from,
                        to,
                    });
                }
            }
        }
    }
    found.sort_by_key(|one| (one.to, one.participant, one.indicator));
    found
}

/// The figures of each indicator: of what was observed of all together, of each participant that was admitted, and of the
/// comparison group when there is one.
pub fn of_all(
    experiment: &Experiment,
    observations: &[Observation],
) -> Vec<(IndicatorId, Vec<(Observed, Figures)>)> {
    let mut by: BTreeMap<(IndicatorId, Observed), Vec<&Observation>> = BTreeMap::new();
    for one in observations.iter().filter(|one| one.corrected_by.is_none()) {
        by.entry((one.indicator, one.of)).or_default().push(one);
    }
    let none = Vec::new();
    let indicators = experiment.plan.indicators.iter().map(|indicator| {
        let of = |of| by.get(&(indicator.id, of)).unwrap_or(&none);
        let compared = of(Observed::Comparison);
        let last = compared.iter().max_by_key(|one| (one.observed_on, one.id));
        let comparison = last.map(|one| one.value);
        let mut rows = vec![(
            Observed::All,
            figures(indicator, Observed::All, of(Observed::All), comparison),
        )];
        for participant in &experiment.participants {
            let whose = Observed::Participant(participant.organisation);
            if participant.from.is_some() {
                rows.push((whose, figures(indicator, whose, of(whose), comparison)));
            }
        }
        if experiment.plan.comparison_group.is_some() {
            rows.push((
                Observed::Comparison,
                figures(indicator, Observed::Comparison, compared, None),
            ));
        }
        (indicator.id, rows)
    });
    indicators.collect()
}
