//! How well routing does on reports whose right authority is known: each is routed as a submission would be, and nothing is
//! stored.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::citation::CitationInput;
use crate::domain::id::OrganisationId;
use crate::domain::report::Content;
use crate::domain::routing::{Decision, Routing};
use crate::services::reports::content::{self, Changes, CitationEntry};
use crate::services::{Context, Error, routing};
use crate::store::db::Conn;

/// A report whose right authority is known.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub changes: Changes,
    /// Whose report it is; none where that is not known here.
    pub submitter: Option<OrganisationId>,
    /// The right lead; none where no ministry owns the rule.
    pub lead: Option<OrganisationId>,
    pub contributors: Vec<OrganisationId>,
}

/// What was made of a report.
#[derive(Debug, Clone)]
pub struct Judged {
    pub id: String,
    pub expected: Option<OrganisationId>,
    pub decision: Decision,
    pub lead: Option<OrganisationId>,
    /// The lead, or the first suggestions.
    pub top: Vec<OrganisationId>,
}

/// The figures. Where no ministry owns the rule, left to the desk is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    pub reports: usize,
    /// The lead that was given, or the first suggestion, is the right one.
    pub lead_right: usize,
    /// Routed by a rule, rightly.
    pub auto_right: usize,
    /// Routed by a rule, to the wrong authority.
    pub auto_wrong: usize,
    /// Left to the desk.
    pub abstained: usize,
    /// The right lead is the one that was given, or among the first three suggestions.
    pub lead_in_top3: usize,
    /// Of the contributors that were added by rules, the part that is right; 1 when none was added.
    pub contributor_precision: f64,
    /// Of the contributors that are right, the part that was added; 1 when none is.
    pub contributor_recall: f64,
    /// How long routing a report took, its statements included; on average.
    #[serde(skip)]
    pub took: Duration,
}

/// How many suggestions a person looks at.
const TOP: usize = 3;

/// Routes the cases and counts.
///
/// # Errors
/// When the database fails, or a case cannot be read as a report.
pub fn evaluate(
    conn: &mut Conn,
    context: &Context,
    cases: &[Case],
    today: NaiveDate,
) -> Result<(Figures, Vec<Judged>), Error> {
    let mut figures = Figures::default();
    let mut judged = Vec::new();
    let (mut added, mut right, mut wanted) = (0, 0, 0);
    for case in cases {
        let content = content::apply(conn, &Content::default(), &case.changes, today)?;
        let submitter = case.submitter.unwrap_or_else(OrganisationId::new);
        let begun = Instant::now();
        let routing = routing::evaluate(conn, context, &content, submitter, today)?;
        figures.took += begun.elapsed();
        let one = judge(case, &routing);
        count(&mut figures, &one);
        added += routing.contributors.len();
        wanted += case.contributors.len();
        let of_case = |id: &&OrganisationId| case.contributors.contains(id);
        right += routing.contributors.iter().filter(of_case).count();
        judged.push(one);
    }
    let part = |of: usize| {
        if of == 0 {
            1.0
        } else {
            right as f64 / of as f64
        }
    };
    let count = u32::try_from(cases.len()).unwrap_or(u32::MAX);
    figures.took /= count.max(1);
    figures.contributor_precision = part(added);
    figures.contributor_recall = part(wanted);
    Ok((figures, judged))
}

fn judge(case: &Case, routing: &Routing) -> Judged {
    let suggested = routing.suggestions.iter().map(|one| one.authority);
    Judged {
        id: case.id.clone(),
        expected: case.lead,
        decision: routing.decision,
        lead: routing.lead,
        top: routing
            .lead
            .into_iter()
            .chain(suggested)
            .take(TOP)
            .collect(),
    }
}

fn count(figures: &mut Figures, one: &Judged) {
    let automatic = one.lead.is_some();
    let right = match one.expected {
        Some(lead) => one.lead == Some(lead),
        None => false,
    };
    let first = match one.expected {
        Some(lead) => one.top.first() == Some(&lead),
        None => !automatic,
    };
    let among = match one.expected {
        Some(lead) => one.top.contains(&lead),
        None => !automatic,
    };
    figures.reports += 1;
    figures.lead_right += usize::from(first);
    figures.auto_right += usize::from(automatic && right);
    figures.auto_wrong += usize::from(automatic && !right);
    figures.abstained += usize::from(!automatic);
    figures.lead_in_top3 += usize::from(among);
}

/// A citation as a case has it.
pub fn cited(identifier: String, article: Option<String>, primary: bool) -> CitationEntry {
    CitationEntry {
        citation: CitationInput {
            citation: identifier,
            article,
            ..CitationInput::default()
        },
        primary: Some(primary),
    }
}
