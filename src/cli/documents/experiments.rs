//! docs/experiments.md: how an experiment goes, with the table of its actions from `domain::experiment::stage`.

use std::fmt::Write;

use crate::domain::actor::Language;
use crate::domain::code::Code;
use crate::domain::experiment::ExperimentStatus;
use crate::domain::experiment::stage::{ExperimentField, ROWS, Row};
use crate::domain::measure::MeasureAction;

pub fn markdown() -> String {
    let mut text = String::from(
        "# Experiments and measures\n\n\
         What comes of a position: an experiment that shows whether a rule can do without, or a measure that takes the obstacle away at once.\n\n\
         The actions below are those of `src/domain/experiment/stage.rs`; `meldpunt documents` makes this page of them, and a test compares. \
         `GET /v1/experiments/{id}` has `nextSteps`: what the caller may do now, and in words what that still takes.\n\n\
         ## Statuses\n\n| status | Dutch |\n| --- | --- |\n",
    );
    for status in ExperimentStatus::ALL {
        let _ = writeln!(text, "| `{status}` | {} |", status.label(Language::Nl));
    }
    text.push_str(
        "\n## Actions\n\n*By*: `proposer` is whoever is of the organisation that proposed it, `authority` a liaison of the authority that owns \
         the rule. *Needs* are properties of the request body; those in brackets may be given.\n\n\
         | action | from | to | by | needs |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in ROWS {
        let to = row
            .to
            .map_or_else(|| "stays".to_owned(), |to| to.to_string());
        let _ = writeln!(
            text,
            "| `{}` | {} | {to} | {} | {} |",
            row.action,
            codes(row.from),
            codes(row.by),
            needs(row)
        );
    }
    text.push_str(REST);
    let actions = codes(MeasureAction::ALL);
    let _ = writeln!(text, "\nActions of a measure: {actions}.");
    text
}

fn codes<C: Code>(codes: &[C]) -> String {
    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    codes.join(", ")
}

fn needs(row: &Row) -> String {
    let optional = row
        .optional
        .iter()
        .map(|field: &ExperimentField| format!("[{field}]"));
    let required = row.required.iter().map(ToString::to_string);
    let all: Vec<String> = required.chain(optional).collect();
    if all.is_empty() {
        "—".to_owned()
    } else {
        all.join(", ")
    }
}

const REST: &str = "
## The plan

- A proposal takes a title, a report and what would be tried. Everything else is asked for by the step that needs it.
- The legal basis is a clause **and** an instrument under it, with where that was made known. Deviating from an act takes at least an order in council (Aanwijzingen voor de
  regelgeving, 2.41). The end lies within the longest duration that the clause has, counted from the first day; extending it is an action, as far as the clause allows.
- The start freezes the plan as version 1. Each later change is a version with who, when, why and what differs (`/plan-versions`); earlier versions stay readable.
- Until the legal check the proposer and the desk plan, from then on the authority and the desk.

## What is due

| what | when |
| --- | --- |
| evaluation | nine months before the end (after Aanwijzing 2.42), not before half of the time |
| round of observations | the last day of each month, quarter, half year or year since the start, as the indicator has it |
| milestone | its day |
| end | the last day of the plan |
| results of what was stopped | 26 weeks after it |

Counted backwards from an end, these days never shift to a working day. Four weeks before (a round: one week) the authority, or who is to observe, is told once, and once it is over again, then
with the coordinators. `GET /v1/experiments?late=true` lists what is late, and `/v1/public/experiments?late=true` does so for everybody, without a token.

## Observations

One value for an indicator, a day and whom it is of: a participant, all together, the comparison group. They are entered together or not at all (`/observations`, or a sheet at
`/observation-sheets`); a correction is a new one that keeps the old. `/progress` sets them against baseline, target and comparison group, and names what is expected and what is missing.
The figures are descriptive: n, mean, lowest, highest, latest and differences; none of them claims significance.

## At the reports

Each step that everybody hears of stands in the timeline of every report that led to it. With the start the implementation begins at the reports on which the same authority took its position; the
experiment is their measure, under its own id. Who joins brings its own report. Reporters, those whose reports were merged in, endorsers and participants are mailed once at each step.
Once it is decided and, for a change of the law, published, `settlement` offers whoever settles the outcome that fits and the reports with their versions, to be sent to `/v1/bulk-transitions`.
`/chain`, of a report or of an experiment, shows reports, experiments, measures, decision and publications in one call.

`/page` is the whole of it to read or print, in Dutch or English, with a chart of each indicator; `/indicators/{id}/chart` is the chart alone, as SVG.

## Measures

An amendment, a changed practice, an exemption or something else (`/v1/measures`): an owner, a target date, and how far it is at least every 26 weeks. One measure may serve up to a hundred
reports; what is told of it is told at each of them. It is done when an amendment was made known, an exemption has the reference of its decision, or something can be seen of the others; then
it offers to settle its reports together, as an experiment does. A measure that `start_implementation` begins with is in the register as well.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_current() {
        assert!(
            include_str!("../../../docs/experiments.md") == markdown(),
            "make it anew: cargo run -q -- documents"
        );
    }
}
