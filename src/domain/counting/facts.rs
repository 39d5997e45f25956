//! As what a report counts: everything that figures take from it, for each basis by itself.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::counting::Basis;
use crate::domain::counting::dimension::Dimension;
use crate::domain::counting::steps::{Course, Step, course};
use crate::domain::deadline::local_date;
use crate::domain::event::Event;
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::domain::policy;
use crate::domain::report::{Confidentiality, Report};
use crate::domain::status::Status;

/// As what a report counts on one basis.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub values: Vec<(Dimension, String)>,
    /// Whose report it is; none where that is not told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reporter: Option<OrganisationId>,
    /// Who stands behind it beside the reporter, each once.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub endorsers: Vec<OrganisationId>,
    /// CBS codes of the municipalities that it hits, each once.
    pub municipalities: Vec<String>,
    pub course: Course,
}

/// As what a report counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// None when it is confidential, or was not sent in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub government: Option<Counted>,
    /// None while it is not published.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub public: Option<Counted>,
}

/// The organisations that a report names, by id.
pub type Named = HashMap<OrganisationId, Organisation>;

impl Facts {
    /// Reads from a report and its timeline, oldest first, as what it counts.
    pub fn of(report: &Report, timeline: &[Event], named: &Named) -> Self {
        let counts = report.status != Status::Draft
            && report.submitted_at.is_some()
            && report.confidentiality != Confidentiality::Confidential;
        if !counts {
            return Self::default();
        }
        let course = course(report, timeline);
        let public = policy::is_public(report).then(|| public(report, &course));
        Self {
            government: Some(government(report, course, named)),
            public,
        }
    }

    pub fn on(&self, basis: Basis) -> Option<&Counted> {
        match basis {
            Basis::Government => self.government.as_ref(),
            Basis::Public => self.public.as_ref(),
        }
    }
}

fn government(report: &Report, course: Course, named: &Named) -> Counted {
    let mut values = values(report);
    if let Some(reporter) = named.get(&report.submitter) {
        values.push((Dimension::ReporterKind, reporter.kind.to_string()));
    }
    let endorsers = report.handling.sharing.behind(report.submitter);
    // Who has the obstacle too is hit by it too.
    let endorsing = endorsers
        .iter()
        .filter_map(|id| named.get(id)?.municipality_code.clone());
    let mut municipalities = report.content.municipalities.clone();
    municipalities.extend(endorsing);
    Counted {
        values: distinct(values),
        reporter: Some(report.submitter),
        endorsers,
        municipalities: distinct(municipalities),
        course,
    }
}

/// What the public register shows: not who the reporter is or who stands behind it, and not what happened within government.
fn public(report: &Report, course: &Course) -> Counted {
    use Step::*;
    let shown = |step: Step| matches!(step, Position | Implementation | Settlement);
    Counted {
        values: distinct(values(report)),
        reporter: None,
        endorsers: Vec::new(),
        municipalities: distinct(report.content.municipalities.clone()),
        course: Course {
            taken: course
                .taken
                .iter()
                .filter(|taken| shown(taken.step))
                .cloned()
                .collect(),
            running: course
                .running
                .iter()
                .filter(|running| shown(running.step))
                .cloned()
                .collect(),
            befell: Vec::new(),
        },
    }
}

fn distinct<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all.dedup();
    all
}

fn values(report: &Report) -> Vec<(Dimension, String)> {
    use Dimension::*;
    let mut values = vec![
        (Status, report.status.to_string()),
        (Phase, report.phase().to_string()),
    ];
    if let Some(settlement) = &report.handling.settlement {
        values.push((Outcome, settlement.outcome.to_string()));
    }
    if let Some(lead) = report.lead {
        values.push((Authority, lead.to_string()));
    }
    let content = &report.content;
    let with = |dimension: Dimension, of: &[String]| {
        let of = of.to_vec();
        of.into_iter().map(move |value| (dimension, value))
    };
    values.extend(with(Domain, &content.domains));
    values.extend(with(Region, &content.regions));
    values.extend(with(Province, &content.provinces));
    for cited in &content.citations {
        if let Some(regulation) = &cited.citation.identifier {
            values.push((Regulation, regulation.clone()));
            if let Some(article) = &cited.citation.article {
                values.push((Article, article_of(regulation, article)));
            }
        }
    }
    if let Some(at) = report.submitted_at {
        let day = local_date(at);
        values.push((SubmittedDay, day.to_string()));
        values.push((SubmittedWeek, week(day)));
        values.push((SubmittedMonth, month(day)));
        values.push((SubmittedYear, day.year().to_string()));
    }
    if let Some(at) = report
        .settled_at
        .filter(|_| report.handling.settlement.is_some())
    {
        let day = local_date(at);
        values.push((SettledMonth, month(day)));
        values.push((SettledYear, day.year().to_string()));
    }
    values
}

/// An article as a value: `BWBR0003420/153`.
pub fn article_of(regulation: &str, article: &str) -> String {
    format!("{regulation}/{article}")
}

/// The regulation and the article of such a value. A version of a by-law has a stroke in it as well.
pub fn parts_of(article: &str) -> (&str, &str) {
    article.rsplit_once('/').unwrap_or((article, ""))
}

/// A month as a value: `2026-11`.
pub fn month(day: NaiveDate) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// An ISO week as a value: `2026-W48`.
pub fn week(day: NaiveDate) -> String {
    let week = day.iso_week();
    format!("{:04}-W{:02}", week.year(), week.week())
}
