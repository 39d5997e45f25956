//! docs/statistics.md: what figures are of, with what may be crossed as `domain::counting::dimension` has it.

use std::fmt::Write;

use crate::domain::actor::Language;
use crate::domain::code::Code;
use crate::domain::counting::dimension::Dimension;
use crate::domain::counting::steps::Step;

pub fn markdown() -> String {
    let mut text = String::from(BEGIN);
    for by in Dimension::ALL {
        let not: Vec<String> = Dimension::ALL
            .iter()
            .filter(|across| *across != by && !by.crosses(**across))
            .map(|across| format!("`{across}`"))
            .collect();
        let organisations = if by.is_fine() {
            "alone"
        } else {
            "alone and crossed"
        };
        let _ = writeln!(
            text,
            "| `{by}` | {} | {} | {organisations} |",
            by.label(Language::Nl),
            if not.is_empty() {
                "—".to_owned()
            } else {
                not.join(", ")
            }
        );
    }
    text.push_str(STEPS);
    for step in Step::ALL {
        let promised = if step.is_promised() { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| `{step}` | {} | {promised} |",
            step.label(Language::Nl)
        );
    }
    text.push_str(END);
    text
}

const BEGIN: &str = "# Figures\n\n\
What dashboards draw: `/v1/statistics/…` for the desk and the analysts of BZK and the ministries (scope `statistics`; a liaison reads the scorecard of its own authority),\n\
`/v1/public/statistics/…` for everybody. Each is JSON, or with `Accept: text/csv` a sheet; the OpenAPI document defines each figure. The lists on this page are those of\n\
`src/domain/counting/`; `meldpunt documents` makes it of them, and a test compares.\n\n\
## Two bases\n\n\
| basis | reports | not told |\n| --- | --- | --- |\n\
| `government` | all that were sent in and are not confidential | — |\n\
| `public` | those whose publication to everybody stands | who reported or endorsed, what happened within government (returns, reroutes, the desk's times) |\n\n\
They are two sets of sums, never one filtered: a public figure is made of what the register shows, so that no subtraction tells of another report. Do not put the two together.\n\n\
## What is counted\n\n\
A report counts once in the total and once with each of its values of a dimension. One that was merged counts as a report of its own, with the status `merged`.\n\
*Organisations* are those that reported, *endorsers* those that endorsed or had theirs merged into it, *backers* both together: each once in a figure, whatever it did.\n\
*Municipalities* are those that are hit and those that endorsed, each once.\n\n\
| `by`, `across` | Dutch | not crossed with | organisations are told apart |\n| --- | --- | --- | --- |\n";

const STEPS: &str = "\nWhere one of two that are crossed says *alone*, reports are counted and organisations are null. Days, weeks and months are those of Europe/Amsterdam.\n\n\
## Times and promises\n\n\
Whole calendar days; days on which the clock stood still, since the reporter was asked something, are told apart. A step counts when it was taken, with the authority that led when its clock\n\
began: what was withdrawn, merged or taken away before is no step. Medians and percentiles come from a histogram that can be added up and taken back\n\
(HdrHistogram, two significant digits): exact up to 255 days, beyond that at most 1 % too low. A promise is kept when its step was taken on or before the day it was due; one that\n\
runs and is over its day counts as not kept. The light is green from 75 %, as SOLVIT has it, and amber from 50 %.\n\n\
| step | Dutch | promised |\n| --- | --- | --- |\n";

const END: &str = "\n## Where they come from\n\n\
| table | sums of |\n| --- | --- |\n\
| `counts` | reports by a dimension or by two, with how many different organisations and municipalities |\n\
| `count_standings` | who these are, so that nobody is counted twice |\n\
| `count_lengths` | steps by how long they took and stood still, by authority, month and year |\n\
| `count_promises` | promises that run, by authority and the day, month and year in which they are due |\n\
| `count_occasions` | what befell reports, by authority, month and year |\n\
| `report_counts` | as what each report is counted in these |\n\
| `uncounted_reports` | reports that changed since |\n\n\
A change notes its report in `uncounted_reports` in its own transaction. A worker counts what is noted: it takes out of the sums as what the report was counted, and puts in as what it counts now.\n\
Whoever asks for a figure first has what is left counted, so that a figure holds everything that was answered before it was asked for; `uncounted` is above 0 only where that would take too long.\n\
The sums are not changed in the transaction of the change itself because all changes would then wait for the few rows that they have in common.\n\n\
`meldpunt doctor` counts every report anew and compares; `meldpunt recount` throws the sums away and makes them anew, also after an upgrade during which an older version still took changes.\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        assert!(
            include_str!("../../../docs/statistics.md") == markdown(),
            "run `meldpunt documents`"
        );
    }
}
